// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/drill_order.h"

#include "base/util.h"
#include "results/load.h"

/* The names of those that have a "Killed process" line by the rules, in order; borrowed. */
static size_t predicted(const struct drill *d, const char ***names)
{
	size_t n = 0;
	*names = NULL;
	for (size_t i = 0; i < d->n_steps; i++) {
		*names = xrealloc(*names, n + d->steps[i].n, sizeof(**names));
		for (size_t k = 0; k < d->steps[i].n; k++)
			(*names)[n++] = d->tasks[d->steps[i].victims[k]].name;
	}
	return n;
}

int drill_print_order(const struct drill *d, const char *dir, FILE *out, struct error *err)
{
	struct past_run *run = past_run_load(dir, err);
	if (!run)
		return -1;
	const json_t *killed = json_object_get(json_array_get(run->results, 0), "victims");
	CLEANUP_FREE const char **names = NULL;
	size_t n = predicted(d, &names), n_killed = json_array_size(killed), same = 0;
	if (!json_is_array(killed)) {
		past_run_free(run);
		return error_set(err, 0, "%s holds no result", dir);
	}
	fprintf(out, "%4s  %-16s %s\n", "", "by the rules", "killed");
	for (size_t i = 0; i < n || i < n_killed; i++) {
		const char *who = json_string_value(json_object_get(json_array_get(killed, i), "task"));
		bool equal = i < n && streq(names[i], who);
		same += equal;
		fprintf(out, "%4zu  %-16s %s%s\n", i + 1, i < n ? names[i] : "nobody", who ? who : i < n_killed ? "another one" : "nobody",
			equal ? "" : "   <-");
	}
	fprintf(out, "%zu of %zu in the predicted order\n", same, n > n_killed ? n : n_killed);
	past_run_free(run);
	return 0;
}
