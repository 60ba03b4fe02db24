// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real oomagent and oomload on this very machine, with real OOMs in a small cgroup of their own. Needs root and a
 * memory controller; without them only what needs neither is tested.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/util.h"
#include "tests/harness.h"

#define PATIENCE_NS INT64_C(40000000000)

struct run {
	pid_t pid;
	int fd;
	char journal[PATH_MAX], root[64];
	char *buf;
	size_t len;
	json_t *seen;		/* all messages, in order */
};

static const char *hierarchy;	/* "v1" or "v2"; NULL: none usable here */
static char *mount_point;	/* of the memory controller */

static char *program(const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	return xasprintf("%s/../../%s", dirname(self), name);
}

static void run_start(struct run *r)
{
	static int number;
	int fds[2];
	CLEANUP_FREE char *agent = program("oomagent");
	*r = (struct run){ .seen = json_array() };
	number++;
	snprintf(r->journal, sizeof(r->journal), "/tmp/oomagent-test-%d-%d", (int)getpid(), number);
	snprintf(r->root, sizeof(r->root), "oomtests-%d-%d", (int)getpid(), number);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	r->pid = fork();
	if (r->pid == 0) {
		char text[16];
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGTERM);	/* when a check fails, it cleans up too */
		snprintf(text, sizeof(text), "%d", fds[1]);
		execl(agent, agent, "--fd", text, "--journal", r->journal, (char *)NULL);
		_exit(126);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	r->fd = fds[0];
}

/* The next message, which r->seen owns; NULL at the end of the stream. */
static json_t *run_next(struct run *r)
{
	int64_t deadline = now_ns() + PATIENCE_NS;
	char *end;
	while (!(end = r->len ? memchr(r->buf, '\n', r->len) : NULL)) {
		struct pollfd p = { .fd = r->fd, .events = POLLIN };
		ck_assert_msg(poll(&p, 1, 1000) >= 0 && now_ns() < deadline, "the agent says nothing");
		if (!p.revents)
			continue;
		r->buf = xrealloc(r->buf, r->len + 65536, 1);
		ssize_t n = read(r->fd, r->buf + r->len, 65536);
		if (n <= 0)
			return NULL;
		r->len += (size_t)n;
	}
	json_t *m = json_loadb(r->buf, (size_t)(end - r->buf), 0, NULL);
	ck_assert_msg(m != NULL, "not JSON: %.*s", (int)(end - r->buf), r->buf);
	r->len -= (size_t)(end + 1 - r->buf);
	memmove(r->buf, end + 1, r->len);
	json_array_append_new(r->seen, m);
	return m;
}

/* Reads on until a message of that name comes, and returns its value. */
static json_t *run_until(struct run *r, const char *name)
{
	for (json_t *m; (m = run_next(r));)
		if (json_object_get(m, name))
			return json_object_get(m, name);
	ck_abort_msg("the agent ended without \"%s\"", name);
	return NULL;
}

