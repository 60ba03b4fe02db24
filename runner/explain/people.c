// SPDX-License-Identifier: GPL-2.0-or-later
/* One block per report, for people: when, where, who asked, who died and why, what memory was made of, what is unsure.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/printable.h"
#include "base/util.h"
#include "explain/explain.h"

#define BAR 9	/* a row has 80 columns */
#define CLEAN 4200	/* bytes of a name: paths of cgroups and files have up to 4096 */

/* Names come from the log: nothing of them may steer a terminal. What is longer than `most` is cut between two characters. */
static const char *clean_cut(const char *s, char buf[CLEAN], size_t most)
{
	CLEANUP_FREE char *safe = printable(s ? s : "");
	size_t n = strlen(safe);
	if (n > most)
		for (n = most; n && ((unsigned char)safe[n] & 0xc0) == 0x80;)
			n--;
	memcpy(buf, safe, n);
	buf[n] = '\0';
	return buf;
}

static const char *clean(const char *s, char buf[CLEAN])
{
	return clean_cut(s, buf, CLEAN - 1);
}

const char *explain_size(int64_t kb, char buf[32])
{
	if (kb == OOM_UNKNOWN || kb < 0)
		return "?";
	if (kb < 10240)
		snprintf(buf, 32, "%" PRId64 " kB", kb);
	else if (kb < INT64_C(100) << 20)
		snprintf(buf, 32, "%" PRId64 " MiB", kb >> 10);
	else
		snprintf(buf, 32, "%" PRId64 " GiB", kb >> 20);
	return buf;
}

/* Pages that may be negative, in MiB with one digit. */
static const char *mib(int64_t pages, int64_t page_size, char buf[32])
{
	snprintf(buf, 32, "%.1f MiB", (double)pages * (double)page_size / 1048576.0);
	return buf;
}

static void field(FILE *out, const char *name)
{
	fprintf(out, "  %-9s ", name);
}

static void head(FILE *out, const char *file, const struct oom_report *r)
{
	char buf[CLEAN];
	if (file && r->line)
		fprintf(out, "%s:%" PRIu64 ": ", clean(file, buf), r->line);
	fputs("OOM", out);
	if (r->sysrq)
		fputs(" (by sysrq f)", out);
	if (r->when)
		fprintf(out, ", %s", clean(r->when, buf));
	if (r->usec_first != OOM_UNKNOWN)
		fprintf(out, ", %" PRId64 ".%06d s after boot", r->usec_first / 1000000,
			(int)(r->usec_first % 1000000));
	if (r->host)
		fprintf(out, ", on %s", clean(r->host, buf));
	if (r->kernel)
		fprintf(out, ", Linux %s", clean(r->kernel, buf));
	fputc('\n', out);
}

/* The path that is whole: where the line that names the victim's is cut, a group's, which is the victim's or above it. */
static const char *victims_memcg(const struct oom_report *r)
{
	if (r->group_memcg && r->has_selected && r->selected.pid == OOM_UNKNOWN)
		return r->group_memcg;
	return r->task_memcg ? r->task_memcg : r->oom_memcg;
}

static void where(FILE *out, const struct oom_report *r)
{
	char buf[CLEAN], a[32], b[32];
	field(out, "where");
	if (r->memcg) {
		fprintf(out, "memory cgroup %s", r->oom_memcg ? clean(r->oom_memcg, buf) : "(path not in the log)");
		const struct oom_usage *u = &r->counter[OOM_COUNTER_MEMORY], *sw = &r->counter[OOM_COUNTER_MEMSW];
		if (u->present)
			fprintf(out, ": %s of %s", explain_size(u->usage_kb, a), explain_size(u->limit_kb, b));
		if (sw->present && sw->usage_kb >= sw->limit_kb && sw->limit_kb > 0)
			fprintf(out, "; memory and swap %s of %s", explain_size(sw->usage_kb, a), explain_size(sw->limit_kb, b));
		fputc('\n', out);
	} else if (r->constraint == OOM_CONSTRAINT_CPUSET) {
		fprintf(out, "nodes %s of cpuset %s\n", r->mems_allowed ? clean(r->mems_allowed, buf) : "?",
			r->cpuset ? clean(r->cpuset, (char[CLEAN]){ 0 }) : "?");
	} else if (r->constraint == OOM_CONSTRAINT_MEMORY_POLICY) {
		fprintf(out, "nodes %s of a memory policy\n", r->nodemask ? clean(r->nodemask, buf) : "?");
	} else if (r->global) {
		fputs("the whole machine\n", out);
	} else {
		fputs("not in the log\n", out);
	}
	struct place p;
	place_of(victims_memcg(r), &p);
	if (p.pod[0] || p.container[0] || p.unit[0]) {
		field(out, "");
		const char *sep = "";
		if (p.pod[0])
			fprintf(out, "pod %s", clean(p.pod, buf)), sep = ", ";
		if (p.container[0])
			fprintf(out, "%scontainer %s%s%s%s", sep, clean(p.container, buf), p.runtime[0] ? " (" : "",
				p.runtime, p.runtime[0] ? ")" : ""),
				sep = ", ";
		if (p.unit[0])
			fprintf(out, "%sunit %s", sep, clean(p.unit, buf));
		fputc('\n', out);
	}
}

