// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line as a user meets it: a table of arguments, exit status, and what is said where. */
#include <check.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/util.h"
#include "tests/harness.h"

static char root[] = "/tmp/cli-test-XXXXXX";
static char *program;

static const char good_case[] = "#!/usr/bin/env -S oomtests run --tap\n"
				"title: a test of the command line\n"
				"tags: [quick]\n"
				"matrix:\n"
				"  - {axis: cgroup, values: [v1, v2]}\n"
				"needs: [cgroup file memory.oom.group]\n"
				"cgroups:\n"
				"  - {name: box, limit: 32M}\n"
				"tasks:\n"
				"  - {name: hog, cgroup: box, to: max}\n"
				"trigger: hog\n"
				"expect:\n"
				"  - {victims: [hog], memcg: box}\n";

static void put(const char *name, const char *text)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", root, name);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
}

/* Directories of runs: one that was cut short, one of a newer schema, one that is damaged, one with a lost file, an
 * empty one; and a complete and a half one whose case and kernel are gone; and one
 * that has a result more than the first. */
static void put_runs(void)
{
	static const char run[] = "{\"schema\":1,\"kernels\":[{\"name\":\"k\",\"dir\":\".\"}],\"tests\":[{\"id\":\"a/"
				  "b\",\"kernel\":\"k\"},"
				  "{\"id\":\"a/c\",\"kernel\":\"k\"}]}\n";
	static const char result[] =
		"{\"id\":\"a/b\",\"title\":\"</script>\",\"kernel\":\"k\",\"target\":\"vm\",\"verdict\":\"pass\","
		"\"why\":null,\"checks\":[],\"victims\":[],\"predicted\":null,\"margin_pages\":null,"
		"\"seconds\":1,\"kept\":null}\n";
	static const char gone[] = "{\"schema\":1,\"target\":\"vm\",\"kernels\":[{\"name\":\"k\",\"dir\":\".\",\"release\":\"6.1\"}],"
				   "\"asked\":{\"cases\":[\"absent.yaml\"],\"timeout_scale\":1},"
				   "\"tests\":[{\"id\":\"a/b\",\"kernel\":\"k\",\"case\":\"01234567\"}]}\n";
	static const char *const dirs[] = { "cut", "newer", "damaged", "lost", "lost/a", "empty", "done", "half", "both" };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		ck_assert_int_eq(mkdir(dirs[i], 0755), 0);
	CLEANUP_FREE char *half = xasprintf("%s{\"id\":\"a/", result);
	put("cut/run.json", run);
	put("cut/results.jsonl", half);
	CLEANUP_FREE char *whole = xasprintf("%s{\"passed\":1,\"seconds\":7.5}\n", result);
	put("done/run.json", gone);
	put("done/results.jsonl", whole);
	put("half/run.json", gone);
	CLEANUP_FREE char *two = xasprintf("%s{\"id\":\"a/c\",\"kernel\":\"k\",\"verdict\":\"pass\",\"checks\":[],\"victims\":[]}\n", result);
	put("both/run.json", run);
	put("both/results.jsonl", two);
	put("newer/run.json", "{\"schema\":99}");
	put("damaged/run.json", run);
	put("damaged/results.jsonl", "}\n");
	put("lost/run.json", run);
	put("lost/results.jsonl", result);
	put("lost/a/b.json", "{\"id\":");
}

/* What people give to explain: nothing, another log, archives that are cut, the end of a report. */
static void put_logs(void)
{
	put("empty.log", "");
	put("other.log", "Mar  3 04:05:06 host sshd[1]: hello\n");
	put("cut.gz", "\x1f\x8b\x08\x08");
	put("log.bz2", "BZh91AY&SY");
	put("log.zip", "PK\x03\x04\x14");
	put("log.lz4", "\x04\"M\x18\x64\x40\xa7");
	put("bz.log", "BZh91 is how this log begins\n");
	put("b.log", "B");
	put("cut.zst", "\x28\xb5\x2f\xfd\x04");
	put("kill.log",
	    "[   12.345678] Out of memory: Killed process 5 (x) total-vm:8kB, anon-rss:4kB, file-rss:0kB\n");
}

