// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/printable.h"
#include "base/util.h"
#include "output/grid.h"
#include "output/keep.h"
#include "output/printer.h"
#include "output/xml.h"
#include "tests/harness.h"
#include "tests/validate.h"

#define N 6

static struct result *results[N];
static struct tally tally;

/* One of each verdict, and one with all that could break a line or a terminal. */
static void make_results(void)
{
	results[0] = result_new("memcg/largest-dies[cgroup=v2,swap=none]", "the largest process is killed", "debian:bookworm", "vm");
	result_check(results[0], "victims", true, "cases/memcg/largest-dies.yaml:22:5", "big", "big");
	result_victim(results[0], "big", 71);
	results[0]->predicted = xstrdup("big");
	results[0]->margin_pages = 5120;
	results[0]->seconds = 1.3004;
	result_say(results[0], VERDICT_PASS, "%s", "");
	results[1] = result_new("memcg/group-kill[cgroup=v2]", "a group dies as one", "debian:bookworm", "vm");
	result_check(results[1], "victims", true, NULL, "a", "a");
	result_check(results[1], "memory.events oom_group_kill of box", false, "cases/memcg/group-kill.yaml:30:7", "1", "0");
	result_check(results[1], "survivors answer", false, NULL, "outside, bystander", "outside");
	results[1]->seconds = 2;
	results[1]->kept = xstrdup("results/runs/x/memcg/group-kill[cgroup=v2].json");
	result_say(results[1], VERDICT_FAIL, "%s", "");
	results[2] = result_new("numa/bind-kills-on-node[memory=1G]", "only tasks on the node die", "debian:bookworm", "vm");
	result_say(results[2], VERDICT_SKIP, "needs nodes 2: the machine has one, use a kernel with CONFIG_NUMA");
	results[3] = result_new("global/largest-dies", "the largest process is killed", "debian:bookworm", "vm");
	result_say(results[3], VERDICT_ERROR, "no end within 130 s; the last answer was to step 3 (grow)");
	results[3]->seconds = 130.04;
	results[4] = result_new("memcg/known-bug", "a bug", "debian:bookworm", "vm");
	result_say(results[4], VERDICT_XFAIL, "bug 0123456789ab: fixed in 6.9");
	results[4]->seconds = .5;
	results[5] = result_new("odd/#1 \\x\nname", "title: \"quoted\"", "debian:bookworm", "vm");
	result_check(results[5], "comm", false, NULL, "a\"b\\c", "\x1b[31m\xff\xc2\x85\n");
	result_say(results[5], VERDICT_FAIL, "%s", "");
	tally = (struct tally){ 0 };
	for (size_t i = 0; i < N; i++)
		tally_add(&tally, results[i]->verdict);
}

static char *print(struct printer *(*make)(FILE *out), size_t not_run)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	static const char *const kernels[] = { "debian:bookworm" };
	/* the last one has no result where the run ended early */
	static const struct planned_test planned[N + 1] = {
		{ "memcg/largest-dies[cgroup=v2,swap=none]", "", "debian:bookworm" }, { "memcg/group-kill[cgroup=v2]", "", "debian:bookworm" },
		{ "numa/bind-kills-on-node[memory=1G]", "", "debian:bookworm" }, { "global/largest-dies", "", "debian:bookworm" },
		{ "memcg/known-bug", "", "debian:bookworm" }, { "odd/#1 \\x\nname", "", "debian:bookworm" },
		{ "memcg/not-reached[cgroup=v1]", "it comes last", "debian:bookworm" },
	};
	struct run_facts facts = { .n_tests = N + (not_run == 1), .planned = planned, .kernels = kernels, .n_kernels = 1, .target = "vm" };
	make_results();
	struct printer *p = make(out);
	p->ops->begin(p, &facts);
	for (size_t i = 0; i < N; i++)
		p->ops->result(p, results[i]);
	p->ops->end(p, &tally, 136.25, not_run);
	printer_free(p);
	fclose(out);
	for (size_t i = 0; i < N; i++)
		result_free(results[i]);
	return text;
}