static void asked(FILE *out, const struct oom_report *r)
{
	char buf[CLEAN], gfp[CLEAN];
	if (!r->has_header)
		return;
	field(out, "asked");
	fprintf(out, "%s", r->trigger.comm[0] ? clean(r->trigger.comm, buf) : "a process that is not named");
	if (r->trigger.pid != OOM_UNKNOWN)
		fprintf(out, " (pid %" PRId64 ")", r->trigger.pid);
	if (r->trigger.order >= 0)
		fprintf(out, ", %u page%s", 1u << (r->trigger.order & 15), r->trigger.order ? "s in one piece" : "");
	if (r->trigger.gfp_mask)
		fprintf(out, ", %s", clean(r->trigger.gfp_mask, gfp));
	fputc('\n', out);
}

/* Up to 5.0 another one than the chosen may die: its child. But memcg scans went by threads up to 5.2, and global ones
 * up to 4.7, so that the chosen id may be that of a thread of who died. */
static void in_place_of(FILE *out, const struct oom_report *r)
{
	static const char *const words[][2] = {
		[CHOSEN_IS_PARENT] = { "in the place of", ", which was chosen" },
		[CHOSEN_IS_THREAD] = { "its thread", " was chosen" },
		[CHOSEN_IS_EITHER] = { "chosen was", ": its parent, or a thread of it" },
	};
	char buf[CLEAN];
	const char *const *w = words[chosen_is(r)];
	field(out, "");
	fprintf(out, "%s %s (pid %" PRId64 ")%s\n", w[0], clean(r->choice.comm, buf), r->choice.pid, w[1]);
}

/* A group's kill comes by its first victim once more (mm/oom_kill.c:oom_kill_memcg_member()): one death, two lines. */
static bool is_told(const struct oom_report *r, size_t i)
{
	return i && r->kills[i].pid != OOM_UNKNOWN && r->kills[i].pid == r->kills[0].pid;
}

static void one_death(FILE *out, const struct oom_kill *k)
{
	char buf[CLEAN], a[32], b[32], c[32];
	if (k->pid == OOM_UNKNOWN) {
		fputs("a process whose pid is not whole in the log\n", out);
		return;
	}
	fprintf(out, "%s (pid %" PRId64, clean(k->comm, buf), k->pid);
	if (k->uid != OOM_UNKNOWN)
		fprintf(out, ", uid %" PRId64, k->uid);
	fputc(')', out);
	if (k->anon_rss_kb != OOM_UNKNOWN)
		fprintf(out, ": anon %s, file %s, shmem %s", explain_size(k->anon_rss_kb, a), explain_size(k->file_rss_kb, b),
			explain_size(k->shmem_rss_kb, c));
	if (k->oom_score_adj != OOM_UNKNOWN)
		fprintf(out, ", oom_score_adj %" PRId64, k->oom_score_adj);
	fputc('\n', out);
}

static void deaths(FILE *out, const struct oom_report *r)
{
	size_t told = 0, more = 0;
	for (size_t i = 0; i < r->n_kills; i++) {
		if (is_told(r, i))
			continue;
		if (told == 8) {
			more++;
			continue;
		}
		if (told++)
			field(out, "");
		one_death(out, &r->kills[i]);
	}
	if (more) {
		field(out, "");
		fprintf(out, "and %zu more\n", more);
	}
}

static void died(FILE *out, const struct oom_report *r)
{
	char buf[CLEAN];
	field(out, "died");
	if (!r->n_kills) {
		fputs(r->panic         ? "the machine: "
		      : r->no_killable ? "nobody: no process could be killed\n"
				       : "not in the log\n",
		      out);
		if (r->panic)
			fprintf(out, "%s\n", clean(r->panic, buf));
		return;
	}
	deaths(out, r);
	if (r->group_memcg) {
		field(out, "");
		fprintf(out, "all of %s, for memory.oom.group is set\n", clean(r->group_memcg, buf));
	}
	if (r->choice.present && r->choice.pid != OOM_UNKNOWN && r->kills[0].pid != OOM_UNKNOWN &&
	    r->choice.pid != r->kills[0].pid)
		in_place_of(out, r);
}