/* Ends the input, waits for the agent: its exit status. */
static int run_stop(struct run *r)
{
	int status;
	shutdown(r->fd, SHUT_WR);
	while (run_next(r))
		;
	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	close(r->fd);
	free(r->buf);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One line of JSON, with ' for " so that it can be read here. */
static void run_send(struct run *r, const char *text)
{
	CLEANUP_FREE char *line = xstrdup(text);
	for (char *p = line; (p = strchr(p, '\''));)
		*p = '"';
	ck_assert_int_eq(write_all(r->fd, line, strlen(line)), 0);
	ck_assert_int_eq(write_all(r->fd, "\n", 1), 0);
}

/* A plan in a box of 64M, with "big", "h\xf6g" in it and "out" beside it; steps is JSON. */
static void run_plan(struct run *r, const char *more, const char *steps)
{
	bool v2 = streq(hierarchy, "v2");
	CLEANUP_FREE char *plan = xasprintf(
		"{'plan':{'id':'t','scale':1,'hierarchy':'%s','root':'%s','cgroups':[{'name':'box',"
		"'watch':true,'files':[{'file':'%s','value':'67108864'}]}],'tasks':["
		"{'name':'big','kind':'anon','args':[],'cgroup':'box','adj':null,'uid':0},"
		"{'name':'h\\u00f6g','kind':'anon','args':[],'cgroup':'box','adj':10,'uid':65534},"
		"{'name':'out','kind':'anon','args':[],'cgroup':null},{'name':'sng','kind':'stress-ng','cgroup':'box',"
		"'args':['--vm','1','--vm-bytes','128M','--vm-keep','--oomable','-q','-t','20']}]%s,'steps':[%s]}}",
		hierarchy, r->root, v2 ? "memory.max" : "memory.limit_in_bytes", more, steps);
	run_send(r, plan);
}

static json_t *find(const struct run *r, const char *name, const char *key, const char *value)
{
	size_t i;
	json_t *m;
	json_array_foreach(r->seen, i, m) {
		json_t *v = json_object_get(m, name);
		if (v && streq(json_string_value(json_object_get(v, key)), value))
			return v;
	}
	return NULL;
}

static json_t *step(const struct run *r, int i)
{
	size_t k;
	json_t *m;
	json_array_foreach(r->seen, k, m) {
		json_t *v = json_object_get(m, "step");
		if (v && json_integer_value(json_object_get(v, "i")) == i)
			return v;
	}
	ck_abort_msg("no message of step %d", i);
	return NULL;
}

static json_int_t number(const json_t *o, const char *key)
{
	ck_assert_msg(json_is_integer(json_object_get(o, key)), "no number \"%s\"", key);
	return json_integer_value(json_object_get(o, key));
}

/* A field of a cgroup's file in a snapshot: -1 when it is not there. */
static long field(const json_t *snapshot, const char *cgroup, const char *file, const char *key)
{
	size_t i;
	json_t *c;
	json_array_foreach(json_object_get(snapshot, "cgroups"), i, c) {
		const char *text = json_string_value(json_object_get(json_object_get(c, "files"), file));
		if (!text || !streq(json_string_value(json_object_get(c, "name")), cgroup))
			continue;
		CLEANUP_FREE char *pattern = xasprintf("\n%s ", key);
		CLEANUP_FREE char *lines = xasprintf("\n%s", text);
		const char *at = strstr(lines, pattern);
		return at ? strtol(at + strlen(pattern), NULL, 10) : -1;
	}
	return -1;
}

static bool cgroup_left(const struct run *r)
{
	CLEANUP_FREE char *root = xasprintf("%s/%s", mount_point, r->root);
	CLEANUP_FREE char *bystander = xasprintf("%s/%s-bystander", mount_point, r->root);
	return access(root, F_OK) == 0 || access(bystander, F_OK) == 0;
}

static void assert_nothing_left(const struct run *r, json_int_t pid)
{
	ck_assert_msg(!cgroup_left(r), "the cgroups of %s are left", r->root);
	ck_assert_msg(access(r->journal, F_OK) < 0, "the journal %s is left", r->journal);
	ck_assert_msg(pid == 0 || (kill((pid_t)pid, 0) < 0 && errno == ESRCH), "task %d is left", (int)pid);
}

/* Says what is missing, once for each test that is not made. */
static bool usable(const char *test)
{
	if (!hierarchy)
		printf("agent: %s not made: needs root, CAP_SYSLOG and the cgroup memory controller\n", test);
	return hierarchy;
}

#define START \
	"{'op':'fill','task':'big','bytes':44040192},{'op':'fill','task':'h\\u00f6g','bytes':1048576}," \
	"{'op':'fill','task':'out','bytes':4194304}"

/* Which column of the timeline it is; `whose` is the member that names its owner. */
static size_t column(const json_t *columns, const char *of, const char *whose, const char *name)
{
	size_t i;
	json_t *c;
	json_array_foreach(columns, i, c)
		if (streq(json_string_value(json_object_get(c, "of")), of) &&
		    (!whose || streq(json_string_value(json_object_get(c, whose)), name)))
			return i;
	ck_abort_msg("no column %s of %s", of, name ? name : "the machine");
	return 0;
}

/* The largest value of a column; every row's time is behind the one before. -1: it has none. */
static json_int_t most(const struct run *r, size_t column)
{
	json_int_t max = -1, last = 0;
	size_t i, k;
	json_t *m, *row;
	json_array_foreach(r->seen, i, m)
		json_array_foreach(json_object_get(json_object_get(m, "timeline"), "rows"), k, row) {
			json_int_t t = json_integer_value(json_array_get(row, 0));
			const json_t *v = json_array_get(row, column + 1);
			ck_assert_int_gt(t, last);
			last = t;
			if (json_is_integer(v) && json_integer_value(v) > max)
				max = json_integer_value(v);
		}
	return max;
}

/*
 * Each look between the last fill and the first kill that is counted shows all that was filled: how many there are is up to
 * the host, what they show is not. A look reads a cgroup's `current` ahead of its `oom_kill`; a task's rss comes last, but is
 * there only where nobody else runs meanwhile.
 */
static void assert_filled(const struct run *r, size_t column, json_int_t least_kb, size_t kills, json_int_t filled_us)
{
	size_t i, k, looks = 0;
	json_t *m, *row;
	json_array_foreach(r->seen, i, m)
		json_array_foreach(json_object_get(json_object_get(m, "timeline"), "rows"), k, row) {
			const json_t *killed = json_array_get(row, kills + 1);
			if (json_integer_value(json_array_get(row, 0)) <= filled_us || !json_is_integer(killed) ||
			    json_integer_value(killed))
				continue;
			ck_assert_int_ge(json_integer_value(json_array_get(row, column + 1)), least_kb);
			looks++;
		}
	ck_assert_uint_gt(looks, 0);
}

/* It shows the death and its count, and costs less than it may. How much of the rise is seen is up to the host's load. */
static void assert_timeline(const struct run *r, json_int_t death_us)
{
	const json_t *columns = NULL, *last = NULL, *last_row = NULL;
	size_t i;
	json_t *m;
	json_array_foreach(r->seen, i, m) {
		const json_t *t = json_object_get(m, "timeline");
		last = t ? t : last;
		columns = json_object_get(t, "columns") ? json_object_get(t, "columns") : columns;
	}
	ck_assert_ptr_nonnull(columns);
	size_t kills = column(columns, "oom_kill", "cgroup", "box");
	json_int_t filled_us = number(find(r, "answer", "name", "h\xc3\xb6g"), "t");
	last_row = json_array_get(json_object_get(last, "rows"), json_array_size(json_object_get(last, "rows")) - 1);
	if (sysconf(_SC_NPROCESSORS_ONLN) == 1) {
		size_t big = column(columns, "rss", "task", "big");
		assert_filled(r, big, 43008, kills, filled_us);
		assert_filled(r, column(columns, "rss", "task", "h\xc3\xb6g"), 1024, kills, filled_us);
		ck_assert_msg(!json_integer_value(json_array_get(last_row, big + 1)), "the dead one has memory");
	} else {
		json_array_foreach(columns, i, m)
			ck_assert_msg(!json_object_get(m, "task"), "a task's mm was looked at");
	}
	assert_filled(r, column(columns, "current", "cgroup", "box"), 43008 + 1024, kills, filled_us);
	ck_assert_int_le(most(r, column(columns, "current", "cgroup", "box")), 65536);
	ck_assert_int_gt(most(r, column(columns, "free", NULL, NULL)), 0);
	ck_assert_int_ge(most(r, kills), 1);
	ck_assert_int_ge(most(r, column(columns, "max", "cgroup", "box")), 1);
	ck_assert_int_gt(json_integer_value(json_array_get(last_row, 0)), death_us);
	ck_assert_int_le(100 * number(last, "cpu_us"), number(last, "span_us"));
}

START_TEST(kills_the_largest)
{
	struct run r;
	if (!usable("kills_the_largest"))
		return;
	run_start(&r);
	json_t *hello = run_until(&r, "hello");
	ck_assert_int_eq(number(hello, "pid"), r.pid);
	ck_assert_int_eq(number(hello, "protocol"), 1);
	ck_assert_int_gt(number(hello, "memtotal_kb"), 1 << 14);
	ck_assert(json_is_boolean(json_object_get(hello, "status_exact")));
	run_plan(&r, "", START ",{'op':'snapshot','label':'before'},{'op':'score','tasks':['big','h\\u00f6g']},"
		 /* a second in which nothing happens: looks come 200 ms apart, and some show what is filled */
		 "{'op':'settle','dead':['out']},"
		 "{'op':'grow','task':'h\\u00f6g','bytes':31457280,'step':1048576},"
		 "{'op':'await','task':'h\\u00f6g','for':'any'},{'op':'settle','dead':['big']},"
		 "{'op':'ping','deadline_ms':3000},{'op':'snapshot','label':'after'},"
		 /* a second in which nothing happens, so that the first look at cold files is little of the whole */
		 "{'op':'settle','dead':['out']}");
	json_t *end = run_until(&r, "end");
	ck_assert(json_is_true(json_object_get(end, "removed")));
	ck_assert_uint_eq(json_array_size(json_object_get(end, "left")), 0);

	json_t *exit = find(&r, "exit", "name", "big");
	ck_assert_ptr_nonnull(exit);
	ck_assert_int_eq(number(exit, "signal"), SIGKILL);
	ck_assert(json_is_false(json_object_get(exit, "by_agent")));
	ck_assert_int_eq(number(exit, "pid"), number(step(&r, 0), "pid"));
	ck_assert(json_is_true(json_object_get(find(&r, "exit", "name", "out"), "by_agent")));
	ck_assert_str_eq(json_string_value(json_object_get(step(&r, 0), "answer")), "filled 44040192");
	ck_assert_ptr_nonnull(find(&r, "answer", "name", "h\xc3\xb6g"));
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(step(&r, 9), "answered"), 0)),
			 json_string_value(json_object_get(step(&r, 7), "how"))[0] == 'd' ? "out" : "h\xc3\xb6g");
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 9), "silent")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 8), "waiting")), 0);
	json_t *scores = json_object_get(step(&r, 4), "scores");
	ck_assert_int_ge(number(json_object_get(scores, "big"), "anon_kb"), 43008);
	ck_assert_int_eq(number(json_object_get(scores, "h\xc3\xb6g"), "adj"), 10);

	/* the kernel's line, with the pid that died */
	char line[64];
	bool logged = false;
	size_t i, k;
	json_t *m, *record;
	snprintf(line, sizeof(line), "Killed process %d (big)", (int)number(exit, "pid"));
	json_array_foreach(r.seen, i, m)
		json_array_foreach(json_object_get(m, "kmsg"), k, record)
			logged |= strstr(json_string_value(json_object_get(record, "text")), line) != NULL;
	ck_assert_msg(logged, "no \"%s\" in the kernel's log", line);

	json_t *before = find(&r, "snapshot", "label", "before"), *after = find(&r, "snapshot", "label", "after");
	const char *file = streq(hierarchy, "v2") ? "memory.events" : "memory.oom_control";
	ck_assert_int_eq(field(before, "box", file, "oom_kill"), 0);
	ck_assert_int_ge(field(after, "box", file, "oom_kill"), 1);
	ck_assert_int_eq(field(after, "bystander", file, "oom_kill"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(before, "tasks")), 3);
	ck_assert(find(&r, streq(hierarchy, "v2") ? "inotify" : "eventfd", "cgroup", "box") != NULL);
	ck_assert_ptr_nonnull(find(&r, "snapshot", "label", "end"));
	assert_timeline(&r, number(exit, "t"));
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, number(step(&r, 2), "pid"));
	json_decref(r.seen);
}
END_TEST

