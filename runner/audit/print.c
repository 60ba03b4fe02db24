// SPDX-License-Identifier: GPL-2.0-or-later
/* An audit for people. Names come from processes and may hold anything: all of them pass printable(). */
#include <inttypes.h>
#include <stdarg.h>

#include "audit/audit.h"
#include "audit/pods.h"
#include "base/bytes.h"
#include "base/printable.h"
#include "base/util.h"
#include "base/wrap.h"
#include "output/table.h"

static char *mib(const struct audit *a, int64_t pages)
{
	return xasprintf("%.1f", (double)pages * a->machine->page_size / 1048576.0);
}

static char *safe(char *text)
{
	char *out = printable(text);
	free(text);
	return out;
}

/* What dies with the victim, in a few words. */
static char *with(const struct audit *a, const struct model_step *s)
{
	size_t group = 0, sharers = 0, ns = 0;
	for (size_t i = 1; i < s->n_deaths; i++) {
		group += s->deaths[i].how == HOW_GROUP;
		sharers += s->deaths[i].how == HOW_SHARER;
		ns += s->deaths[i].how == HOW_PIDNS;
	}
	char text[160] = "";
	size_t n = 0;
	if (s->group >= 0)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "its group: %zu more", group);
	if (sharers)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%zu that share%s its memory", n ? ", " : "", sharers,
				      sharers == 1 ? "s" : "");
	if (ns)
		snprintf(text + n, sizeof(text) - n, "%sits PID namespace: %zu", n ? ", " : "", ns);
	(void)a;
	return xstrdup(text);
}

static char *place(const struct audit *a, int task)
{
	CLEANUP_FREE char *where = audit_where(a, task);
	enum pod_class c = pod_class_of(machine_path(a->machine, a->machine->tasks[task].cgroup));
	return safe(c == POD_NONE ? xstrdup(where) : xasprintf("%s (%s)", where, pod_class_name(c)));
}

enum { COL_NUMBER, COL_PID, COL_NAME, COL_BADNESS, COL_USES, COL_ADJ, COL_LEAD, COL_WHERE, COL_WITH };
static const struct {
	const char *name;
	double width;
	int flags;
} columns[] = {
	[COL_NUMBER] = { "", 0, SCOLS_FL_RIGHT },	[COL_PID] = { "PID", 0, SCOLS_FL_RIGHT },
	[COL_NAME] = { "NAME", 0, 0 },			[COL_BADNESS] = { "BADNESS/MiB", 0, SCOLS_FL_RIGHT },
	[COL_USES] = { "USES/MiB", 0, SCOLS_FL_RIGHT },	[COL_ADJ] = { "ADJ", 0, SCOLS_FL_RIGHT },
	[COL_LEAD] = { "LEAD/MiB", 0, SCOLS_FL_RIGHT },	[COL_WHERE] = { "WHERE", 0, SCOLS_FL_TRUNC },
	[COL_WITH] = { "DIES WITH IT", 0, SCOLS_FL_TRUNC },
};

static void add_row(const struct audit *a, struct libscols_table *table, size_t number, const struct model_step *s,
		    bool tell_with)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (!line)
		return;
	const struct machine_task *t = &a->machine->tasks[s->victim];
	char *lead = s->runner_up < 0 ? xstrdup("-") : mib(a, s->points - s->runner_up_points);
	scols_line_refer_data(line, COL_NUMBER, xasprintf("%zu", number));
	scols_line_refer_data(line, COL_PID, xasprintf("%d", t->pid));
	scols_line_refer_data(line, COL_NAME, printable(t->comm));
	scols_line_refer_data(line, COL_BADNESS, mib(a, s->points));
	scols_line_refer_data(line, COL_USES, mib(a, audit_base(a, s->victim)));
	scols_line_refer_data(line, COL_ADJ, xasprintf("%d", t->adj));
	scols_line_refer_data(line, COL_LEAD, s->certain ? lead : xasprintf("~%s", lead));
	if (!s->certain)
		free(lead);
	scols_line_refer_data(line, COL_WHERE, place(a, s->victim));
	if (tell_with)
		scols_line_refer_data(line, COL_WITH, with(a, s));
}

/* A sentence in lines that fit. */
__attribute__((format(printf, 2, 3))) static void say(FILE *out, const char *fmt, ...)
{
	char *text;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	print_words(out, text, 0, 0, terminal_width(out));
	free(text);
}

static bool any_with(const struct audit *a, const struct ranking *r)
{
	for (size_t i = 0; i < r->series.n; i++) {
		CLEANUP_FREE char *text = with(a, &r->series.steps[i]);
		if (*text)
			return true;
	}
	return false;
}