static void bar(FILE *out, int64_t points, int64_t most)
{
	int n = most > 0 && points > 0 ? (int)((double)points / (double)most * BAR + 0.5) : 0;
	for (int i = 0; i < n && i < BAR; i++)
		fputc('#', out);
}

/* Up to 3.5 the score is the points themselves. Swap and page tables count, but the table does not have both. */
static void logged_score(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	for (size_t i = 0; i < c->n_top; i++)
		if (c->permille && c->top[i].row == c->victim && r->choice.score > 0 &&
		    r->choice.score != c->top[i].points) {
			field(out, "");
			fprintf(out, "to the kernel the chosen one had %" PRId64 " points: not all that counts is in the log\n",
				r->choice.score);
		}
}

static void candidates(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	char buf[CLEAN], size[32];
	if (!c->n_top)
		return;
	field(out, "badness");
	fprintf(out, "%-15s %8s %12s %12s %6s\n", "name", "pid", "uses", c->permille ? "points/1000" : "points", "adj");
	for (size_t i = 0; i < c->n_top; i++) {
		const struct candidate *t = &c->top[i];
		field(out, t->row == c->victim ? "   chosen" : "");
		fprintf(out, "%-15s %8" PRId64 " %12s %12" PRId64 " %6" PRId64 "  ", clean_cut(t->row->name, buf, 15),
			t->row->value[OOM_COL_PID], mib(t->base, c->page_size, size), t->points,
			t->row->value[OOM_COL_OOM_SCORE_ADJ]);
		bar(out, t->points, c->top[0].points);
		fputc('\n', out);
	}
	if (c->n_eligible > c->n_top) {
		field(out, "");
		fprintf(out, "and %zu more that could have been chosen\n", c->n_eligible - c->n_top);
	}
	logged_score(out, r, c);
}

static int64_t stat_of(const struct oom_report *r, const char *name, const char *other)
{
	for (size_t i = 0; i < r->n_stats; i++)
		if (streq(r->stats[i].name, name) || streq(r->stats[i].name, other))
			return r->stats[i].value >> 10;
	return OOM_UNKNOWN;
}

static void memory(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	char buf[32];
	if (r->n_stats) {
		static const struct { const char *text, *name, *other; } stats[] = {
			{ "anonymous", "anon", "rss" }, { "files", "file", "cache" }, { "shmem", "shmem", "" },
			{ "kernel", "kernel", "" }, { "slab", "slab", "" }, { "page tables", "pagetables", "" },
			{ "sockets", "sock", "" },
		};
		field(out, "memory");
		const char *sep = "";
		for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
			int64_t kb = stat_of(r, stats[i].name, stats[i].other);
			if (kb == OOM_UNKNOWN || (kb == 0 && i > 1))
				continue;
			fprintf(out, "%s%s %s", sep, stats[i].text, explain_size(kb, buf));
			sep = ", ";
		}
		fputc('\n', out);
	}
	const struct oom_meminfo *m = &r->mem;
	if (m->active_anon != OOM_UNKNOWN || m->free != OOM_UNKNOWN) {
		const struct { const char *text; int64_t a, b;
		} parts[] = {
			{ "anonymous", m->active_anon, m->inactive_anon },
			{ "files", m->active_file, m->inactive_file },
			{ "unevictable", m->unevictable, 0 },
			{ "shmem", m->shmem, 0 },
			{ "slab", m->slab_reclaimable, m->slab_unreclaimable },
			{ "page tables", m->pagetables, 0 },
			{ "free", m->free, 0 },
		};
		field(out, "memory");
		const char *sep = "";
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
			if (parts[i].a < 0 || parts[i].b < 0 || parts[i].a > INT64_C(1) << 44 ||
			    parts[i].b > INT64_C(1) << 44)
				continue;
			fprintf(out, "%s%s %s", sep, parts[i].text,
				explain_size((parts[i].a + parts[i].b) * (c->page_size >> 10), buf));
			sep = ", ";
		}
		if (m->total_swap_kb >= 0 && m->free_swap_kb >= 0) {
			char total[32];
			fprintf(out, "; swap %s free of %s", explain_size(m->free_swap_kb, buf), explain_size(m->total_swap_kb, total));
		}
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->n_slabs && i < 3 && r->slabs[0].used_kb > 65536; i++) {
		char name[CLEAN];
		field(out, i ? "" : "slabs");
		fprintf(out, "%s %s\n", clean(r->slabs[i].name, name), explain_size(r->slabs[i].used_kb, buf));
	}
}