static void same(const char *got, const char *wanted)
{
	size_t at = 0;
	while (got[at] && got[at] == wanted[at])
		at++;
	if (got[at] != wanted[at])
		ck_abort_msg("differs at byte %zu (\"%.30s\", wanted \"%.30s\"):\n%s", at, got + at, wanted + at, got);
}

static const char tap_golden[] =
	"TAP version 13\n"
	"1..6\n"
	"ok 1 - memcg/largest-dies[cgroup=v2,swap=none]\n"
	"not ok 2 - memcg/group-kill[cgroup=v2]\n"
	"  ---\n"
	"  verdict: \"fail\"\n"
	"  title: \"a group dies as one\"\n"
	"  kernel: \"debian:bookworm\"\n"
	"  failed:\n"
	"    - check: \"memory.events oom_group_kill of box\"\n"
	"      expected: \"1\"\n"
	"      seen: \"0\"\n"
	"      at: \"cases/memcg/group-kill.yaml:30:7\"\n"
	"    - check: \"survivors answer\"\n"
	"      expected: \"outside, bystander\"\n"
	"      seen: \"outside\"\n"
	"  kept: \"results/runs/x/memcg/group-kill[cgroup=v2].json\"\n"
	"  ...\n"
	"ok 3 - numa/bind-kills-on-node[memory=1G] # SKIP needs nodes 2: the machine has one, use a kernel with CONFIG_NUMA\n"
	"not ok 4 - global/largest-dies\n"
	"  ---\n"
	"  verdict: \"error\"\n"
	"  title: \"the largest process is killed\"\n"
	"  kernel: \"debian:bookworm\"\n"
	"  error: \"no end within 130 s; the last answer was to step 3 (grow)\"\n"
	"  ...\n"
	"not ok 5 - memcg/known-bug # TODO bug 0123456789ab: fixed in 6.9\n"
	"  ---\n"
	"  verdict: \"xfail\"\n"
	"  title: \"a bug\"\n"
	"  kernel: \"debian:bookworm\"\n"
	"  why: \"bug 0123456789ab: fixed in 6.9\"\n"
	"  ...\n"
	"not ok 6 - odd/\\#1 \\\\x\\\\nname\n"
	"  ---\n"
	"  verdict: \"fail\"\n"
	"  title: \"title: \\\"quoted\\\"\"\n"
	"  kernel: \"debian:bookworm\"\n"
	"  failed:\n"
	"    - check: \"comm\"\n"
	"      expected: \"a\\\"b\\\\c\"\n"
	"      seen: \"\\x1b[31m\\xff\\x85\\n\"\n"
	"  ...\n"
	"# 1 passed, 2 failed, 1 skipped, 1 errors, 1 xfailed in 136.2 s\n";

START_TEST(tap_text)
{
	CLEANUP_FREE char *text = print(printer_tap, 0);
	same(text, tap_golden);
	CLEANUP_FREE char *cut = print(printer_tap, 3);
	ck_assert_ptr_nonnull(strstr(cut, "\nBail out! ended early, 3 not run\n"));
}
END_TEST

/* What prove(1) makes of it: 4 is the number of `not ok` that are no TODO. */
START_TEST(tap_for_prove)
{
	if (system("command -v prove >/dev/null") != 0)
		return;
	char path[] = "/tmp/output-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	CLEANUP_FREE char *text = print(printer_tap, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
	CLEANUP_FREE char *command = xasprintf("prove -e cat %s", path);
	FILE *prove = popen(command, "r");
	CLEANUP_FREE char *said = xcalloc(65536, 1);
	ck_assert_uint_gt(fread(said, 1, 65535, prove), 0);
	int status = pclose(prove);
	unlink(path);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s", said);
	ck_assert_msg(strstr(said, "Tests: 6 Failed: 3") && strstr(said, "2, 4, 6"), "%s", said);
	ck_assert_msg(!strstr(said, "Parse errors"), "%s", said);
}
END_TEST

