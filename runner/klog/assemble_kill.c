// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the last part of a report: who was chosen, who died, how it ended. */
#include "klog/assemble.h"

#include "base/util.h"

struct open *on_selected(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
	o = assembly_at_most(a, p, number, STAGE_TABLE, o && o->r->has_selected);
	struct oom_report *r = o->r;
	o->stage = STAGE_SELECTED;
	r->has_selected = true;
	r->constraint = l->constraint;
	assembly_set(&r->nodemask, l->nodemask);
	assembly_set(&r->cpuset, l->cpuset);
	assembly_set(&r->mems_allowed, l->mems_allowed);
	if (text_len(l->a)) {
		free(TAKE_PTR(r->oom_memcg));
		assembly_set(&r->oom_memcg, l->a);
		r->memcg = true;
	}
	if (text_len(l->b)) {
		free(TAKE_PTR(r->task_memcg));
		assembly_set(&r->task_memcg, l->b);
	}
	r->global |= l->global;
	r->selected_scope = text_len(l->a) ? OOM_SCOPE_MEMCG : l->global ? OOM_SCOPE_GLOBAL : OOM_SCOPE_UNSAID;
	r->selected.pid = l->kill.pid;
	r->selected.uid = l->kill.uid;
	memcpy(r->selected.comm, l->kill.comm, OOM_COMM);
	if (l->cut)
		oom_report_problem(r, "the oom-kill line is cut");
	return o;
}

struct open *on_choice(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = assembly_at_most(a, p, number, STAGE_SELECTED, false);
	o->stage = STAGE_CHOICE;
	o->r->choice = (struct oom_choice){ .present = true,
					    .pid = l->kill.pid,
					    .uid = l->kill.uid,
					    .score = l->kill.score,
					    .prefix = l->kill.prefix };
	memcpy(o->r->choice.comm, l->kill.comm, OOM_COMM);
	o->r->memcg |= l->kill.prefix == OOM_PREFIX_MEMCG;
	o->r->global |= l->kill.prefix == OOM_PREFIX_GLOBAL || l->kill.prefix == OOM_PREFIX_ALLOCATING_TASK;
	return o;
}

/* May a further kill be of the same report? A group's are at once; see split() for what is undone later. */
static bool same_event(const struct open *o, const struct prefix *p, const struct oom_kill *k)
{
	const struct oom_report *r = o->r;
	if (!r->n_kills)
		return true;
	if (r->no_killable || r->panic || k->prefix != r->kills[0].prefix || r->n_kills >= OOM_MAX_KILLS)
		return false;
	if (p->usec != OOM_UNKNOWN && o->usec != OOM_UNKNOWN &&
	    (p->usec - o->usec > 1000000 || p->usec < o->usec - 1000000))
		return false;
	if (r->group_memcg)
		return true;
	/* before the group's line: the first victim again, or anybody if the log may be out of order */
	return r->kills[0].prefix != OOM_PREFIX_NONE || !r->choice.present;
}

struct open *on_killed(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	if (p->echo && a->spoke)
		return NULL;
	a->spoke |= !p->echo;
	struct open *o = assembly_current(a, p->context);
	if (o && o->r->n_kills) {
		for (size_t i = 0; i < o->r->n_kills && p->usec != OOM_UNKNOWN && i < 256; i++)
			if (o->r->kills[i].pid == l->kill.pid && o->r->kills[i].usec == p->usec &&
			    o->r->kills[i].seq == p->seq && /* a record has a number: a coarse clock repeats */
			    o->r->kills[i].total_vm_kb == l->kill.total_vm_kb) {
				oom_report_problem(o->r, "line %llu is repeated",
						   (unsigned long long)o->r->kills[i].line);
				return o;
			}
	}
	if (o && !same_event(o, p, &l->kill)) {
		assembly_finish(a, o);
		o = NULL;
	}
	if (!o)
		o = assembly_begin(a, p, number, true);
	o->strong = true;
	o->stage = STAGE_KILLED;
	struct oom_kill *k = oom_report_add_kill(o->r);
	if (!k)
		return o;
	*k = l->kill;
	k->line = number;
	k->seq = p->seq;
	k->usec = p->usec;
	if (k->score == OOM_UNKNOWN && o->r->choice.present && o->r->n_kills == 1)
		k->score = o->r->choice.score;
	o->r->memcg |= k->prefix == OOM_PREFIX_MEMCG;
	o->r->global |= k->prefix == OOM_PREFIX_GLOBAL || k->prefix == OOM_PREFIX_ALLOCATING_TASK;
	return o;
}

struct open *on_reaped(struct assembly *a, const struct prefix *p, const struct line *l)
{
	struct open *o = assembly_by_killed_pid(a, l->n[0]);
	if (!o) {
		o = assembly_current(a, 0);
		(void)p;
		if (!o || o->r->n_kills || o->stage < STAGE_TABLE || !oom_report_row(o->r, l->n[0]))
			return NULL;
	}
	struct oom_report *r = o->r;
	if (r->n_reaps >= OOM_MAX_KILLS)
		return o;
	if ((r->n_reaps & (r->n_reaps - 1)) == 0)
		r->reaps = xrealloc(r->reaps, r->n_reaps ? r->n_reaps * 2 : 1, sizeof(*r->reaps));
	struct oom_reap *reap = &r->reaps[r->n_reaps++];
	*reap = (struct oom_reap){ .pid = l->n[0], .anon_rss_kb = l->n[1], .file_rss_kb = l->n[2],
				   .shmem_rss_kb = l->n[3], .unable = l->n[1] == OOM_UNKNOWN };
	text_copy(l->a, reap->comm, OOM_COMM);
	return o;
}

struct open *on_end(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
	switch (l->kind) {
	case LINE_SHARING:
		if (!o || !o->r->n_kills || o->r->n_sharing >= OOM_MAX_KILLS)
			return NULL;
		if ((o->r->n_sharing & (o->r->n_sharing - 1)) == 0)
			o->r->sharing = xrealloc(o->r->sharing, o->r->n_sharing ? o->r->n_sharing * 2 : 1,
						 sizeof(*o->r->sharing));
		o->r->sharing[o->r->n_sharing++] = l->n[0];
		return o;
	case LINE_GROUP:
		if (!o)
			o = assembly_begin(a, p, number, true);
		o->strong = true;
		assembly_set(&o->r->group_memcg, l->a);
		return o;
	case LINE_EXITING:
		if (!o)
			o = assembly_begin(a, p, number, true);
		o->strong = true;
		o->r->exiting_pid = l->n[0];
		return o;
	case LINE_PINNED:
		if (o)
			o->r->pinned_pid = l->n[0];
		return o;
	case LINE_NO_KILLABLE:
		if (o && (o->r->n_kills || o->r->no_killable)) {
			assembly_finish(a, o);
			o = NULL;
		}
		if (!o)
			o = assembly_begin(a, p, number, true);
		o->strong = o->r->no_killable = true;
		o->stage = STAGE_KILLED;
		return o;
	default:	/* LINE_PANIC */
		if (!text_starts(l->a, "Out of memory") && !text_starts(l->a, "out of memory") &&
		    !text_find(l->a, "deadlocked on memory"))
			return NULL;
		if (o && (o->r->n_kills || o->r->panic)) {
			assembly_finish(a, o);
			o = NULL;
		}
		if (!o)
			o = assembly_begin(a, p, number, true);
		o->strong = true;
		assembly_set(&o->r->panic, l->a);
		if (text_find(l->a, "no killable"))
			o->r->no_killable = true;
		o->stage = STAGE_KILLED;
		return o;
	}
}