START_TEST(one_that_lives_is_told)
{
	struct run r;
	if (!usable("one_that_lives_is_told"))
		return;
	run_start(&r);
	run_plan(&r, "", START ",{'op':'settle','dead':['big'],'deadline_ms':20000},"
		 "{'op':'signal','task':'out','signal':'TERM'},"
		 "{'op':'await','task':'out','for':'dead'},{'op':'read','path':'/nonexistent'},"
		 "{'op':'write','cgroup':'box','file':'cgroup.procs','value':'x'},"
		 "{'op':'poll','cgroup':'box','file':'cgroup.procs','compare':'=','value':'0','deadline_ms':100},"
		 "{'op':'snapshot','label':'never'}");
	run_until(&r, "end");
	json_t *settle = step(&r, 3);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(settle, "waiting"), 0)), "big");
	ck_assert_ptr_null(json_object_get(settle, "timeout"));
	ck_assert_int_eq(number(find(&r, "exit", "name", "out"), "signal"), SIGTERM);
	ck_assert_str_eq(json_string_value(json_object_get(step(&r, 5), "how")), "dead");
	ck_assert_str_eq(json_string_value(json_object_get(step(&r, 6), "errno")), "ENOENT");
	ck_assert_str_eq(json_string_value(json_object_get(step(&r, 7), "errno")), "EINVAL");
	ck_assert(json_is_true(json_object_get(step(&r, 8), "timeout")));
	ck_assert_msg(!find(&r, "snapshot", "label", "never"), "the plan went on after a time-out");
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, number(step(&r, 0), "pid"));
	json_decref(r.seen);
}
END_TEST