START_TEST(json)
{
	CLEANUP_FREE char *text = print(printer_json, 0);
	static const char first[] =
		"{\"id\":\"memcg/largest-dies[cgroup=v2,swap=none]\",\"title\":\"the largest process is killed\","
		"\"kernel\":\"debian:bookworm\",\"target\":\"vm\",\"verdict\":\"pass\",\"why\":null,\"checks\":[{\"name\":\"victims\","
		"\"ok\":true,\"expected\":\"big\",\"seen\":\"big\",\"where\":\"cases/memcg/largest-dies.yaml:22:5\"}],"
		"\"victims\":[{\"task\":\"big\",\"pid\":71}],\"predicted\":\"big\",\"margin_pages\":5120,";
	ck_assert_msg(starts_with(text, first), "%.*s", (int)sizeof(first), text);
	size_t lines = 0;
	char *rest = text, *line;
	json_t *last = NULL;
	while ((line = strsep(&rest, "\n")) && *line) {
		json_decref(last);
		last = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json_is_object(last), "%s", line);
		if (lines++ == 5) {
			struct result *r = result_from_json(last, NULL);
			ck_assert_str_eq(r->id, "odd/#1 \\x\nname");
			ck_assert_uint_eq(result_failed_checks(r), 1);
			result_free(r);
		}
	}
	ck_assert_uint_eq(lines, N + 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "passed")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "failed")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "skipped")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "errors")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "xfailed")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(last, "not_run")), 0);
	ck_assert(json_number_value(json_object_get(last, "seconds")) > 136);
	json_decref(last);
	CLEANUP_FREE char *cut = print(printer_json, 3);
	ck_assert_ptr_nonnull(strstr(cut, "\"not_run\":3,\"seconds\":136.25}\n"));
}
END_TEST

