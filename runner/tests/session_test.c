// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include <sys/wait.h>

#include "base/util.h"
#include "run/session.h"
#include "tests/fake_target.h"
#include "tests/harness.h"

static struct kernel kernel = { .name = (char[]){ "k" } };
static struct session_marks marks;
static const char *collect[20000];	/* each adds a second to the time that a plan has, before it is scaled */

/* Runs the fake machine that behaves like that; checks that it is gone afterwards. */
static struct observation *run(const char *how, bool boot)
{
	fake_reset();
	for (size_t i = 0; i < ARRAY_SIZE(collect) - 1; i++)
		collect[i] = "/one";
	size_t first = streq(how, "late") ? 0 : ARRAY_SIZE(collect) - 3;
	collect[ARRAY_SIZE(collect) - 2] = "/two";
	CLEANUP_FREE char *cmdline = xstrdup(how);
	struct test test = { .id = cmdline, .path = cmdline, .title = cmdline };
	test.shape = (struct shape){ .memory = 1, .cpus = 1, .nodes = 1, .cmdline = cmdline };
	struct machine_request machine = { .kernel = &kernel, .shape = &test.shape };
	struct session_request rq = {
		.target = &fake_target,
		.machine = &machine,
		.test = &test,
		.hello = boot ? NULL : "{\"hello\":{\"release\":\"6.1.0-fake\"}}",
		.boot = boot,
		.collect = collect + first,
		/* deadlines that are to pass are short, those that are not have time on the busiest machine */
		.scale = streq(how, "silent") || streq(how, "late") || streq(how, "flood") || streq(how, "mute") ? 0.005 : 1,
	};
	json_t *plan;
	struct observation *seen = session_run(&rq, &plan, &marks);
	ck_assert_str_eq(json_string_value(json_object_get(plan, "id")), how);
	const json_t *steps = json_object_get(plan, "steps"), *last = json_array_get(steps, json_array_size(steps) - 1);
	ck_assert_str_eq(json_string_value(json_object_get(last, "op")), "read");
	ck_assert_str_eq(json_string_value(json_object_get(last, "path")), "/two");
	json_decref(plan);
	ck_assert_int_eq(fake_counts->stopped, fake_counts->started);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);	/* no child */
	return seen;
}

START_TEST(ends)
{
	for (int boot = 0; boot < 2; boot++) {
		struct observation *o = run("ends", boot);
		ck_assert_int_eq(o->fate, FATE_ENDED);
		ck_assert_ptr_null(o->fate_text);
		ck_assert_str_eq(json_string_value(json_object_get(o->hello, "release")), "6.1.0-fake");
		ck_assert_uint_eq(json_array_size(o->steps), 1);
		ck_assert_uint_eq(json_array_size(o->kmsg), 1);
		ck_assert_uint_eq(json_array_size(o->notes), 0);
		ck_assert(marks.running >= 0 && marks.running <= marks.plan_sent && marks.plan_sent <= marks.begun);
		ck_assert(marks.begun <= marks.first_step && marks.first_step <= marks.kill);
		ck_assert(marks.kill <= marks.end && marks.end <= marks.stopped);
		ck_assert(marks.begun_cpu > 0 && marks.begun_cpu <= marks.end_cpu);
		/* of the messages with the machine's time `begin` was the fastest */
		ck_assert(marks.zero >= marks.begun - 4 && marks.zero < marks.begun - 3.5);
		observation_free(o);
	}
}
END_TEST

START_TEST(goes_wrong)
{
	static const struct {
		const char *how;
		bool boot;
		enum fate fate;
		const char *text;
	} table[] = {
		{ "dies", false, FATE_DIED,
		  "the stream from the agent ended; no step was answered; the machine's process" },
		{ "silent", false, FATE_SILENT, "no end within" },
		{ "flood", false, FATE_SILENT, "no end within" },
		{ "no-hello", true, FATE_NOT_STARTED, "no agent answered: the machine's process" },
		{ "mute", true, FATE_NOT_STARTED, "no agent answered within" },
		{ "boot-panic", true, FATE_NOT_STARTED, "the kernel panicked before" },
		{ "unstartable", false, FATE_NOT_STARTED, "QEMU would not start" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct observation *o = run(table[i].how, table[i].boot);
		ck_assert_msg(o->fate == table[i].fate, "%s: fate %d", table[i].how, o->fate);
		ck_assert_msg(o->fate_text && starts_with(o->fate_text, table[i].text), "%s: \"%s\"", table[i].how,
			      o->fate_text ? o->fate_text : "");
		ck_assert(marks.end >= 0 && marks.first_step < 0 && marks.kill < 0);
		observation_free(o);
	}
}
END_TEST

/* Nobody waits for the rest of a plan that a wait has ended: here it would be longer than any unit test may take. */
START_TEST(late)
{
	struct observation *o = run("late", false);
	ck_assert_int_eq(o->fate, FATE_SILENT);
	ck_assert(starts_with(o->fate_text, "no end within"));
	observation_free(o);
}
END_TEST

START_TEST(panics)
{
	struct observation *o = run("panic", false);
	ck_assert_int_eq(o->fate, FATE_PANIC);
	ck_assert_ptr_nonnull(console_panic(o->console));
	ck_assert_ptr_nonnull(strstr(o->console, "compulsory"));
	ck_assert_ptr_nonnull(strstr(o->console, "end Kernel panic"));
	ck_assert_uint_eq(json_array_size(o->steps), 1);
	observation_free(o);
}
END_TEST

START_TEST(junk)
{
	struct observation *o = run("junk", false);
	ck_assert_int_eq(o->fate, FATE_ENDED);
	ck_assert_uint_eq(json_array_size(o->notes), 4);
	ck_assert_uint_eq(json_array_size(o->steps), 1);
	observation_free(o);
	o = run("huge", false);
	ck_assert_int_eq(o->fate, FATE_ENDED);
	ck_assert_uint_eq(json_array_size(o->errors), 1);
	ck_assert_uint_eq(json_array_size(o->steps), 1);
	observation_free(o);
}
END_TEST

/* Each order is answered: done, refused by the guest, not possible, not understood. */
START_TEST(acts)
{
	static const char *const answers[] = {
		"{'host':{'step':0,'errno':null,'error':null}}", "{'host':{'step':1,'errno':'EBUSY','error':null}}",
		"{'host':{'step':2,'errno':null,'error':'no such disk'}}",
		"{'host':{'step':3,'errno':null,'error':''explode' is nothing that a host does",
	};
	struct observation *o = run("asks", false);
	ck_assert_int_eq(o->fate, FATE_ENDED);
	ck_assert_uint_eq(json_array_size(o->notes), ARRAY_SIZE(answers));
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		const char *note = json_string_value(json_array_get(o->notes, i));
		ck_assert_msg(note && starts_with(note, answers[i]), "%s", note ? note : "?");
	}
	observation_free(o);
}
END_TEST

TESTS("session", ends, goes_wrong, late, panics, junk, acts)