/* On a terminal paths are cut, so that a row is a line; elsewhere they are whole. */
static void print_series(const struct audit *a, const struct ranking *r, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	bool terminal = isatty(fileno(out)) == 1;
	size_t n = any_with(a, r) ? ARRAY_SIZE(columns) : COL_WITH;
	if (!table)
		return;
	for (size_t i = 0; i < n; i++)
		scols_table_new_column(table, columns[i].name, columns[i].width,
				       terminal ? columns[i].flags : columns[i].flags & SCOLS_FL_RIGHT);
	if (terminal) {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table, terminal_width(out));
	}
	scols_table_enable_minout(table, 1);	/* no blanks at a row's end */
	scols_table_set_stream(table, out);
	for (size_t i = 0; i < r->series.n; i++)
		add_row(a, table, i + 1, &r->series.steps[i], n == ARRAY_SIZE(columns));
	fflush(out);
	if (r->series.n)
		table_print(table);
	scols_unref_table(table);
	if (!r->series.all)
		return;
	if (r->series.panic)
		say(out, "then nobody is left, and the kernel panics: %s", r->series.panic);
	else
		say(out, "then nobody is left that can be killed");
}

static void print_machine(const struct audit *a, FILE *out)
{
	const struct machine *m = a->machine;
	char ram[32], swap[32];
	CLEANUP_FREE char *release = safe(xstrdup(m->release ? m->release : "(release not known)"));
	say(out, "Linux %s, %s memory, %s swap, %d CPU%s, %zu processes, %zu %s memory cgroups", release,
	    format_size((uint64_t)audit_bytes(a, (int64_t)a->scene.machine.totalram), ram),
	    format_size((uint64_t)audit_bytes(a, (int64_t)a->scene.machine.total_swap), swap), m->cpus, m->cpus == 1 ? "" : "s",
	    m->n_tasks, m->n_cgroups, m->memory_v2 ? "v2" : m->memory_v1 ? "v1" : "visible");
	if (m->vanished)
		say(out, "%zu processes ended while they were read", m->vanished);
	if (a->n_differing)
		say(out, "%zu of the oom_scores are not what the rules of this release say: sizes changed meanwhile, or the kernel has other rules",
		    a->n_differing);
	for (size_t i = 0; i < m->n_lacks; i++)
		say(out, "not known: %s", m->lacks[i]);
}

static void print_doubts(const struct audit *a, FILE *out)
{
	for (size_t i = 0; i < a->global.series.n; i++) {
		const char *doubt = a->global.series.steps[i].doubt;
		if (!doubt)
			continue;
		if (streq(doubt, "sizes"))
			say(out, "~: the next one is so near that this kernel's inexact counters can turn the order round");
		else
			say(out, "~: not certain on this kernel: %s", doubt);
		return;
	}
}

static void print_cgroup(const struct audit *a, const struct ranking *r, FILE *out)
{
	const struct machine_cgroup *g = &a->machine->cgroups[r->cgroup];
	char now[32], limit[32];
	fputc('\n', out);
	say(out, "In %s, which uses %s of %s%s:", g->path, format_size(g->current, now),
	    g->limit == MACHINE_MAX ? "no limit" : format_size(g->limit, limit),
	    r->unit ? "" : " (so little that oom_score_adj has no effect)");
	if (g->oom_kill_disable)
		say(out, "oom_kill_disable is set: nobody is killed, its processes sleep");
	print_series(a, r, out);
}

/* Memory of some nodes only: of a cpuset, or of a bind policy. */
static void print_nodes(const struct audit *a, const struct ranking *r, FILE *out)
{
	char list[256], size[32];
	fputc('\n', out);
	say(out, "If node%s %s run%s out of memory for those whom a %s confines to %s (%s):", r->nodes & (r->nodes - 1) ? "s" : "",
	    format_mask(r->nodes, list), r->nodes & (r->nodes - 1) ? "" : "s",
	    r->constraint == CONSTRAINT_MEMORY_POLICY ? "memory policy" : "cpuset", r->nodes & (r->nodes - 1) ? "them" : "it",
	    format_size((uint64_t)audit_bytes(a, (int64_t)r->totalpages), size));
	print_series(a, r, out);
}

static void print_findings(const struct audit *a, FILE *out)
{
	fprintf(out, "\n%zu finding%s\n", a->n_findings, a->n_findings == 1 ? "" : "s");
	for (size_t i = 0; i < a->n_findings; i++) {
		const struct finding *f = &a->findings[i];
		CLEANUP_FREE char *text = xasprintf("%s: %s [%s]", f->subject, f->reason, f->id);
		CLEANUP_FREE char *remedy = xasprintf("remedy: %s", f->remedy);
		fprintf(out, "%-8s  ", severity_name(f->severity));
		print_words(out, text, 10, 10, terminal_width(out));
		fprintf(out, "%*s", 10, "");
		print_words(out, remedy, 10, 10, terminal_width(out));
	}
}

void audit_print(const struct audit *a, FILE *out)
{
	print_machine(a, out);
	fputs("\nIf the whole machine runs out of memory, these die, one after another:\n", out);
	print_series(a, &a->global, out);
	print_doubts(a, out);
	for (size_t i = 0; i < a->n_numa; i++)
		print_nodes(a, &a->numa[i], out);
	for (size_t i = 0; i < a->n_cgroups; i++)
		print_cgroup(a, &a->cgroups[i], out);
	print_findings(a, out);
}