/* Into a file, for a validator. The path is static. */
static const char *print_file(struct printer *(*make)(FILE *out), size_t not_run)
{
	static char path[64];
	strcpy(path, "/tmp/output-test-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	CLEANUP_FREE char *text = print(make, not_run);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
	return path;
}

START_TEST(ktap)
{
	static const char golden[] =
		"KTAP version 1\n"
		"1..6\n"
		"ok 1 memcg/largest-dies[cgroup=v2,swap=none]\n"
		"# memory.events oom_group_kill of box (cases/memcg/group-kill.yaml:30:7)\n"
		"#     expected 1\n"
		"#     seen     0\n"
		"# survivors answer\n"
		"#     expected outside, bystander\n"
		"#     seen     outside\n"
		"# kept: results/runs/x/memcg/group-kill[cgroup=v2].json\n"
		"not ok 2 memcg/group-kill[cgroup=v2]\n"
		"ok 3 numa/bind-kills-on-node[memory=1G] # SKIP needs nodes 2: the machine has one, use a kernel with CONFIG_NUMA\n"
		"# no end within 130 s; the last answer was to step 3 (grow)\n"
		"not ok 4 global/largest-dies # ERROR no end within 130 s; the last answer was to step 3 (grow)\n"
		"# bug 0123456789ab: fixed in 6.9\n"
		"ok 5 memcg/known-bug # XFAIL bug 0123456789ab: fixed in 6.9\n"
		"# comm\n"
		"#     expected a\"b\\c\n"
		"#     seen     \\x1b[31m\\xff\\x85\n"
		"not ok 6 odd/\\#1 \\\\x\\\\nname\n"
		"# Totals: pass:1 fail:2 xfail:1 xpass:0 skip:1 error:1\n";
	CLEANUP_FREE char *text = print(printer_ktap, 0);
	same(text, golden);
	CLEANUP_FREE char *cut = print(printer_ktap, 3);
	ck_assert_ptr_nonnull(strstr(cut, "# ended early, 3 not run\n"));
}
END_TEST

START_TEST(junit)
{
	CLEANUP_FREE char *text = print(printer_junit, 0);
	ck_assert_ptr_nonnull(strstr(text, "<testsuites name=\"oomtests\" tests=\"6\" failures=\"2\" errors=\"1\" skipped=\"2\" time=\"133.840\">"));
	ck_assert_ptr_nonnull(strstr(text, "<testcase classname=\"oomtests.numa\" name=\"bind-kills-on-node[memory=1G]\" "
				     "time=\"0.000\">\n      <skipped message=\"needs nodes 2: the machine has one, use a kernel with "
				     "CONFIG_NUMA\"/>\n"));
	ck_assert_ptr_nonnull(strstr(text, "<skipped message=\"a known bug was seen: bug 0123456789ab: fixed in 6.9\">"));
	ck_assert_ptr_nonnull(strstr(text, "<failure message=\"comm: expected a&quot;b\\c, seen \\x1b[31m\\xff\\x85\\n\">"));
	ck_assert_ptr_nonnull(strstr(text, " name=\"#1 \\x\\nname\""));
	if (!have_validator("xmllint"))
		return;
	const char *path = print_file(printer_junit, 2);
	validate(0, "xmllint --noout --schema results/schema/junit.xsd %s", path);
	validate(1, "sed 's/<skipped/<skip/' %s | xmllint --noout --schema results/schema/junit.xsd -", path);	/* it can say no */
	unlink(path);
}
END_TEST

/* Whatever a guest says: XML stays XML, and says the same. */
START_TEST(xml_text)
{
	static const struct {
		const char *raw, *attribute, *content;
	} table[] = {
		{ "plain", "plain", "plain" },
		{ "<a href=\"x\">&amp;</a>", "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;",
		  "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;" },
		{ "]]>", "]]&gt;", "]]&gt;" },
		{ "<!--", "&lt;!--", "&lt;!--" },
		{ "a\nb\tc", "a\\nb\\x09c", "a\nb\tc" },
		{ "\x01\x1b", "\\x01\\x1b", "\\x01\\x1b" },
		{ "\xef\xbf\xbe\xef\xbf\xbf", "\\xef\\xbf\\xbe\\xef\\xbf\\xbf", "\\xef\\xbf\\xbe\\xef\\xbf\\xbf" },
		{ "\xff\xc3", "\\xff\\xc3", "\\xff\\xc3" },
		{ "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x92\xa5", "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x92\xa5",
		  "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x92\xa5" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (int content = 0; content < 2; content++) {
			char *text;
			size_t len;
			FILE *out = open_memstream(&text, &len);
			(content ? xml_content : xml_attribute)(out, table[i].raw);
			fclose(out);
			ck_assert_str_eq(text, content ? table[i].content : table[i].attribute);
			free(text);
		}
	}
}
END_TEST

START_TEST(kcidb)
{
	unsetenv("OOMTESTS_KCIDB_ORIGIN");
	unsetenv("OOMTESTS_KCIDB_BUILD");
	struct error err = { 0 };
	setenv("OOMTESTS_KCIDB_BUILD", "No Origin:abc", 1);
	ck_assert_ptr_null(printer_form_find("kcidb", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "OOMTESTS_KCIDB_BUILD: \"No Origin:abc\" is not the id of a build"));
	setenv("OOMTESTS_KCIDB_BUILD", "kernelci:abc", 1);
	for (int given = 1; given >= 0; given--) {
		if (!given)
			unsetenv("OOMTESTS_KCIDB_BUILD");
		ck_assert_ptr_nonnull(printer_form_find("kcidb", &err));
		CLEANUP_FREE char *text = print(printer_kcidb, 0);
		json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *tests = json_object_get(root, "tests");
		static const char *const statuses[] = { "PASS", "FAIL", "SKIP", "ERROR", "FAIL", "FAIL" };
		ck_assert_uint_eq(json_array_size(tests), N);
		for (size_t i = 0; i < N; i++) {
			json_t *test = json_array_get(tests, i);
			ck_assert_str_eq(json_string_value(json_object_get(test, "status")), statuses[i]);
			ck_assert_str_eq(json_string_value(json_object_get(test, "build_id")),
					 given == 1 ? "kernelci:abc" : "oomtests:debian:bookworm");
		}
		ck_assert_str_eq(json_string_value(json_object_get(json_array_get(tests, 0), "path")),
				 "oomtests.memcg.largest-dies.cgroup-v2_swap-none");
		ck_assert_str_eq(json_string_value(json_object_get(json_array_get(tests, 5), "path")), "oomtests.odd.-1--x-name");
		ck_assert_int_eq(json_object_get(root, "builds") != NULL, given != 1);
		json_decref(root);
	}
	CLEANUP_FREE char *cut = print(printer_kcidb, 1);
	json_t *root = json_loads(cut, 0, NULL), *missing = json_array_get(json_object_get(root, "tests"), N);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "tests")), N + 1);
	ck_assert_str_eq(json_string_value(json_object_get(missing, "status")), "MISS");
	ck_assert_str_eq(json_string_value(json_object_get(missing, "path")), "oomtests.memcg.not-reached.cgroup-v1");
	ck_assert_str_eq(json_string_value(json_object_get(missing, "comment")), "it comes last");
	json_decref(root);
	const char *path = print_file(printer_kcidb, 1);
	validate_json(0, "kcidb", path);
	if (have_validator("jsonschema"))
		validate(1, "sed -i 's/\"PASS\"/\"PASSED\"/' %s; jsonschema -i %s results/schema/kcidb.json", path, path);
	unlink(path);
}
END_TEST

