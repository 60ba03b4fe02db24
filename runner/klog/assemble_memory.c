// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the first part of a report: who asked, what memory was made of, the candidates. */
#include "klog/assemble.h"

#include "base/util.h"

/* "web-01: hog", "12  hog", "<code class=x>hog" in the first line and "hog" in the CPU line: what a tool put before the line
 * was taken for the name. */
static void shorten_comm(char *comm, struct text name)
{
	size_t all = strlen(comm), n = text_len(name);
	if (!n || all <= n || memcmp(comm + all - n, name.p, n) != 0)
		return;
	const char *before = comm + all - n;
	bool number = before[-1] == ' ' && strspn(comm, " 0123456789.") >= all - n;
	bool tagged = all > n + 2 && before[-1] == ' ' && strchr(":>|]", before[-2]);
	if (number || tagged || before[-1] == '>')
		memmove(comm, comm + all - n, n + 1);
}

/* "x" in the first line and "[W] x" in the CPU line: what looked like a relay's mark was the name's own. */
static void lengthen_comm(char *comm, struct text name)
{
	size_t all = strlen(comm), n = text_len(name);
	if (all && n > all + 2 && n < OOM_COMM / 4 && *name.p == '[' && memcmp(name.end - all, comm, all) == 0 &&
	    memchr(name.p, ']', n - all))
		text_copy(name, comm, OOM_COMM);
}

static void set_policy(struct oom_report *r, struct text name)
{
	if (!text_len(name))
		return;
	assembly_set(&r->policy, name);
	r->bpf = true;
}

struct open *on_head(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			    const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
	struct oom_report *r;
	text_blanks(&text);
	switch (l->kind) {
	case LINE_HEADER:
		if (o && o->strong && (o->context == p->context || !p->context))
			assembly_finish(a, o);
		o = assembly_begin(a, p, number, true);
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
		set_policy(r, l->policy);
		return o;
	case LINE_POLICY:
		if (!o || o->stage > STAGE_TRACE || !o->r->has_header)
			return NULL;
		set_policy(o->r, l->policy);
		return o;
	case LINE_CPUSET:
		if (!o || o->stage > STAGE_TRACE)
			return NULL;
		assembly_set(&o->r->cpuset, l->cpuset);
		assembly_set(&o->r->mems_allowed, l->mems_allowed);
		return o;
	case LINE_CPU:
		if (!o || o->stage > STAGE_TRACE || !o->r->has_header)
			return NULL;
		o->stage = STAGE_TRACE;
		if (text_len(l->b))
			assembly_set(&o->r->kernel, l->b);
		if (o->r->trigger.pid == OOM_UNKNOWN && !p->stamped)
			shorten_comm(o->r->trigger.comm, l->a);
		if (o->r->trigger.pid == OOM_UNKNOWN)
			lengthen_comm(o->r->trigger.comm, l->a);
		if (o->r->trigger.pid == OOM_UNKNOWN && (!text_len(l->a) || text_is(l->a, o->r->trigger.comm)))
			o->r->trigger.pid = l->n[0];
		return o;
	default:	/* LINE_TRACE */
		if (!o || o->stage > STAGE_TRACE)
			return NULL;
		o->r->bpf |= text_starts(text, "bpf_oom_kill_process+0x");
		return o;
	}
}

struct open *on_memcg(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
	bool again = false;
	if (o && l->kind == LINE_USAGE)
		again = o->r->counter[l->counter].present;
	else if (o && l->kind == LINE_TASK_IN)
		again = o->r->oom_memcg != NULL;
	o = assembly_at_most(a, p, number, STAGE_MEMORY, again);
	o->stage = STAGE_MEMORY;
	o->in_stats = o->in_slabs = false;
	o->r->memcg = true;
	switch (l->kind) {
	case LINE_TASK_IN:
		if (text_len(l->a))
			assembly_set(&o->r->task_memcg, l->a);
		assembly_set_above(&o->r->oom_memcg, l->b, l->a);
		break;
	case LINE_USAGE:
		o->r->counter[l->counter] = (struct oom_usage){ true, l->n[0], l->n[1], l->n[2] };
		break;
	default:	/* LINE_MEMCG_STATS */
		assembly_set(&o->r->oom_memcg, l->a);
		assembly_set(&o->r->stats_memcg, l->a);
		if (text_find(l->b, "cache:"))
			memory_stats_line(o->r, l->b);
		else
			o->in_stats = true;
	}
	return o;
}

/* The global memory block. A page allocation failure prints the same: its block is skipped where its own header was
 * seen; without a header it opens a weak report, handed out only if something of an OOM follows. */
struct open *on_memory(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			      const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
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
		o = assembly_begin(a, p, number, false);
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
		else if (text_is(l->a, "Total"))
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

struct open *on_table(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			     const struct line *l)
{
	struct open *o = assembly_current(a, p->context);
	if (l->kind == LINE_TASKS_STATE || l->kind == LINE_TABLE) {
		bool again = o && (o->r->has_table || o->r->n_rows);
		o = assembly_at_most(a, p, number, STAGE_TABLE, again);
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
			assembly_finish(a, o);
		o = assembly_begin(a, p, number, false);
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
