// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: the agent's stream as bytes. The first byte says how many come at once, the second how long a line may be.
 * Every line that is not too long must come out once, whole and in order; each is a message or a note, and what is kept
 * of them reads back the same.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>

#include "base/util.h"
#include "judge/observation.h"
#include "run/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct expected {
	const char *at, *end;	/* what is still to come */
	size_t max;
	struct observation *seen;
};

static size_t next_length(const struct expected *e)
{
	const char *nl = memchr(e->at, '\n', (size_t)(e->end - e->at));
	return (size_t)((nl ? nl : e->end) - e->at);
}

static void skip_long(struct expected *e)
{
	for (size_t n; e->at < e->end && (n = next_length(e)) > e->max && e->at + n < e->end;)
		e->at += n + 1;
}

static void on_line(void *context, const char *line, size_t len)
{
	struct expected *e = context;
	skip_long(e);
	if (e->at > e->end || len != next_length(e) || memcmp(line, e->at, len) != 0 || line[len])
		abort();
	e->at += len + (e->at + len < e->end);
	observation_feed(e->seen, line, len);
}

static void read_back(const struct observation *o)
{
	json_t *kept = observation_to_json(o), *twice;
	struct error err;
	struct observation *back = observation_from_json(kept, &err);
	if (!back)
		abort();
	twice = observation_to_json(back);
	if (!json_equal(kept, twice))
		abort();
	json_decref(kept);
	json_decref(twice);
	observation_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int ends[2];
	if (size < 2 || pipe2(ends, O_NONBLOCK) < 0)
		return 0;
	size_t piece = data[0] ? data[0] : 4096;
	struct expected e = { (const char *)data + 2, (const char *)data + size, data[1] ? data[1] * 16 : SIZE_MAX,
			      observation_new() };
	struct lines lines = { .max = e.max };
	for (const char *p = e.at; p < e.end; p += piece) {
		size_t n = (size_t)(e.end - p) < piece ? (size_t)(e.end - p) : piece;
		if (write_all(ends[1], p, n) < 0)
			abort();
		while (lines_read(&lines, ends[0], on_line, &e) > 0)
			;
	}
	close(ends[1]);
	while (lines_read(&lines, ends[0], on_line, &e) > 0)
		;
	skip_long(&e);
	/* a last line without newline that is too long is not handed out */
	if (e.at < e.end && !(next_length(&e) > e.max && e.at + next_length(&e) == e.end))
		abort();
	close(ends[0]);
	lines_release(&lines);
	read_back(e.seen);
	observation_free(e.seen);
	return 0;
}