static struct printer *annotated(FILE *out)
{
	return printer_github(out, printer_tap(out));
}

START_TEST(github)
{
	CLEANUP_FREE char *text = print(annotated, 0);
	static const char fail[] =
		"::error file=cases/memcg/group-kill.yaml,line=30,col=7,title=fail%3A memcg/group-kill[cgroup=v2] (debian%3Abookworm)::"
		"memory.events oom_group_kill of box (cases/memcg/group-kill.yaml:30:7)%0A    expected 1%0A    seen     0%0A";
	ck_assert_msg(strstr(text, fail), "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\n::error title=error%3A global/largest-dies (debian%3Abookworm)::no end within 130 s; the"));
	ck_assert_ptr_nonnull(strstr(text, "\n::notice title=xfail%3A memcg/known-bug"));
	ck_assert_ptr_nonnull(strstr(text, "\nok 3 - "));
	size_t commands = 0;
	for (const char *c = text; (c = strstr(c, "\n::")); c++)
		commands++;
	ck_assert_uint_eq(commands, 4);	/* nothing of what a guest said has become one */
}
END_TEST

START_TEST(forms)
{
	struct error err = { 0 };
	ck_assert_ptr_nonnull(printer_form_find("junit", &err));
	ck_assert_ptr_null(printer_form_find("junti", &err));
	ck_assert_str_eq(err.text, "no form \"junti\", did you mean \"junit\"?; there are tap, ktap, json, junit, kcidb");
	ck_assert_ptr_null(printer_form_find("xml", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "no form \"xml\"; there are "));
}
END_TEST

static struct printer *human(FILE *out)
{
	return printer_human(out, 80, false);
}

static const char human_golden[] =
	"6 tests on debian:bookworm (vm)\n"
	"pass  memcg/largest-dies[cgroup=v2,swap=none] 1.3 s\n"
	"FAIL  memcg/group-kill[cgroup=v2] 2.0 s\n"
	"      a group dies as one\n"
	"      NOT memory.events oom_group_kill of box (cases/memcg/group-kill.yaml:30:7)\n"
	"          expected 1\n"
	"          seen     0\n"
	"      NOT survivors answer\n"
	"          expected outside, bystander\n"
	"          seen     outside\n"
	"      kept: results/runs/x/memcg/group-kill[cgroup=v2].json\n"
	"skip  numa/bind-kills-on-node[memory=1G]\n"
	"      needs nodes 2: the machine has one, use a kernel with CONFIG_NUMA\n"
	"ERROR global/largest-dies 130.0 s\n"
	"      the largest process is killed\n"
	"      no end within 130 s; the last answer was to step 3 (grow)\n"
	"xfail memcg/known-bug 0.5 s\n"
	"      bug 0123456789ab: fixed in 6.9\n"
	"FAIL  odd/#1 \\x\\nname 0.0 s\n"
	"      title: \"quoted\"\n"
	"      NOT comm\n"
	"          expected a\"b\\c\n"
	"          seen     \\x1b[31m\\xff\\x85\\n\n"
	"\n";