/* A directory with one good case, one bad one, and something that is no kernel; the program stands beside the tests. */
static void set_up(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	program = xasprintf("%s/oomtests", self);
	ck_assert_msg(access(program, X_OK) == 0, "%s is not built", program);
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(chdir(root), 0);
	CLEANUP_FREE char *cases = xasprintf("%s/cases", root);
	CLEANUP_FREE char *memcg = xasprintf("%s/cases/memcg", root);
	CLEANUP_FREE char *bad = xasprintf("%s/bad", root);
	CLEANUP_FREE char *full = xasprintf("%s/full", root);
	ck_assert_int_eq(mkdir(cases, 0755) | mkdir(memcg, 0755) | mkdir(bad, 0755) | mkdir(full, 0755), 0);
	put("cases/memcg/one.yaml", good_case);
	put("bad/bad.yaml", "title: bad\ntasks: 7\n");
	CLEANUP_FREE char *odd = xasprintf("%s/odd", root);
	ck_assert_int_eq(mkdir(odd, 0755), 0);
	put("odd/a\nb.yaml", good_case);
	put("full/file", "x");
	put("no-kernel", "x");
	put_runs();
	put_logs();
	setenv("OOMTESTS_CASES", cases, 1);
}

static char *slurp(const char *name)
{
	return read_whole_at(AT_FDCWD, name, 1 << 20, NULL);
}

struct row {
	const char *args;
	int status;
	const char *out, *err;	/* a part of it; "" : nothing is said there; NULL: anything */
};

static void check_part(const struct row *row, const char *where, const char *text, const char *part)
{
	if (part)
		ck_assert_msg(*part ? strstr(text, part) != NULL : !*text, "oomtests %s: %s is\n%s\ninstead of\n%s",
			      row->args, where, text, part);
}

static void check_row(const struct row *row)
{
	CLEANUP_FREE char *command = xasprintf("%s >out 2>err </dev/null %s", program, row->args);
	int status = system(command);
	CLEANUP_FREE char *out = slurp("out"), *err = slurp("err");
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == row->status,
		      "oomtests %s: status %d instead of %d\n%s%s", row->args, WEXITSTATUS(status), row->status, out,
		      err);
	check_part(row, "stdout", out, row->out);
	check_part(row, "stderr", err, row->err);
}

static void clean(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", root);
	ck_assert_int_eq(system(rm), 0);
}

