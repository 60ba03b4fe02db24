// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: the machine under test says anything. The input is a kept observation (a .json of `run -o`, or one of
 * runner/tests/observations), changed so that it stays JSON. Judging it must end with a verdict in words; and the same said
 * line by line on the agent's stream, however the bytes come, must be filed as the kept form says.
 */
#include <jansson.h>
#include <sys/mman.h>

#include "base/util.h"
#include "case/case.h"
#include "judge/judge.h"
#include "judge/observation.h"
#include "judge/record.h"
#include "output/printer.h"
#include "run/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct test_list tests;

/* The tests that the recorded observations are of, found from the top of the tree or from the build below it. */
static void load_tests(void)
{
	static const char *const dirs[] = { "runner/tests/observations/cases", "../runner/tests/observations/cases" };
	struct error err = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !tests.n; i++) {
		struct case_set *set = case_set_find(NULL, 0, dirs[i], &err);
		if (set && case_set_expand(set, NULL, &tests, &err) < 0)
			fprintf(stderr, "%s\n", err.text);
		case_set_free(set);
	}
	if (!tests.n) {
		fprintf(stderr, "no cases: run it at the top of the tree, or in build-fuzz: %s\n", err.text);
		abort();
	}
}

static const struct test *test_of(const json_t *doc)
{
	const char *id = json_string_value(json_object_get(doc, "id"));
	for (size_t i = 0; i < tests.n; i++)
		if (streq(tests.tests[i]->id, id))
			return tests.tests[i];
	return tests.tests[json_object_size(doc) % tests.n];
}

/* By one of the three printers: an input's turn is decided by its size, three times as many inputs are tried. */
static void print_by(const struct result *r, size_t turn)
{
	struct printer *(*const make[])(FILE *) = { printer_tap, printer_json };
	const char *const kernels[] = { "k" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct printer *p = turn < ARRAY_SIZE(make) ? make[turn](out) : printer_human(out, 80, true);
	p->ops->begin(p, &(struct run_facts){ .n_tests = 1, .kernels = kernels, .n_kernels = 1, .target = "vm" });
	p->ops->result(p, r);
	struct tally tally = { 0 };
	tally_add(&tally, r->verdict);
	p->ops->end(p, &tally, 1, 0);
	printer_free(p);
	fclose(out);
	for (size_t k = 0; k < len; k++)
		if ((unsigned char)text[k] < 0x20 && text[k] != '\n')
			abort();
	free(text);
}

static void judge_it(const struct test *test, const struct observation *o, size_t turn)
{
	struct result *r = result_new(test->id, test->title, "k", "vm");
	judge(test, o, "6.1.0-40-cloud-amd64", r);
	if ((r->verdict == VERDICT_PASS && result_failed_checks(r)) || (r->verdict == VERDICT_ERROR && !r->why))
		abort();
	json_t *j = result_to_json(r);
	struct error err;
	struct result *again = result_from_json(j, &err);
	if (!again)
		abort();
	result_free(again);
	json_decref(j);
	print_by(r, turn);
	result_free(r);
}

static void say(int fd, const char *name, json_t *value)
{
	json_t *message = json_pack("{sO}", name, value);
	CLEANUP_FREE char *line = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (line && (write_all(fd, line, strlen(line)) < 0 || write_all(fd, "\n", 1) < 0))
		abort();
}

static void say_each(int fd, const char *name, const json_t *list)
{
	size_t i;
	json_t *value;
	json_array_foreach(list, i, value)
		say(fd, name, value);
}

static void feed(void *context, const char *line, size_t len)
{
	if (line[len])
		abort();
	observation_feed(context, line, len);
}

/* Said and heard again: what the kept form has of well-formed messages must be there, and nothing else. */
static void on_the_wire(const struct test *test, const struct observation *o, size_t turn)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	if (o->hello)
		say(fd, "hello", o->hello);
	say_each(fd, "step", o->steps);
	say_each(fd, "snapshot", o->snapshots);
	say_each(fd, "exit", o->exits);
	say_each(fd, "answer", o->answers);
	say_each(fd, "error", o->errors);
	say_each(fd, "note", o->notes);
	say(fd, "kmsg", o->kmsg);
	if (o->missing)
		say(fd, "missing", o->missing);
	if (o->end)
		say(fd, "end", o->end);
	lseek(fd, 0, SEEK_SET);
	struct observation *heard = observation_new();
	struct lines lines = { .max = 1 << 16 };
	while (lines_read(&lines, fd, feed, heard) > 0)
		;
	lines_release(&lines);
	close(fd);
	heard->fate = FATE_ENDED;
	json_t *kept = observation_to_json(heard);
	struct observation *again = observation_from_json(kept, NULL);
	if (!again)
		abort();
	json_decref(kept);
	judge_it(test, again, turn);
	observation_free(again);
	observation_free(heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!tests.n)
		load_tests();
	json_t *doc = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	struct error err;
	struct observation *o = observation_from_json(json_object_get(doc, "observation"), &err);
	/* one of the two ways in: the judge itself is what takes the time */
	if (o && size / 3 % 2)
		judge_it(test_of(doc), o, size % 3);
	else if (o)
		on_the_wire(test_of(doc), o, size % 3);
	observation_free(o);
	json_decref(doc);
	return 0;
}