START_TEST(frozen_tasks_are_silent)
{
	struct run r;
	if (!usable("frozen_tasks_are_silent"))
		return;
	run_start(&r);
	run_plan(&r, "", START ",{'op':'freeze','cgroup':'box'},{'op':'ping','deadline_ms':3000},"
		 "{'op':'thaw','cgroup':'box'},{'op':'ping','deadline_ms':3000},{'op':'freeze','cgroup':'box'}");
	run_until(&r, "end");
	json_t *m;
	size_t i;
	json_array_foreach(r.seen, i, m)
		ck_assert_msg(!json_object_get(m, "error"), "an error came");
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 4), "answered")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 4), "silent")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 6), "answered")), 3);
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, number(step(&r, 0), "pid"));
	json_decref(r.seen);
}
END_TEST

/* A worker of stress-ng is nobody's child here, and yet its end is told. */
START_TEST(stress_ng_is_followed)
{
	struct run r;
	if (!usable("stress_ng_is_followed") || access("/usr/bin/stress-ng", X_OK) < 0)
		return;
	run_start(&r);
	run_plan(&r, "", "{'op':'fill','task':'sng'},{'op':'await','task':'sng','for':'dead','deadline_ms':30000},"
		 "{'op':'settle','dead':['sng/2']}");
	run_until(&r, "end");
	ck_assert_str_eq(json_string_value(json_object_get(step(&r, 1), "how")), "dead");
	ck_assert_uint_eq(json_array_size(json_object_get(step(&r, 2), "waiting")), 0);
	json_t *exit = find(&r, "exit", "name", "sng/2");
	ck_assert_ptr_nonnull(exit);
	ck_assert(json_is_false(json_object_get(exit, "by_agent")));
	if (!json_is_null(json_object_get(exit, "signal")))
		ck_assert_int_eq(number(exit, "signal"), SIGKILL);
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, number(step(&r, 0), "pid"));
	json_decref(r.seen);
}
END_TEST

