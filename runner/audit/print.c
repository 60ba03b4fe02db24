// SPDX-License-Identifier: GPL-2.0-or-later
/* An audit for people. Names come from processes and may hold anything: all of them pass printable(). */
#include <inttypes.h>
#include <sys/ioctl.h>

#include "audit/audit.h"
#include "audit/pods.h"
#include "base/bytes.h"
#include "base/printable.h"
#include "base/util.h"
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

static void add_row(const struct audit *a, struct libscols_table *table, size_t number, const struct model_step *s)
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
	scols_line_refer_data(line, COL_WITH, with(a, s));
}

static void print_series(const struct audit *a, const struct ranking *r, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	struct winsize size = { 0 };
	bool terminal = isatty(fileno(out)) == 1 && ioctl(fileno(out), TIOCGWINSZ, &size) == 0;
	if (!table)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		scols_table_new_column(table, columns[i].name, columns[i].width,
				       terminal ? columns[i].flags : columns[i].flags & SCOLS_FL_RIGHT);
	scols_table_set_stream(table, out);
	for (size_t i = 0; i < r->series.n; i++)
		add_row(a, table, i + 1, &r->series.steps[i]);
	fflush(out);
	if (r->series.n)
		table_print(table);
	scols_unref_table(table);
	if (!r->series.all)
		return;
	if (r->series.panic)
		fprintf(out, "then nobody is left, and the kernel panics: %s\n", r->series.panic);
	else
		fputs("then nobody is left that can be killed\n", out);
}

static void print_machine(const struct audit *a, FILE *out)
{
	const struct machine *m = a->machine;
	char ram[32], swap[32];
	CLEANUP_FREE char *release = safe(xstrdup(m->release ? m->release : "(release not known)"));
	fprintf(out, "Linux %s, %s memory, %s swap, %d CPU%s, %zu processes, %zu %s memory cgroups\n", release,
		format_size((uint64_t)audit_bytes(a, (int64_t)a->scene.machine.totalram), ram),
		format_size((uint64_t)audit_bytes(a, (int64_t)a->scene.machine.total_swap), swap), m->cpus, m->cpus == 1 ? "" : "s",
		m->n_tasks, m->n_cgroups, m->memory_v2 ? "v2" : m->memory_v1 ? "v1" : "visible");
	if (m->vanished)
		fprintf(out, "%zu processes ended while they were read\n", m->vanished);
	if (a->n_differing)
		fprintf(out, "%zu of the oom_scores are not what the rules of this release say: sizes changed meanwhile, or the kernel has other rules\n",
			a->n_differing);
	for (size_t i = 0; i < m->n_lacks; i++) {
		CLEANUP_FREE char *lack = printable(m->lacks[i]);
		fprintf(out, "not known: %s\n", lack);
	}
}

static void print_doubts(const struct audit *a, FILE *out)
{
	for (size_t i = 0; i < a->global.series.n; i++) {
		const char *doubt = a->global.series.steps[i].doubt;
		if (!doubt)
			continue;
		if (streq(doubt, "sizes"))
			fputs("~: the next one is so near that this kernel's inexact counters can turn the order round\n", out);
		else
			fprintf(out, "~: not certain on this kernel: %s\n", doubt);
		return;
	}
}

static void print_cgroup(const struct audit *a, const struct ranking *r, FILE *out)
{
	const struct machine_cgroup *g = &a->machine->cgroups[r->cgroup];
	CLEANUP_FREE char *path = printable(g->path);
	char now[32], limit[32];
	fprintf(out, "\nIn %s, which uses %s of %s", path, format_size(g->current, now),
		g->limit == MACHINE_MAX ? "no limit" : format_size(g->limit, limit));
	if (!r->unit)
		fputs(" (so little that oom_score_adj has no effect)", out);
	fputs(":\n", out);
	if (g->oom_kill_disable)
		fputs("oom_kill_disable is set: nobody is killed, its processes sleep\n", out);
	print_series(a, r, out);
}

/* Memory of some nodes only: of a cpuset, or of a bind policy. */
static void print_nodes(const struct audit *a, const struct ranking *r, FILE *out)
{
	char list[256], size[32];
	fprintf(out, "\nIf node%s %s run%s out of memory for those whom a %s confines to %s (%s):\n", r->nodes & (r->nodes - 1) ? "s" : "",
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
		CLEANUP_FREE char *subject = printable(f->subject), *reason = printable(f->reason), *remedy = printable(f->remedy);
		fprintf(out, "%-8s  %s: %s [%s]\n          remedy: %s\n", severity_name(f->severity), subject, reason, f->id, remedy);
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
