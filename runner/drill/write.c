// SPDX-License-Identifier: GPL-2.0-or-later
/* The case file of a drill (docs/case-format.md). */
#include <inttypes.h>

#include "base/util.h"
#include "drill/drill.h"

static void write_cgroups(const struct drill *d, FILE *out)
{
	if (d->n_cgroups)
		fputs("cgroups:\n", out);
	for (size_t i = 0; i < d->n_cgroups; i++) {
		const struct drill_cgroup *g = &d->cgroups[i];
		fprintf(out, "  - {name: %s", g->name);
		if (g->limit)
			fprintf(out, ", limit: %" PRIu64, g->limit);
		if (!d->guest)
			fprintf(out, ", swap_limit: %" PRIu64, d->swap);
		fputs(g->group ? ", group: true}\n" : "}\n", out);
	}
}

static void write_tasks(const struct drill *d, FILE *out)
{
	fputs("tasks:\n", out);
	for (size_t i = 0; i < d->n_tasks; i++) {
		const struct drill_task *t = &d->tasks[i];
		fprintf(out, "  - {name: \"%s\", size: %" PRIu64, t->name, t->size);
		if (t->cgroup >= 0)
			fprintf(out, ", cgroup: %s", d->cgroups[t->cgroup].name);
		if (t->adj)
			fprintf(out, ", adj: %d", t->adj);
		if ((int)i == d->leak)
			fprintf(out, ", step: 256K, to: %" PRIu64, d->leak_to);
		fputs("}\n", out);
	}
}

static void write_names(const struct drill *d, const char *key, const int *tasks, size_t n, FILE *out)
{
	fprintf(out, "%s: [", key);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", d->tasks[tasks[i]].name);
	fputs("]", out);
}

static void write_expect(const struct drill *d, const struct drill_step *s, const char *indent, FILE *out)
{
	fprintf(out, "%s{", indent);
	write_names(d, "victims", s->victims, s->n, out);
	if (s->n_silent) {
		fputs(", ", out);
		write_names(d, "also_die", s->silent, s->n_silent, out);
	}
	fputs("}\n", out);
}

static void write_steps(const struct drill *d, FILE *out)
{
	fputs("steps:\n  - fill: [", out);
	for (size_t i = 0; i < d->n_tasks; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", d->tasks[i].name);
	fputs("]\n", out);
	for (size_t i = 0; i < d->n_steps; i++) {
		fputs("  - sysrq: f\n", out);
		write_expect(d, &d->steps[i], "  - expect: ", out);
	}
}

void drill_write(const struct drill *d, FILE *out)
{
	fprintf(out, "#!/usr/bin/env -S oomtests run\n# made by oomtests drill; sizes are %.4f of the original's\ntitle: \"%s\"\n", d->factor,
		d->title);
	for (size_t i = 0; i < d->n_notes; i++) {
		fputs("# ", out);
		for (const char *c = d->notes[i]; *c; c++)	/* names of others: nothing of them may end the comment */
			fputc((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f ? *c : '?', out);
		fputc('\n', out);
	}
	fprintf(out, "cgroup: %s\n", d->v1 ? "v1" : "v2");
	if (d->guest)
		fprintf(out, "machine: {memory: %" PRIu64 "M}\n", d->memory >> 20);
	write_cgroups(d, out);
	write_tasks(d, out);
	if (d->guest) {
		write_steps(d, out);
		return;
	}
	fprintf(out, "trigger: \"%s\"\nexpect:\n", d->tasks[d->leak].name);
	write_expect(d, &d->steps[0], "  - ", out);
}
