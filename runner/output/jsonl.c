// SPDX-License-Identifier: GPL-2.0-or-later
/* `oomtests run --json`: a line per result, the summary last. */
#include "base/util.h"
#include "output/printer.h"

static void dump(struct printer *p, json_t *value)
{
	json_dumpf(value, p->out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	fputc('\n', p->out);
	fflush(p->out);
	json_decref(value);
}

static void begin(struct printer *p, const struct run_facts *facts)
{
	(void)p;
	(void)facts;
}

static void result(struct printer *p, const struct result *r)
{
	dump(p, result_to_json(r));
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	dump(p, tally_to_json(t, not_run, seconds));
}

static void release(struct printer *p)
{
	free(p);
}

struct printer *printer_json(FILE *out)
{
	static const struct printer_ops ops = { .begin = begin, .result = result, .end = end, .free = release };
	struct printer *p = xcalloc(1, sizeof(*p));
	*p = (struct printer){ .ops = &ops, .out = out };
	return p;
}
