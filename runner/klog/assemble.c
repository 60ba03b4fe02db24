// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/assemble.h"

#include "base/util.h"

#define MAX_PATH 4096

/* A report that got no line for so long is over: lines of the log, and microseconds of the kernel's clock. A reaper's line
 * comes 2 s late (OOM_REAPER_DELAY), a stuck victim's 1 s after that. */
#define IDLE_LINES 4000
#define IDLE_USEC 10000000

/* Kills that were kept with a report in case a "memory.oom.group" line would come: it did not, so each is the kill of a
 * report of its own that was suppressed or lost. Returns how many kills stay with the report. */
static size_t own_kills(const struct oom_report *r, size_t first)
{
	size_t end = first + 1;
	if (r->group_memcg || r->n_kills < 2)
		return r->n_kills;
	while (end < r->n_kills && r->kills[end].pid == r->kills[first].pid)
		end++;
	return end;
}

static struct oom_report *suppressed(const struct oom_report *r, size_t first, size_t end)
{
	struct oom_report *s = oom_report_new();
	for (size_t i = first; i < end; i++)
		*oom_report_add_kill(s) = r->kills[i];
	s->line = s->last_line = s->kills[0].line;
	s->seq_first = s->seq_last = s->kills[0].seq;
	s->usec_first = s->usec_last = s->kills[0].usec;
	s->memcg = s->kills[0].prefix == OOM_PREFIX_MEMCG;
	s->global = s->kills[0].prefix == OOM_PREFIX_GLOBAL;
	s->kernel = r->kernel ? xstrdup(r->kernel) : NULL;
	s->host = r->host ? xstrdup(r->host) : NULL;
	return s;
}

static void hand_out_one(struct assembly *a, struct oom_report *r)
{
	size_t own = own_kills(r, 0), all = r->n_kills;
	struct oom_report **rest = NULL;
	size_t n = 0;
	for (size_t first = own; first < all;) {
		size_t end = own_kills(r, first);
		if (!rest)
			rest = xcalloc(all - own, sizeof(*rest));
		rest[n++] = suppressed(r, first, end);
		first = end;
	}
	r->n_kills = own;
	oom_report_finish(r);
	a->sink(r, a->arg);
	for (size_t i = 0; i < n; i++) {
		oom_report_finish(rest[i]);
		a->sink(rest[i], a->arg);
	}
	free(rest);
}

/* Hands out what is over, from the oldest on. */
static void hand_out(struct assembly *a)
{
	int n = 0;
	while (n < a->n && a->open[n].done)
		n++;
	struct open out[MAX_OPEN];
	memcpy(out, a->open, (size_t)n * sizeof(out[0]));
	a->n -= n;
	memmove(a->open, a->open + n, (size_t)a->n * sizeof(a->open[0]));
	for (int i = 0; i < n; i++) {
		struct oom_report *r = out[i].r;
		a->held_rows -= r->n_rows;
		if (out[i].strong)
			hand_out_one(a, r);
		else
			oom_report_free(r);
	}
}

static void remove_slot(struct assembly *a, int i)
{
	memmove(&a->open[i], &a->open[i + 1], (size_t)(a->n - i - 1) * sizeof(a->open[0]));
	a->n--;
}

/* Ends a report; slots move. It is handed out when every older one has ended. */
static void finish(struct assembly *a, struct open *o)
{
	o->done = true;
	hand_out(a);
}

static struct open *begin(struct assembly *a, const struct prefix *p, uint64_t number, bool strong)
{
	for (int i = 0; i < a->n; i++)	/* weak ones that nothing came of */
		if (!a->open[i].strong && !a->open[i].done && a->open[i].context == p->context) {
			oom_report_free(a->open[i].r);
			remove_slot(a, i--);
		}
	while (a->n >= MAX_OPEN - 4) {
		int before = a->n;
		for (int i = 0; i < a->n && a->n == before; i++)
			if (!a->open[i].done)
				finish(a, &a->open[i]);
		if (a->n == before)
			break;
	}
	if (a->n >= MAX_OPEN)
		assemble_flush(a);
	struct open *o = &a->open[a->n++];
	*o = (struct open){ .r = oom_report_new(), .context = p->context, .strong = strong, .touched = a->count,
			    .usec = p->usec };
	o->r->line = number;
	o->r->seq_first = p->seq;
	o->r->usec_first = p->usec;
	if (text_len(p->when))
		o->r->when = text_dup(p->when, 64);
	if (text_len(p->host))
		o->r->host = text_dup(p->host, 128);
	if (strong) {
		o->r->suppressed = a->suppressed;
		a->suppressed = 0;
	}
	return o;
}

