// SPDX-License-Identifier: GPL-2.0-or-later
/* --metrics: what node_exporter's textfile collector reads. Written beside and renamed, so that no half file is ever seen. */
#include <inttypes.h>

#include "base/printable.h"
#include "base/util.h"
#include "watch/state.h"

/* A label's value: `\`, `"` and newlines are escaped; other bytes that are no text too. */
static char *label(const char *text)
{
	CLEANUP_FREE char *safe = printable(text);
	char *out = xcalloc(2 * strlen(safe) + 1, 1), *to = out;
	for (const char *c = safe; *c; c++) {
		if (*c == '"' || *c == '\\')
			*to++ = '\\';
		*to++ = *c;
	}
	return out;
}

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_all_metrics(const struct watch *w, FILE *f)
{
	head(f, "oomtests_memory_used_ratio", "gauge", "Part of memory that is not available.");
	fprintf(f, "oomtests_memory_used_ratio %d.%02d\n", w->memory_percent / 100, w->memory_percent % 100);
	head(f, "oomtests_oom_kills_total", "counter", "Processes killed by the OOM killer since the watch began.");
	fprintf(f, "oomtests_oom_kills_total{domain=\"memcg\"} %" PRIu64 "\n", w->kills_memcg);
	fprintf(f, "oomtests_oom_kills_total{domain=\"global\"} %" PRIu64 "\n", w->kills - w->kills_memcg);
	head(f, "oomtests_events_total", "counter", "Events told, by type.");
	for (size_t i = 0; i < EVENT_TYPES && w->counts[i].type; i++)
		fprintf(f, "oomtests_events_total{type=\"%s\"} %" PRIu64 "\n", w->counts[i].type, w->counts[i].n);
	head(f, "oomtests_exec_skipped_total", "counter", "Events for which the command could not be run.");
	fprintf(f, "oomtests_exec_skipped_total %" PRIu64 "\n", w->exec_skipped);
	head(f, "oomtests_cgroup_used_ratio", "gauge", "Part of its limit that a limited memory cgroup uses, without inactive page cache.");
	for (size_t i = 0; i < cgroups_count(w); i++) {
		int percent;
		CLEANUP_FREE char *path = label(cgroups_percent(w, i, &percent));
		fprintf(f, "oomtests_cgroup_used_ratio{cgroup=\"%s\"} %d.%02d\n", path, percent / 100, percent % 100);
	}
}

void metrics_write(struct watch *w)
{
	if (!w->options->metrics)
		return;
	CLEANUP_FREE char *beside = xasprintf("%s.%d.tmp", w->options->metrics, (int)getpid());
	FILE *f = fopen(beside, "we");
	if (!f)
		return;		/* told at the start; a disk that is full now may have room later */
	write_all_metrics(w, f);
	bool bad = ferror(f);
	bad = fclose(f) != 0 || bad;
	if (bad || rename(beside, w->options->metrics) < 0)
		unlink(beside);
}