START_TEST(command_line)
{
	static const struct row table[] = {
		{ "", 2, "", "Usage: oomtests COMMAND" },
		{ "--help", 0, "  run ", "" },
		{ "help", 0, "  list ", "" },
		{ "help run", 0, "--destructive", "" },
		{ "--version", 0, "oomtests ", "" },
		{ "run --version", 0, "oomtests ", "" },
		{ "rnu", 2, "", "did you mean \"oomtests run\"?" },
		{ "xyzzy", 2, "", "\"oomtests --help\" lists them" },
		{ "cases/memcg/one.yaml", 2, "", "oomtests run cases/memcg/one.yaml" },
		{ "help nothing", 2, "", "no command \"nothing\"" },
		{ "run --nonsense", 2, "", "oomtests run --help" },
		{ "run -j 0", 2, "", "-j: 0 is outside 1 to" },
		{ "run -j two", 2, "", "\"two\" is not a whole number" },
		{ "run --timeout-scale=nan", 2, "", "is not a number from 0.01 to 1000" },
		{ "run --tap --json", 2, "", "exclude each other" },
		{ "run -o ''", 2, "", "the name of the directory is empty" },
		{ "run -t moon", 2, "", "no target \"moon\"; there are vm" },
		{ "run nothing-like-it", 2, "", "nothing-like-it" },
		{ "run bad/bad.yaml", 2, "", "bad/bad.yaml:2:8: " },
		{ "run absent.yaml", 2, "", "absent.yaml" },
		{ "explain .", 2, "", ". is a directory, not a log" },
		{ "explain absent.log", 2, "", "absent.log can't be opened: No such file" },
		{ "explain empty.log", 0, "empty.log: no OOM report", "" },
		{ "explain --json empty.log other.log", 0, "", "" },
		{ "explain other.log", 0, "other.log: no OOM report", "" },
		{ "explain log.bz2", 2, "", "log.bz2 is packed with bzip2, which is not unpacked here; try: bzip2 -dc log.bz2 | oomtests explain" },
		{ "explain log.zip", 2, "", "packed with zip" },
		{ "explain log.lz4", 2, "", "packed with lz4" },
		{ "explain bz.log b.log", 0, "b.log: no OOM report", "" },
		{ "explain cut.gz", 2, "", "cut.gz: the gzip data are damaged or cut" },
		{ "explain cut.zst", 2, "", "cut.zst: the zstd data are damaged or cut" },
		{ "explain --follow other.log", 2, "", "no FILE" },
		{ "explain kill.log empty.log", 0, "died ", "" },
		{ "explain --json kill.log", 0, "\"agrees\":null", "" },
		{ "list", 0, "memcg/one[cgroup=v1]\tcgroup file memory.oom.group, cgroup v1\nmemcg/one[cgroup=v2]\t",
		  "" },
		{ "list --json", 0, "{\"id\":\"memcg/one[cgroup=v1]\",\"title\":\"a test of the command line\",", "" },
		{ "list 'memcg/*v2*'", 0, "memcg/one[cgroup=v2]\t", "" },
		{ "list nothing-like-it", 2, "", "nothing-like-it" },
		{ "list bad", 2, "", "bad/bad.yaml:2:8: " },
		{ "recover now", 2, "", "unexpected argument" },
		{ "report", 2, "", "the directory of a run is needed" },
		{ "report cut lost", 2, "", "one directory, not \"lost\" too" },
		{ "report absent", 2, "", "absent can't be read: No such file" },
		{ "report empty", 2, "", "empty is empty" },
		{ "report cases", 2, "", "cases has no run.json" },
		{ "report newer", 2, "", "is of schema 99" },
		{ "report damaged", 2, "", "damaged/results.jsonl:1:" },
		{ "report cut -o ''", 2, "", "the name of the file is empty" },
		{ "report cut -o bad", 2, "", "bad is a directory: name a file in it" },
		{ "report cut -o no-kernel", 2, "",
		  "no-kernel is there already: name another file with -o, or write over it with --force" },
		{ "report cut -o absent/x.html", 2, "", "absent/x.html can't be written: No such file" },
		{ "report cut", 0, "cut/report.html: 1 test, ", "did not come to its end: 1 of 2 tests are there" },
		{ "report cut", 2, "", "cut/report.html is there already" },
		{ "report cut --force", 0, "cut/report.html: 1 test, ", NULL },
		{ "report lost -o page.html", 3, "page.html: 1 test, ",
		  "of 1 test only the result is told: lost/a/b.json:1: " },
		{ "report cut -o -", 0, "<!DOCTYPE html>", NULL },
		{ "report cut -o - >/dev/full", 2, NULL, "the page can't be written: No space left" },
		{ "compare", 2, "", "Two arguments are needed" },
		{ "compare cut", 2, "", "Two arguments are needed" },
		{ "compare cut cut cut", 2, "", "Too many arguments" },
		{ "compare --json --markdown cut cut", 2, "", "exclude each other" },
		{ "compare cut absent", 2, "", "absent can't be read: No such file" },
		{ "compare empty cut", 2, "", "empty is empty" },
		{ "compare newer cut", 2, "", "is of schema 99" },
		{ "compare cut cut", 0, "1 the same; 0 regressions\n", "cut is not complete: it has 1 of 2 results" },
		{ "compare --strict cut cut", 0, "1 the same; 0 regressions\n", NULL },
		{ "compare both cut", 0, "1 the same, 1 no result; 0 regressions\n", NULL },
		{ "compare --strict both cut", 1, "1 the same, 1 no result; 0 regressions\n", NULL },
		{ "compare cut cut >/dev/full", 3, NULL, "standard output can't be written: No space left" },
		{ "merge cut", 2, "", "-o DIR and the directories of the parts are needed" },
		{ "merge -o merged", 2, "", "-o DIR and the directories of the parts are needed" },
		{ "merge -o merged cut absent", 2, "", "absent can't be read" },
		{ "merge -o merged cut cut", 2, "", "cut and cut both have a result of" },
		{ "merge -o full cut", 2, "", "full is not empty: name another directory" },
		{ "merge -o merged cut", 3, "1 not run in merged\n", "" },
		{ "compare merged cut", 0, "1 the same; 0 regressions\n", NULL },
		{ "baseline", 2, "", "the directory of a run is needed" },
		{ "baseline cut", 2, "", "cut is not complete: oomtests run --resume cut goes on with it" },
		{ "baseline newer", 2, "", "is of schema 99" },
		{ "run --format xml", 2, "", "no form \"xml\"; there are tap, " },
		{ "run --shard 3/2", 2, "", "\"3/2\" is not I/N" },
		{ "run --resume absent", 2, "", "--resume: absent can't be read" },
		{ "run --resume cut cases", 2, "", "leave them out" },
		{ "run --resume cut -k host", 2, "", "leave them out" },
		{ "run --resume empty", 2, "", "empty is empty" },
		{ "run --resume cut", 2, "", "run.json does not tell what was asked for" },
		{ "audit --from absent", 2, "", "opening the snapshot absent: No such file" },
		{ "audit -n 1 --from absent", 2, "", "opening the snapshot absent: No such file" },
		{ "audit --critical no-such-thing", 2, "", "--critical no-such-thing: no process or unit of this name" },
		{ "audit --save s.json --policy no-kernel", 2, "", "--save audits nothing" },
		{ "audit --save - --json", 2, "", "--save audits nothing" },
		{ "drill --in vm --from absent", 2, "", "opening the snapshot absent: No such file" },
		{ "drill --dry-run --from absent x", 2, "", "opening the snapshot absent: No such file" },
		{ "run --resume done", 0, "results in done\n", "" },
		{ "run --resume done --tap", 0, "ok 1 - a/b\n# 1 passed, 0 failed, 0 skipped, 0 errors, 0 xfailed in 7.5 s\n", "" },
		{ "run --resume done --format junit", 0, "<testcase classname=\"oomtests.a\" name=\"b\"", "" },
		{ "run --resume half", 2, "", "so go on with it from the same directory: can't open case file absent.yaml" },
		{ "run --resume half --collect /proc/meminfo", 2, "", "leave them out" },
		{ "run --resume half --timeout-scale 2", 2, "", "leave them out" },
		{ "drill -n 2 x", 2, "", "-n is for --in vm" },
		{ "drill --in vm --leak x", 2, "", "--leak names a process of the unit" },
		{ "run -t ssh:", 2, "", "the device is missing: -t ssh:" },
		{ "run -t ssh:-x", 2, "", "is no [USER@]HOST" },
		{ "kernels fetch absent", 2, "", "no kernel \"absent\"" },
		{ "kernels fetch lab", 2, "", "built here, not fetched" },
		{ "drill --in vm -k absent", 2, "", "no kernel \"absent\"" },
		{ "list ''", 2, "", "no test matches \"\"; `oomtests list` shows their ids" },
		{ "kernels fetch ''", 2, "", "it is no name; known are" },
		{ "run -k ''", 2, "", "the name of the kernel is empty" },
		{ "watch -w 80,", 2, "", "--warn: \"\" is not a whole number" },
		{ "watch -w ''", 2, "", "--warn: \"\" is not a whole number" },
		{ "list odd", 0, "a\\nb[cgroup=v1]\t", "" },
		{ "baseline done -o base", 0, "base/k.json is written\n", "" },
		{ "baseline done -o base", 0, "base/k.json is replaced\n", "" },
		{ "list >/dev/full", 3, NULL, "standard output can't be written: No space left" },
	};
	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		check_row(&table[i]);
	clean();
}
END_TEST

