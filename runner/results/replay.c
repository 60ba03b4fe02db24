// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/replay.h"

#include "base/util.h"

/* A result as it was printed the first time: the path of what was kept begins with the directory again. */
static struct result *take_result(const struct past_run *p, const json_t *line, struct error *err)
{
	struct result *r = result_from_json(line, err);
	if (r && r->kept) {
		CLEANUP_FREE char *base = past_run_base(p, line);
		free(r->kept);
		r->kept = xasprintf("%s.json", base);
	}
	return r;
}

static void print_all(const struct past_run *p, struct result *const *results, size_t n, struct printer *printer, struct tally *tally)
{
	const json_t *kernels = json_object_get(p->run, "kernels");
	size_t n_kernels = json_array_size(kernels);
	CLEANUP_FREE const char **names = xcalloc(n_kernels + 1, sizeof(*names));
	for (size_t i = 0; i < n_kernels; i++)
		names[i] = json_string_value(json_object_get(json_array_get(kernels, i), "name"));
	const char *target = json_string_value(json_object_get(p->run, "target"));
	struct run_facts facts = { .n_tests = n, .kernels = names, .n_kernels = n_kernels, .target = target ? target : "" };
	printer->ops->begin(printer, &facts);
	for (size_t i = 0; i < n; i++) {
		tally_add(tally, results[i]->verdict);
		printer->ops->result(printer, results[i]);
	}
	printer->ops->end(printer, tally, p->seconds, 0);
}

int replay(const struct past_run *p, struct printer *printer, struct tally *tally, struct error *err)
{
	size_t n = json_array_size(p->results), taken = 0;
	struct result **results = xcalloc(n + 1, sizeof(struct result *));
	while (taken < n && (results[taken] = take_result(p, json_array_get(p->results, taken), err)))
		taken++;
	*tally = (struct tally){ 0 };
	if (taken == n)
		print_all(p, results, n, printer, tally);
	for (size_t i = 0; i < taken; i++)
		result_free(results[i]);
	free(results);
	return taken == n ? 0 : -1;
}