/* Blocks for good: nothing ever makes this true. */
#define FOR_EVER \
	",{'op':'poll','cgroup':'box','file':'cgroup.procs','compare':'=','value':'0','deadline_ms':600000}"

START_TEST(end_of_input_cleans_up)
{
	struct run r;
	if (!usable("end_of_input_cleans_up"))
		return;
	run_start(&r);
	run_plan(&r, "", START FOR_EVER);
	for (int i = 0; i < 3; i++)
		run_until(&r, "step");
	json_int_t pid = number(step(&r, 0), "pid");
	ck_assert(cgroup_left(&r));
	ck_assert_int_eq(access(r.journal, F_OK), 0);
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, pid);
	json_decref(r.seen);
}
END_TEST

static int undo(const char *journal)
{
	CLEANUP_FREE char *agent = program("oomagent");
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		execl(agent, agent, "undo", journal, (char *)NULL);
		_exit(126);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(undo_after_a_kill)
{
	struct run r;
	if (!usable("undo_after_a_kill"))
		return;
	run_start(&r);
	run_plan(&r, "", START FOR_EVER);
	for (int i = 0; i < 3; i++)
		run_until(&r, "step");
	json_int_t pid = number(step(&r, 0), "pid"), out = number(step(&r, 2), "pid");
	ck_assert_int_eq(undo(r.journal), 3);	/* not while the agent lives */
	ck_assert_int_eq(kill((pid_t)pid, 0), 0);
	kill(r.pid, SIGKILL);
	ck_assert_int_eq(run_stop(&r), -1);
	ck_assert(cgroup_left(&r));
	ck_assert_int_eq(undo(r.journal), 0);
	assert_nothing_left(&r, 0);
	/* init reaps them when it comes to it */
	for (int i = 0; i < 500 && (kill((pid_t)pid, 0) == 0 || kill((pid_t)out, 0) == 0); i++)
		poll(NULL, 0, 10);
	assert_nothing_left(&r, pid);
	assert_nothing_left(&r, out);
	json_decref(r.seen);
}
END_TEST

START_TEST(all_needs_are_listed)
{
	struct run r;
	if (!usable("all_needs_are_listed"))
		return;
	run_start(&r);
	run_plan(&r, ",'needs':[{'kind':'path','text':'/nonexistent'},{'kind':'path','text':'/proc'},"
		 "{'kind':'cgroup_file','text':'memory.nonsense'},{'kind':'cgroup_file','text':'cgroup.procs'},"
		 "{'kind':'capability','text':'nonsense'},{'kind':'capability','text':'CAP_KILL'},"
		 "{'kind':'vmstat','text':'oom_kil'},{'kind':'vmstat','text':'pgfault'},"
		 "{'kind':'nodes','text':'64'},{'kind':'nodes','text':'1'}],'swap':{'kind':'disk','size':1}",
		 START);
	json_t *missing = run_until(&r, "missing");
	static const char *const needs[] = { "path /nonexistent", "cgroup file memory.nonsense", "capability nonsense",
					     "vmstat oom_kil", "64 NUMA nodes", "swap disk" };
	ck_assert_uint_eq(json_array_size(missing), ARRAY_SIZE(needs));
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		json_t *m = json_array_get(missing, i);
		ck_assert_str_eq(json_string_value(json_object_get(m, "need")), needs[i]);
		ck_assert_uint_gt(json_string_length(json_object_get(m, "why")), 0);
		ck_assert_uint_gt(json_string_length(json_object_get(m, "how")), 0);
	}
	json_t *end = run_until(&r, "end");
	ck_assert(json_is_true(json_object_get(end, "removed")));
	ck_assert_ptr_null(find(&r, "step", "op", "fill"));
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, 0);
	json_decref(r.seen);
}
END_TEST