/* The open report that lines of this context belong to: the newest of the same context; without a context, the newest. */
static struct open *current(struct assembly *a, uint32_t context)
{
	for (int i = a->n - 1; i >= 0; i--)
		if (!a->open[i].done && (a->open[i].context == context || !context))
			return &a->open[i];
	return NULL;
}

const struct table *assemble_table(const struct assembly *a, uint32_t context)
{
	const struct open *o = current((struct assembly *)a, context);
	return o && o->table.n ? &o->table : NULL;
}

static struct open *by_killed_pid(struct assembly *a, int64_t pid)
{
	for (int i = a->n - 1; i >= 0; i--)
		for (size_t k = a->open[i].r->n_kills, n = 0; !a->open[i].done && k-- > 0 && n < 256; n++)
			if (a->open[i].r->kills[k].pid == pid)
				return &a->open[i];
	return NULL;
}

static void set(char **at, struct text t)
{
	text_trim_end(&t);
	if (!*at && t.p)
		*at = text_dup(t, MAX_PATH);
}

/* A path with blanks that the other path shows to be damage (an editor's wrapping), whole again: the OOM memcg is the task's
 * memcg or above it. */
static void set_above(char **at, struct text t, struct text below)
{
	char buf[512];
	size_t n = 0;
	if (memchr(t.p, ' ', text_len(t)) && text_len(t) < sizeof(buf)) {
		for (const char *p = t.p; p < t.end; p++)
			if (*p != ' ')
				buf[n++] = *p;
		if (text_len(below) >= n && memcmp(below.p, buf, n) == 0)
			t = text_of(buf, n);
	}
	set(at, t);
}

/* The report at a stage not beyond `last` that this line continues, or a new one. */
static struct open *at_most(struct assembly *a, const struct prefix *p, uint64_t number, enum stage last, bool again)
{
	struct open *o = current(a, p->context);
	if (o && (o->stage > last || again)) {
		finish(a, o);
		o = NULL;
	}
	if (!o)
		o = begin(a, p, number, true);
	o->strong = true;
	return o;
}

static struct open *on_head(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			    const struct line *l)
{
	struct open *o = current(a, p->context);
	struct oom_report *r;
	(void)text;
	switch (l->kind) {
	case LINE_HEADER:
		if (o && o->strong && (o->context == p->context || !p->context))
			finish(a, o);
		o = begin(a, p, number, true);
		r = o->r;
		r->has_header = true;
		r->sysrq = a->sysrq;
		a->sysrq = a->foreign_dump = false;
		text_copy(l->a, r->trigger.comm, OOM_COMM);
		if (text_len(l->b))
			r->trigger.gfp_mask = text_dup(l->b, 512);
		r->trigger.gfp = l->n[0];
		r->trigger.order = l->n[1];
		r->trigger.oom_score_adj = l->n[2];
		return o;
	case LINE_CPUSET:
		if (!o || o->stage > STAGE_TRACE)
			return NULL;
		set(&o->r->cpuset, l->cpuset);
		set(&o->r->mems_allowed, l->mems_allowed);
		return o;
	case LINE_CPU:
		if (!o || o->stage > STAGE_TRACE || !o->r->has_header)
			return NULL;
		o->stage = STAGE_TRACE;
		if (text_len(l->b))
			set(&o->r->kernel, l->b);
		if (o->r->trigger.pid == OOM_UNKNOWN && (!text_len(l->a) || text_is(l->a, o->r->trigger.comm)))
			o->r->trigger.pid = l->n[0];
		return o;
	default:	/* LINE_TRACE */
		if (!o || o->stage > STAGE_TRACE)
			return NULL;
		return o;
	}
}