START_TEST(people)
{
	CLEANUP_FREE char *text = print(human, 0);
	ck_assert_uint_gt(strlen(text), sizeof(human_golden));
	CLEANUP_FREE char *table = xstrdup(text + sizeof(human_golden) - 1);
	text[sizeof(human_golden) - 1] = '\0';
	same(text, human_golden);
	char *rest = table, *line, *last = NULL;
	while ((line = strsep(&rest, "\n")) && (*line || rest)) {
		ck_assert_msg(strlen(line) <= 80, "longer than 80 columns: %s", line);
		last = *line ? line : last;
	}
	ck_assert_str_eq(last, "1 passed, 2 failed, 1 skipped, 1 errors, 1 failed as known in 136.2 s");
	CLEANUP_FREE char *cut = print(human, 3);
	ck_assert_ptr_nonnull(strstr(cut, ", 3 not run (ended early) in "));
	ck_assert_ptr_null(strchr(cut, 033));
}
END_TEST

/* An id is the same in the line and in the table. */
START_TEST(people_who_write_otherwise)
{
	static const char *const kernel = "debian:sid";
	const struct run_facts facts = { .n_tests = 1, .kernels = &kernel, .n_kernels = 1, .target = "vm" };
	struct result *r = result_new("a/\xc3\xa9\x9b", "t", kernel, "vm");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct printer *p = printer_human(out, 80, false);
	result_say(r, VERDICT_FAIL, "%s", "");
	p->ops->begin(p, &facts);
	p->ops->result(p, r);
	p->ops->end(p, &(struct tally){ .failed = 1 }, 1, 0);
	p->ops->free(p);
	fclose(out);
	ck_assert_msg(strstr(text, "FAIL  a/\xc3\xa9\\x9b ") && strstr(text, " a/\xc3\xa9\\x9b\n"), "%s", text);
	result_free(r);
	free(text);
}
END_TEST

/* Three tests on two kernels, of which one has no result of one. */
static char *grid(const char *const *kernels, unsigned width, bool all)
{
	static const struct {
		const char *id;
		int kernel;
		enum verdict v;
	} rows[] = {
		{ "a/1", 0, VERDICT_PASS }, { "a/1", 1, VERDICT_PASS }, { "a/2", 1, VERDICT_FAIL }, { "a/2", 0, VERDICT_SKIP },
		{ "a/\xc3\xa9", 1, VERDICT_PASS },
	};
	struct result *r[ARRAY_SIZE(rows)];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		r[i] = result_new(rows[i].id, "t", kernels[rows[i].kernel], "vm");
		r[i]->verdict = rows[i].v;
	}
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	grid_print(out, (const struct result *const *)r, ARRAY_SIZE(rows), kernels, 2, width, all);
	fclose(out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		result_free(r[i]);
	return text;
}

START_TEST(grids)
{
	static const char *const kernels[] = { "debian:bookworm", "debian:sid" };
	static const char *const paths[] = { "/home/someone/linux-with-a-long-name/arch/x86/boot/bzImage", "/boot/vmlinuz" };
	CLEANUP_FREE char *some = grid(kernels, 80, false), *all = grid(kernels, 80, true), *numbers = grid(paths, 80, true);
	same(some, "\nbookworm sid  TEST\nskip     FAIL a/2\n-        pass a/\xc3\xa9\n\n1 test passed on all 2 kernels\n");
	same(all, "\nbookworm sid  TEST\npass     pass a/1\nskip     FAIL a/2\n-        pass a/\xc3\xa9\n");
	same(numbers, "\nkernel 1: home/someone/linux-with-a-long-name/arch/x86/boot/bzImage\nkernel 2: boot/vmlinuz\n"
	     "1    2    TEST\npass pass a/1\nskip FAIL a/2\n-    pass a/\xc3\xa9\n");
}
END_TEST