/* Nothing is wider than a terminal. */
START_TEST(in_80_columns)
{
	static const char *const words[] = { "--help", "kernels" };
	set_up();
	setenv("XDG_CACHE_HOME", root, 1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct row row = { words[i], 0, NULL, NULL };
		check_row(&row);
		CLEANUP_FREE char *out = slurp("out");
		char *rest = out;
		for (char *line; (line = strsep(&rest, "\n"));)
			ck_assert_msg(strlen(line) <= 80, "oomtests %s: longer than 80 columns: %s", words[i], line);
	}
	unsetenv("XDG_CACHE_HOME");
	clean();
}
END_TEST

/* What needs QEMU to be installed, and yet boots nothing. */
START_TEST(without_a_machine)
{
	static const struct row table[] = {
		{ "run -k no-kernel", 2, "", "-k no-kernel: no-kernel is not a kernel" },
		{ "run -k cases", 2, "", "-k cases: cases is a directory without a kernel" },
		{ "run -k absent", 2, "", "-k absent: " },
	};
	if (system("command -v qemu-system-x86_64 >/dev/null") != 0)
		return;
	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		check_row(&table[i]);
	clean();
}
END_TEST

/* Who forgets the log is told what is waited for. */
START_TEST(terminal)
{
	static const struct row row = { "explain <", 0, "-: no OOM report", "reading a log from the terminal" };
	set_up();
	CLEANUP_FD int master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	CLEANUP_FREE char *args = xasprintf("explain <%s", ptsname(master));
	CLEANUP_FD int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_eq(write_all(master, "hello\n\004", 7), 0);
	struct row now = row;
	now.args = args;
	check_row(&now);
	clean();
}
END_TEST

TESTS("cli", command_line, in_80_columns, without_a_machine, terminal)