START_TEST(bad_plans_are_refused)
{
	static const struct {
		const char *line, *what;
	} bad[] = {
		{ "no json", "not JSON" },
		{ "{'plan':{'steps':[}}", "not JSON" },
		{ "{'plan':{'scale':-1,'steps':[]}}", "\"scale\" must be" },
		{ "{'plan':{'scale':1e300,'steps':[]}}", "\"scale\" must be" },
		{ "{'plan':{'scale':'2','steps':[]}}", "\"scale\" must be" },
		{ "{'plan':{}}", "expected" },
		{ "{'plan':{'id':'\\u0100','steps':[]}}", "above U+00FF" },
		{ "{'plan':{'hierarchy':'v3','root':'oomtests-1','steps':[]}}", "\"hierarchy\"" },
		{ "{'plan':{'hierarchy':'v1','root':'etc','steps':[]}}", "\"root\"" },
		{ "{'plan':{'hierarchy':null,'tasks':[{'name':'x'}],'steps':[]}}", "\"kind\"" },
		{ "{'plan':{'hierarchy':null,'cgroups':[{'name':'x'}],'steps':[]}}", "without a \"hierarchy\"" },
		{ "{'plan':{'hierarchy':null,'steps':[{'op':'dance'}]}}", "unknown op \"dance\"" },
		{ "{'plan':{'hierarchy':null,'steps':[{'op':'fill','task':'x'}]}}", "no task \"x\"" },
		{ "{'plan':{'hierarchy':null,'steps':[{'op':'sysrq','key':'f'}]}}", "only in a guest" },
	};
	struct run r;
	if (!usable("bad_plans_are_refused"))
		return;
	run_start(&r);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		run_send(&r, bad[i].line);
		json_t *error = run_until(&r, "error");
		const char *what = json_string_value(json_object_get(error, "what"));
		ck_assert_msg(what && strstr(what, bad[i].what), "%s\ngave: %s", bad[i].line, what);
		run_until(&r, "end");
	}
	ck_assert_int_eq(run_stop(&r), 0);
	assert_nothing_left(&r, 0);
	json_decref(r.seen);
}
END_TEST