static struct open *on_memcg(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = current(a, p->context);
	bool again = false;
	if (o && l->kind == LINE_USAGE)
		again = o->r->counter[l->counter].present;
	else if (o && l->kind == LINE_TASK_IN)
		again = o->r->oom_memcg != NULL;
	o = at_most(a, p, number, STAGE_MEMORY, again);
	o->stage = STAGE_MEMORY;
	o->in_stats = o->in_slabs = false;
	o->r->memcg = true;
	switch (l->kind) {
	case LINE_TASK_IN:
		if (text_len(l->a))
			set(&o->r->task_memcg, l->a);
		set_above(&o->r->oom_memcg, l->b, l->a);
		break;
	case LINE_USAGE:
		o->r->counter[l->counter] = (struct oom_usage){ true, l->n[0], l->n[1], l->n[2] };
		break;
	default:	/* LINE_MEMCG_STATS */
		set(&o->r->oom_memcg, l->a);
		if (text_find(l->b, "cache:"))
			memory_stats_line(o->r, l->b);
		else
			o->in_stats = true;
	}
	return o;
}

/* The global memory block. A page allocation failure prints the same: its block is skipped where its own header was seen;
 * without a header it opens a weak report, handed out only if something of an OOM follows. */
static struct open *on_memory(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			      const struct line *l)
{
	struct open *o = current(a, p->context);
	if (l->kind == LINE_STAT) {
		if (!o || !o->in_stats || o->stage != STAGE_MEMORY)
			return NULL;
		oom_report_stat(o->r, l->a, l->n[0], false);
		return o;
	}
	if (a->foreign_dump && !(o && o->r->has_header && o->stage <= STAGE_MEMORY))
		return NULL;
	if (o && o->stage > STAGE_MEMORY) {
		if (!o->r->n_kills && !o->r->no_killable && !o->r->panic)
			return NULL;
		o = NULL;	/* it is left open: its reaper may still speak */
	}
	if (!o) {
		if (l->kind == LINE_SLAB || l->kind == LINE_MEMORY)
			return NULL;
		o = begin(a, p, number, false);
		/* a log that begins inside a report */
		if (l->kind == LINE_MEMINFO && number && number < 64)
			o->strong = true;
	}
	o->stage = STAGE_MEMORY;
	struct oom_report *r = o->r;
	switch (l->kind) {
	case LINE_MEMINFO:
		r->mem.present = r->global = true;
		break;
	case LINE_COUNTS:
		r->mem.present = r->global = true;
		memory_counts(&r->mem, l->a);
		break;
	case LINE_ZONE:
	case LINE_BUDDY:
		memory_zone(r, l);
		break;
	case LINE_PAGES:
		memory_pages(&r->mem, l);
		break;
	case LINE_SWAP:
		if (text_is(l->a, "Free"))
			r->mem.free_swap_kb = l->n[0];
		else
			r->mem.total_swap_kb = l->n[0];
		break;
	case LINE_SLABS:
		o->in_slabs = true;
		break;
	case LINE_SLAB:
		if (o->in_slabs)
			memory_slab(r, l);
		break;
	case LINE_PROTECTION:
		r->min_protection_kb = l->n[0];
		r->low_protection_kb = l->n[1];
		break;
	default:
		break;
	}
	(void)text;
	return o;
}

static struct open *on_table(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			     const struct line *l)
{
	struct open *o = current(a, p->context);
	if (l->kind == LINE_TASKS_STATE || l->kind == LINE_TABLE) {
		bool again = o && (o->r->has_table || o->r->n_rows);
		o = at_most(a, p, number, STAGE_TABLE, again);
		o->stage = STAGE_TABLE;
		o->in_stats = o->in_slabs = a->foreign_dump = false;
		if (l->kind == LINE_TABLE && table_header(text, &o->table)) {
			o->r->has_table = true;
			o->r->columns = table_mask(&o->table);
			if (!o->table.whole)
				oom_report_problem(o->r, "the header of the task table is cut");
		}
		return o;
	}
	if (!o || o->stage > STAGE_TABLE) {
		if (o && !o->r->n_rows && !o->r->n_kills)
			return NULL;
		if (o)
			finish(a, o);
		o = begin(a, p, number, false);
	}
	if (!o->table.n) {
		if (!table_guess(text, &o->table))
			return NULL;
		o->r->header_guessed = true;
		o->r->columns = table_mask(&o->table);
	}
	o->stage = STAGE_TABLE;
	struct oom_row row;
	int got = l->got;
	if (l->row)
		row = *l->row;
	else
		got = table_row(text, &o->table, &row);
	if (got < 4 || row.value[OOM_COL_PID] < 0) {
		o->r->table_cut = true;
		return o;
	}
	struct oom_row *at = a->held_rows < MAX_HELD_ROWS ? oom_report_add_row(o->r) : NULL;
	if (!at) {
		o->r->table_cut = true;
		oom_report_problem(o->r, "more rows than are kept: the rest was dropped");
		return o;
	}
	a->held_rows++;
	*at = row;
	if (row.cut)
		o->r->table_cut = true;
	if (o->r->n_rows > 1)
		o->strong = true;
	return o;
}