START_TEST(escapes)
{
	static const struct {
		const char *raw, *safe, *tap;
	} table[] = {
		{ "plain", "plain", "plain" },
		{ "", "", "" },
		{ "a\tb\nc\x7f", "a\\x09b\\nc\\x7f", "a\\\\x09b\\\\nc\\\\x7f" },
		{ "Grüße", "Grüße", "Grüße" },
		{ "\xc3\x28", "\\xc3(", "\\\\xc3(" },
		{ "\xc2\x9b" "31m", "\\x9b31m", "\\\\x9b31m" },	/* CSI as one character */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae", "\\\\xe2\\\\x80\\\\xae" },	/* right-to-left override */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\\\xed\\\\xa0\\\\x80" },	/* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" },
		{ "\xc0\xaf", "\\xc0\\xaf", "\\\\xc0\\\\xaf" },
		{ "\xe2\x82", "\\xe2\\x82", "\\\\xe2\\\\x82" },
		{ "# TODO \\", "# TODO \\", "\\# TODO \\\\" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *safe = printable(table[i].raw), *for_tap = printable_tap(table[i].raw);
		ck_assert_str_eq(safe, table[i].safe);
		ck_assert_str_eq(for_tap, table[i].tap);
	}
	CLEANUP_FREE char *log = printable_log("a\tb\n\x1b");
	ck_assert_str_eq(log, "a\tb\n\\x1b");
}
END_TEST

static char *slurp(const char *dir, const char *name)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", dir, name);
	char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	ck_assert_msg(text, "%s was not written", path);
	return text;
}

/* run.json as far as the keeper reads it. */
static json_t *run_json(const char *first, const char *second)
{
	json_t *run = json_pack("{s:i s:[{s:s}] s:[{s:s s:s}]}", "schema", RUN_SCHEMA, "kernels", "name", first, "tests", "id", "a/b",
				"kernel", first);
	if (second) {
		json_array_append_new(json_object_get(run, "kernels"), json_pack("{s:s}", "name", second));
		json_array_append_new(json_object_get(run, "tests"), json_pack("{s:s s:s}", "id", "a/b", "kernel", second));
	}
	return run;
}

START_TEST(keeping)
{
	char dir[] = "/tmp/output-test-XXXXXX";
	json_t *one = run_json("debian:bookworm", NULL), *two = run_json("debian:bookworm", "/boot/vmlinuz");
	struct error err;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	CLEANUP_FREE char *below = xasprintf("%s/a/b", dir);
	struct keeper *k = keeper_new(below, KEEP_ALL, one, &err);
	ck_assert_ptr_nonnull(k);
	ck_assert(keeper_wants(k, VERDICT_PASS));
	struct result *r = result_new("../x/..[a]", "t", "debian:bookworm", "vm");
	json_t *evidence = json_pack("{s:{s:[{s:i s:i s:s},{s:i s:I s:s}] s:s}}", "observation", "kmsg", "seq", 1, "t", 5, "text",
				     "one\n\x1btwo", "seq", 2, "t", (json_int_t)12345678901, "text", "three", "console",
				     "boot\r\nlate\x07\r\n");
	ck_assert_int_eq(keeper_keep(k, r, evidence, &err), 0);
	ck_assert_int_eq(keeper_finish(k, 1, &err), 0);
	keeper_free(k);
	ck_assert_ptr_nonnull(strstr(r->kept, "/a/b/_./x/_.[a].json"));
	CLEANUP_FREE char *log = slurp(below, "_./x/_.[a].log"), *console = slurp(below, "_./x/_.[a].console");
	CLEANUP_FREE char *kept = slurp(below, "_./x/_.[a].json"), *lines = slurp(below, "results.jsonl");
	ck_assert_str_eq(log, "[    0.000005] one\n[    0.000005] \\x1btwo\n[12345.678901] three\n");
	ck_assert_str_eq(console, "boot\nlate\\x07\n");
	ck_assert_ptr_nonnull(strstr(kept, "\"observation\":"));
	ck_assert_ptr_null(strstr(lines, "\"observation\":"));
	ck_assert_ptr_nonnull(strstr(lines, "\n{\"passed\":"));
	/* what is there is not written over unless asked for */
	ck_assert_ptr_null(keeper_new(below, KEEP_ALL, one, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "is not empty"));
	k = keeper_new(below, KEEP_FORCE, two, &err);
	ck_assert_ptr_nonnull(k);
	free(TAKE_PTR(r->kept));
	ck_assert_int_eq(keeper_keep(k, r, evidence, &err), 0);
	ck_assert_ptr_nonnull(strstr(r->kept, "/a/b/debian-bookworm/_./x/"));
	keeper_free(k);
	CLEANUP_FREE char *above = slurp(below, "run.json"), *own = slurp(below, "vmlinuz/run.json");
	ck_assert(strstr(above, "\"dir\": \"vmlinuz\"") && !strstr(above, "\"tests\""));
	ck_assert(strstr(own, "\"/boot/vmlinuz\"") && !strstr(own, "bookworm"));
	result_free(r);
	json_decref(evidence);
	json_decref(one);
	json_decref(two);
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

START_TEST(keeping_by_default)
{
	char dir[] = "/tmp/output-test-XXXXXX";
	json_t *run = run_json("debian:bookworm", NULL);
	struct error err;
	struct stat st;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	struct keeper *k = keeper_new(NULL, KEEP_FAILED, run, &err);
	ck_assert(!keeper_wants(k, VERDICT_PASS) && !keeper_wants(k, VERDICT_SKIP) && !keeper_wants(k, VERDICT_XFAIL));
	ck_assert(keeper_wants(k, VERDICT_FAIL) && keeper_wants(k, VERDICT_ERROR));
	json_t *evidence = json_pack("{s:{}}", "observation");
	struct result *r = result_new("a/b", "t", "debian:bookworm", "vm");
	result_say(r, VERDICT_PASS, "%s", "");
	ck_assert_int_eq(keeper_keep(k, r, evidence, &err), 0);
	ck_assert_int_eq(stat("results", &st), -1);	/* nothing was made for a pass */
	result_say(r, VERDICT_FAIL, "%s", "");
	ck_assert_int_eq(keeper_keep(k, r, evidence, &err), 0);
	ck_assert_int_eq(stat(r->kept, &st), 0);
	ck_assert(starts_with(r->kept, "results/runs/2"));
	ck_assert_ptr_nonnull(strstr(r->kept, "-debian-bookworm/a/b.json"));
	CLEANUP_FREE char *lines = slurp(keeper_dir(k), "results.jsonl");
	ck_assert_ptr_nonnull(strstr(lines, "\"verdict\":\"pass\""));	/* the earlier one is there */
	keeper_free(k);
	/* for people the results are there from the start, and the rest of a pass is not */
	k = keeper_new(NULL, KEEP_RESULTS, run, &err);
	ck_assert_ptr_nonnull(k);
	CLEANUP_FREE char *facts = slurp(keeper_dir(k), "run.json");
	ck_assert(!keeper_wants(k, VERDICT_PASS) && keeper_wants(k, VERDICT_FAIL));
	keeper_free(k);
	result_free(r);
	json_decref(evidence);
	json_decref(run);
	ck_assert_int_eq(chdir("/"), 0);
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

TESTS("output", tap_text, tap_for_prove, json, ktap, junit, xml_text, kcidb, github, forms, people, people_who_write_otherwise, grids, escapes, keeping, keeping_by_default)