/* What only the host can do is asked of the runner, and nothing but the answer to this step ends the wait for it. */
START_TEST(the_host_is_asked)
{
	static const char plan[] = "{'plan':{'hierarchy':null,'steps':[{'op':'host','what':'nmi'},{'op':'host','what':'unplug'},"
				   "{'op':'host','what':'plug 1G'},{'op':'host','what':'nmi'}]}}";
	struct run r;
	if (!usable("the_host_is_asked"))
		return;
	run_start(&r);
	run_send(&r, plan);
	ck_assert_str_eq(json_string_value(json_object_get(run_until(&r, "host"), "what")), "nmi");
	run_send(&r, "no json");
	run_send(&r, "{'host':{'step':3,'errno':'EIO','error':null}}");
	run_send(&r, "{'host':{'step':0,'errno':null,'error':null}}");
	json_t *done = run_until(&r, "step");
	ck_assert_ptr_eq(json_object_get(done, "errno"), json_null());
	ck_assert_str_eq(json_string_value(json_object_get(run_until(&r, "host"), "what")), "unplug");
	run_send(&r, "{'host':{'step':1,'errno':'EBUSY','error':null}}");
	ck_assert_str_eq(json_string_value(json_object_get(run_until(&r, "step"), "errno")), "EBUSY");
	ck_assert_str_eq(json_string_value(json_object_get(run_until(&r, "host"), "what")), "plug 1G");
	run_send(&r, "{'host':{'step':2,'errno':null,'error':'no room'}}");
	json_t *error = run_until(&r, "error");
	ck_assert_str_eq(json_string_value(json_object_get(error, "what")), "the host can't plug 1G: no room");
	ck_assert_int_eq(json_integer_value(json_object_get(error, "step")), 2);
	run_until(&r, "end");	/* the last step was not done */
	ck_assert_int_eq(run_stop(&r), 0);
	json_decref(r.seen);
}
END_TEST

START_TEST(undo_takes_no_orders)
{
	char path[] = "/tmp/oomagent-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	static const char text[] = "{\"boot\":\"x\"}\n{\"cgroup\":\"/sys/fs/cgroup\"}\n";
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(undo(path), 3);	/* its first line is not an agent's */
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	/* of another boot: nothing to undo; the torn line was never acted upon */
	static const char old[] = "{\"boot\":\"x\",\"agent\":0,\"start\":0}\n{\"file\":\"/nonexistent/x\"}\n{\"fil";
	ck_assert_int_eq(pwrite(fd, old, strlen(old), 0), (ssize_t)strlen(old));
	ck_assert_int_eq(undo(path), 0);
	ck_assert_int_lt(access(path, F_OK), 0);
	ck_assert_int_eq(undo("/nonexistent"), 3);
	close(fd);
}
END_TEST

/* Where the memory controller lives, if this process may use it. */
static void look_around(void) __attribute__((constructor));
static void look_around(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char buf[8192];
	bool log = fd >= 0 && (read(fd, buf, sizeof(buf)) >= 0 || errno != EPERM);
	if (fd >= 0)
		close(fd);
	CLEANUP_FREE char *v2 = read_whole_at(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", 4096, NULL);
	if (geteuid() != 0 || !log)
		return;
	if (access("/sys/fs/cgroup/memory/cgroup.procs", W_OK) == 0) {
		hierarchy = "v1";
		mount_point = xstrdup("/sys/fs/cgroup/memory");
	} else if (v2 && strstr(v2, "memory") && access("/sys/fs/cgroup/cgroup.procs", W_OK) == 0) {
		hierarchy = "v2";
		mount_point = xstrdup("/sys/fs/cgroup");
	}
}

TESTS("agent", kills_the_largest, one_that_lives_is_told, frozen_tasks_are_silent, stress_ng_is_followed,
      end_of_input_cleans_up, undo_after_a_kill, all_needs_are_listed, bad_plans_are_refused, the_host_is_asked, undo_takes_no_orders)