static struct open *on_selected(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = current(a, p->context);
	o = at_most(a, p, number, STAGE_TABLE, o && o->r->has_selected);
	struct oom_report *r = o->r;
	o->stage = STAGE_SELECTED;
	r->has_selected = true;
	r->constraint = l->constraint;
	set(&r->nodemask, l->nodemask);
	set(&r->cpuset, l->cpuset);
	set(&r->mems_allowed, l->mems_allowed);
	if (text_len(l->a)) {
		free(TAKE_PTR(r->oom_memcg));
		set(&r->oom_memcg, l->a);
		r->memcg = true;
	}
	if (text_len(l->b)) {
		free(TAKE_PTR(r->task_memcg));
		set(&r->task_memcg, l->b);
	}
	r->global |= l->global;
	r->selected.pid = l->kill.pid;
	r->selected.uid = l->kill.uid;
	memcpy(r->selected.comm, l->kill.comm, OOM_COMM);
	if (l->cut)
		oom_report_problem(r, "the oom-kill line is cut");
	return o;
}

static struct open *on_choice(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = at_most(a, p, number, STAGE_SELECTED, false);
	o->stage = STAGE_CHOICE;
	o->r->choice = (struct oom_choice){ .present = true, .pid = l->kill.pid, .uid = l->kill.uid, .score = l->kill.score,
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
	if (p->usec != OOM_UNKNOWN && o->usec != OOM_UNKNOWN && (p->usec - o->usec > 1000000 || p->usec < o->usec - 1000000))
		return false;
	if (r->group_memcg)
		return true;
	/* before the group's line: the first victim again, or anybody if the log may be out of order */
	return r->kills[0].prefix != OOM_PREFIX_NONE || !r->choice.present;
}

static struct open *on_killed(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = current(a, p->context);
	if (o && o->r->n_kills) {
		for (size_t i = 0; i < o->r->n_kills && p->usec != OOM_UNKNOWN && i < 256; i++)
			if (o->r->kills[i].pid == l->kill.pid && o->r->kills[i].usec == p->usec &&
			    o->r->kills[i].total_vm_kb == l->kill.total_vm_kb) {
				oom_report_problem(o->r, "line %llu is repeated", (unsigned long long)o->r->kills[i].line);
				return o;
			}
	}
	if (o && !same_event(o, p, &l->kill)) {
		finish(a, o);
		o = NULL;
	}
	if (!o)
		o = begin(a, p, number, true);
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

static struct open *on_reaped(struct assembly *a, const struct prefix *p, const struct line *l)
{
	struct open *o = by_killed_pid(a, l->n[0]);
	if (!o) {
		o = current(a, 0);
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

static struct open *on_end(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = current(a, p->context);
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
			o = begin(a, p, number, true);
		o->strong = true;
		set(&o->r->group_memcg, l->a);
		return o;
	case LINE_EXITING:
		if (!o)
			o = begin(a, p, number, true);
		o->strong = true;
		o->r->exiting_pid = l->n[0];
		return o;
	case LINE_PINNED:
		if (o)
			o->r->pinned_pid = l->n[0];
		return o;
	case LINE_NO_KILLABLE:
		if (o && (o->r->n_kills || o->r->no_killable)) {
			finish(a, o);
			o = NULL;
		}
		if (!o)
			o = begin(a, p, number, true);
		o->strong = o->r->no_killable = true;
		o->stage = STAGE_KILLED;
		return o;
	default:	/* LINE_PANIC */
		if (!text_starts(l->a, "Out of memory") && !text_starts(l->a, "out of memory") &&
		    !text_find(l->a, "deadlocked on memory"))
			return NULL;
		if (o && (o->r->n_kills || o->r->panic)) {
			finish(a, o);
			o = NULL;
		}
		if (!o)
			o = begin(a, p, number, true);
		o->strong = true;
		set(&o->r->panic, l->a);
		if (text_find(l->a, "no killable"))
			o->r->no_killable = true;
		o->stage = STAGE_KILLED;
		return o;
	}
}

static void expire(struct assembly *a, const struct prefix *p)
{
	for (int i = 0; i < a->n; i++) {
		struct open *o = &a->open[i];
		bool late = p->usec != OOM_UNKNOWN && o->usec != OOM_UNKNOWN && o->context == p->context &&
			    (p->usec > o->usec + IDLE_USEC || p->usec < o->usec - IDLE_USEC);
		if (!o->done && (late || a->count - o->touched > IDLE_LINES)) {
			finish(a, o);
			i = -1;	/* slots moved */
		}
	}
}

void assemble(struct assembly *a, const struct prefix *p, uint64_t number, struct text text, const struct line *l)
{
	struct open *o = NULL;
	a->count = number > a->count ? number : a->count + 1;
	if (l->kind == LINE_OTHER || l->kind == LINE_BLANK || l->kind == LINE_HALF) {
		if (a->n && (a->count & 255) == 0)
			expire(a, p);
		return;
	}
	if (l->kind != LINE_ROW && a->n)
		expire(a, p);
	switch (l->kind) {
	case LINE_HEADER:
	case LINE_CPUSET:
	case LINE_CPU:
	case LINE_TRACE:
		o = on_head(a, p, number, text, l);
		break;
	case LINE_TASK_IN:
	case LINE_USAGE:
	case LINE_MEMCG_STATS:
		o = on_memcg(a, p, number, l);
		break;
	case LINE_STAT:
	case LINE_MEMINFO:
	case LINE_COUNTS:
	case LINE_NODE:
	case LINE_ZONE:
	case LINE_BUDDY:
	case LINE_MEMORY:
	case LINE_PAGES:
	case LINE_SWAP:
	case LINE_SLABS:
	case LINE_SLAB:
	case LINE_PROTECTION:
		o = on_memory(a, p, number, text, l);
		break;
	case LINE_TASKS_STATE:
	case LINE_TABLE:
	case LINE_ROW:
		o = on_table(a, p, number, text, l);
		break;
	case LINE_SELECTED:
		o = on_selected(a, p, number, l);
		break;
	case LINE_CHOICE:
		o = on_choice(a, p, number, l);
		break;
	case LINE_KILLED:
		o = on_killed(a, p, number, l);
		break;
	case LINE_REAPED:
		o = on_reaped(a, p, l);
		break;
	case LINE_SHARING:
	case LINE_GROUP:
	case LINE_EXITING:
	case LINE_PINNED:
	case LINE_NO_KILLABLE:
	case LINE_PANIC:
		o = on_end(a, p, number, l);
		break;
	case LINE_SYSRQ:
		a->sysrq = true;
		break;
	case LINE_SUPPRESSED:
		if (l->n[0] >= 0)
			a->suppressed = l->n[0];
		break;
	case LINE_FOREIGN_DUMP:
		a->foreign_dump = true;
		break;
	case LINE_ELISION:
		o = current(a, p->context);
		if (o && o->stage == STAGE_TABLE)
			o->r->table_cut = true;
		if (o && o->stage <= STAGE_TABLE)
			oom_report_problem(o->r, "lines were left out");
		o = NULL;
		break;
	default:
		break;
	}
	if (!o)
		return;
	a->relevant++;
	o->touched = a->count;
	o->r->last_line = number;
	if (p->seq != OOM_UNKNOWN)
		o->r->seq_last = p->seq;
	if (p->usec != OOM_UNKNOWN) {
		o->usec = o->r->usec_last = p->usec;
		if (o->r->usec_first == OOM_UNKNOWN)
			o->r->usec_first = p->usec;
	}
}

void assemble_flush(struct assembly *a)
{
	while (a->n) {
		int before = a->n;
		for (int i = 0; i < a->n; i++)
			if (!a->open[i].done) {
				finish(a, &a->open[i]);
				break;
			}
		if (a->n == before)
			hand_out(a);
	}
}