static void agreement(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	char name[CLEAN], size[32];
	field(out, "agrees");
	switch (c->agreement) {
	case AGREES:
		fputs("yes: the rules give the same process", out);
		if (c->margin_pages != OOM_UNKNOWN && c->n_top > 1 && c->have)
			fprintf(out, ", %" PRId64 " pages (%s) before %s", c->margin_pages,
				mib(c->margin_pages, c->page_size, size), clean(c->top[1].row->name, name));
		fputc('\n', out);
		break;
	case DISAGREES:
		fprintf(out, "NO: %s", c->why);
		if (c->have)
			fprintf(out, ": %s (pid %" PRId64 ")", clean(c->row->name, name), c->row->value[OOM_COL_PID]);
		fprintf(out, "%s%s\n", c->unless ? ", " : "", c->unless ? c->unless : "");
		break;
	case UNDECIDED:
		fprintf(out, "can't be told: %s\n", c->why);
		break;
	}
	(void)r;
}

static void instead(FILE *out, const struct oom_row *row)
{
	char name[CLEAN];
	if (row)
		fprintf(out, " (then %s, pid %" PRId64 ", dies)", clean(row->name, name), row->value[OOM_COL_PID]);
	else
		fputs(" (then nobody can be killed)", out);
}

/* What a step of oom_score_adj is worth is in no line. */
static void saved_by_unknown(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	char name[CLEAN], size[32];
	fputs("a lower oom_score_adj: ", out);
	if (c->margin_pages != OOM_UNKNOWN && c->n_top > 1)
		fprintf(out, "%" PRId64 " pages (%s) are between it and %s, and ", c->margin_pages,
			mib(c->margin_pages, c->page_size, size), clean(c->top[1].row->name, name));
	fprintf(out, "a step is a thousandth of %s and swap, which the log does not tell\n", r->memcg ? "the limit" : "RAM");
}

static void saved_by(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	struct saving s;
	char size[32];
	enum saved saved = explain_save(r, c, &s);
	if (saved == SAVED_UNSAID)
		return;
	field(out, "saved by");
	if (saved == SAVED_BY_UNKNOWN) {
		saved_by_unknown(out, r, c);
		return;
	}
	if (s.model.adj_found) {
		fprintf(out, "oom_score_adj %d%s", s.model.adj, s.model.adj > ADJ_MIN ? " or lower" : "");
		instead(out, s.adj_victim);
	} else {
		fputs("no oom_score_adj", out);
	}
	bool exact = c->total_low == c->total_high, swap = !exact && swap_in_use(r) > 0;
	const char *what = !r->memcg ? "memory and swap" : swap ? "limit and swap" : "limit";
	if (s.model.raise_found) {
		fprintf(out, "; a %s of %s", what, mib((int64_t)s.model.raise_totalpages, c->page_size, size));
		instead(out, s.raise_victim);
	}
	if (s.model.lower_found && s.model.lower_totalpages >= 1000) {
		fprintf(out, "; a %s of only %s", what, mib((int64_t)s.model.lower_totalpages, c->page_size, size));
		instead(out, s.lower_victim);
	}
	if (!exact && c->n_eligible > 1)
		fprintf(out, "; reckoned %s: with more a step is worth more",
			r->mem.total_swap_kb >= 0 ? "with the least memory that the log allows"
			: swap ? "with no more swap than one process has there, for the log does not tell all"
			       : "without the swap that the log does not tell");
	fputc('\n', out);
}

static void findings(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	struct report_finding found[MAX_REPORT_FINDINGS];
	size_t n = explain_findings(r, c, found);
	for (size_t i = 0; i < n; i++) {
		char text[CLEAN];
		field(out, "note");
		fprintf(out, "%s\n", clean(found[i].text, text));
	}
}

static void unknown(FILE *out, const struct oom_report *r, const struct recomputed *c)
{
	char text[CLEAN];
	for (size_t i = 0; i < r->n_problems; i++) {
		field(out, i ? "" : "unknown");
		fprintf(out, "%s\n", clean(r->problems[i], text));
	}
	if (!r->n_rows)
		return;
	if (!c->page_size_sure) {
		field(out, r->n_problems ? "" : "unknown");
		fputs("the page size; sizes are reckoned with 4 KiB\n", out);
	}
}

void explain_people(FILE *out, const char *file, const struct oom_report *r, const struct recomputed *c)
{
	head(out, file, r);
	where(out, r);
	asked(out, r);
	died(out, r);
	candidates(out, r, c);
	memory(out, r, c);
	findings(out, r, c);
	agreement(out, r, c);
	saved_by(out, r, c);
	unknown(out, r, c);
	fputc('\n', out);
}
