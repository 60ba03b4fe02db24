// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: the agent, between a plan from anybody and a machine whose files hold anything. The input is
 *	{"plan": {…}, "files": {"/proc/42/stat": "…", …}, "kmsg": ["6,1,2,-;…", …], "says": ["ready 1\n", "filled 4096\n"]}
 * and the whole of plan, steps, snapshots and waiting runs on it. What would touch this machine is cut off at the linker:
 * WRAPPED in ci/fuzz.mk names the functions, and they stand below. Everything the agent says must be lines of JSON that
 * end with "end". An input that is no such document is bytes on the wire instead.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "agent/agent.h"
#include "agent/exits.h"
#include "agent/plan.h"
#include "agent/swap.h"
#include "agent/undo.h"
#include "base/jbytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

char *__real_read_whole_at(int dirfd, const char *path, size_t limit, size_t *len);
char *__wrap_read_whole_at(int dirfd, const char *path, size_t limit, size_t *len);
void __wrap_proc_each(void (*fn)(pid_t pid, void *arg), void *arg);
int64_t __real_now_ns(void);
int64_t __wrap_now_ns(void);
pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int sig);
int __wrap_open(const char *path, int flags, ...);
int __wrap_kmsg_open(struct agent *a, struct error *err);
int __wrap_write_file(const char *path, const char *value, struct error *err);
void __wrap_scene_find(struct agent *a, bool v2, bool cpuset, bool freezer, json_t *missing);
struct scene_cgroup *__wrap_scene_make(struct agent *a, const char *name, const char *rel, struct error *err);
int __wrap_scene_set(struct agent *a, const struct scene_cgroup *cg, const char *file, const char *value, struct error *err);
int __wrap_scene_watch(struct agent *a, struct scene_cgroup *cg, struct error *err);
bool __wrap_exits_open(struct agent *a);
int __wrap_swap_on(struct agent *a, const json_t *swap, struct error *err);
bool __wrap_journal_undo(struct journal *j, int64_t deadline, json_t *left, json_t *notes);
enum wait_end __wrap_loop_wait(struct agent *a, wait_fn *done, void *arg, int64_t deadline, int tick_ms);
int __real_socketpair(int domain, int type, int protocol, int ends[2]);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]);
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

static const json_t *doc;	/* the input in work */
static int64_t clock_ns;

/* The machine */

char *__wrap_read_whole_at(int dirfd, const char *path, size_t limit, size_t *len)
{
	const json_t *file = json_object_get(json_object_get(doc, "files"), path);
	if (!doc)	/* main.c reads its inputs */
		return __real_read_whole_at(dirfd, path, limit, len);
	if (!json_is_string(file) || json_string_length(file) > limit) {
		errno = json_is_string(file) ? EFBIG : ENOENT;
		return NULL;
	}
	if (len)
		*len = json_string_length(file);
	char *text = xcalloc(json_string_length(file) + 1, 1);
	memcpy(text, json_string_value(file), json_string_length(file));
	return text;
}

void __wrap_proc_each(void (*fn)(pid_t pid, void *arg), void *arg)
{
	const char *path;
	json_t *text;
	int pid;
	json_object_foreach(json_object_get(doc, "files"), path, text) {
		int end = 0;
		if (sscanf(path, "/proc/%d/stat%n", &pid, &end) == 1 && end && !path[end])
			fn(pid, arg);
	}
}

int64_t __wrap_now_ns(void)
{
	if (!doc)
		return __real_now_ns();
	return clock_ns += 50000000;
}

/* Never a process: the pids are above the kernel's largest (PID_MAX_LIMIT). */
pid_t __wrap_fork(void)
{
	static pid_t last;
	return 5000000 + last++ % 100;
}

int __wrap_kill(pid_t pid, int sig)
{
	(void)sig;
	errno = ESRCH;
	return pid & 1 ? -1 : 0;
}

/* The workloads: each start and each command lets the next of "says" come, on the socket that the agent made last. */
static int workload_ends[64];
static size_t n_workload_ends, said;

static void say_next(void)
{
	const json_t *text = json_array_get(json_object_get(doc, "says"), said);
	if (!json_is_string(text) || !n_workload_ends)
		return;
	said++;
	(void)!__real_send(workload_ends[n_workload_ends - 1], json_string_value(text), json_string_length(text),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

int __wrap_socketpair(int domain, int type, int protocol, int ends[2])
{
	if (n_workload_ends == ARRAY_SIZE(workload_ends)) {
		errno = EMFILE;
		return -1;
	}
	int ret = __real_socketpair(domain, type, protocol, ends);
	if (ret == 0) {
		workload_ends[n_workload_ends++] = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
		say_next();
	}
	return ret;
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	(void)fd;
	(void)data;
	(void)flags;
	say_next();
	return (ssize_t)len;
}

int __wrap_open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	errno = EACCES;
	return -1;
}

int __wrap_kmsg_open(struct agent *a, struct error *err)
{
	int ends[2];
	size_t i;
	json_t *record;
	if (__real_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "records for the fuzz target");
	json_array_foreach(json_object_get(doc, "kmsg"), i, record)
		if (json_string_length(record) && json_string_length(record) < 8192)
			(void)!__real_send(ends[1], json_string_value(record), json_string_length(record), MSG_DONTWAIT);
	close(ends[1]);
	a->kmsg.fd = ends[0];
	a->kmsg.seq = -1;
	a->kmsg.n_killed = 0;
	return 0;
}

int __wrap_write_file(const char *path, const char *value, struct error *err)
{
	return strlen(value) > 4000 ? error_set(err, EINVAL, "writing %s", path) : 0;
}

/* The scene */

void __wrap_scene_find(struct agent *a, bool v2, bool cpuset, bool freezer, json_t *missing)
{
	(void)missing;
	a->cgroups.v2 = v2;
	a->cgroups.memory = xstrdup("/m");
	a->cgroups.cpuset = cpuset ? xstrdup("/c") : NULL;
	a->cgroups.freezer = freezer ? xstrdup("/f") : NULL;
}

struct scene_cgroup *__wrap_scene_make(struct agent *a, const char *name, const char *rel, struct error *err)
{
	struct cgroups *c = &a->cgroups;
	if (c->n > 100) {
		error_set(err, ENOSPC, "making cgroup %s", rel);
		return NULL;
	}
	struct scene_cgroup *cg = xcalloc(1, sizeof(*cg));
	cg->name = xstrdup(name);
	cg->rel = xstrdup(rel);
	cg->eventfd = cg->oom_fd = cg->wd = -1;
	c->all = xrealloc(c->all, c->n + 1, sizeof(struct scene_cgroup *));
	c->all[c->n++] = cg;
	return cg;
}

int __wrap_scene_set(struct agent *a, const struct scene_cgroup *cg, const char *file, const char *value, struct error *err)
{
	CLEANUP_FREE char *path = scene_path(a, cg, file);
	return __wrap_write_file(path, value, err);
}

int __wrap_scene_watch(struct agent *a, struct scene_cgroup *cg, struct error *err)
{
	(void)a;
	(void)cg;
	(void)err;
	return 0;
}

bool __wrap_exits_open(struct agent *a)
{
	(void)a;
	return false;
}

int __wrap_swap_on(struct agent *a, const json_t *swap, struct error *err)
{
	(void)a;
	return json_object_get(swap, "size") ? 0 : error_set(err, 0, "no size");
}

bool __wrap_journal_undo(struct journal *j, int64_t deadline, json_t *left, json_t *notes)
{
	(void)deadline;
	(void)left;
	(void)notes;
	json_array_clear(j->entries);
	return true;
}

/* Nothing more will come than what is there. */
enum wait_end __wrap_loop_wait(struct agent *a, wait_fn *done, void *arg, int64_t deadline, int tick_ms)
{
	(void)deadline;
	(void)tick_ms;
	for (int i = 0; i < 40; i++) {
		if (done(a, arg))
			return WAIT_DONE;
		loop_serve(a);
	}
	return WAIT_TIMEOUT;
}

/* The test */

static void agent_begin(struct agent *a, int fd)
{
	struct error err;
	*a = (struct agent){ .load = "/oomload", .kmsg.fd = -1, .cgroups.inotify = -1, .exits_fd = -1, .step = -1,
			     .tasks.signalfd = -1 };
	if (wire_open(&a->wire, fd, fd, &err) < 0 || journal_open(&a->journal, NULL, &err) < 0)
		abort();
}

static void agent_end(struct agent *a)
{
	journal_close(&a->journal);
	free(a->wire.out);
	free(a->wire.in);
	free(a->loop.sources);
	free(a->kmsg.killed);
	free(a->tasks.all);
	free(a->timeline.cells);
}

static void check_said(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	CLEANUP_FREE char *text = xcalloc((size_t)size + 1, 1);
	if (pread(fd, text, (size_t)size, 0) != size || !size || text[size - 1] != '\n')
		abort();
	const char *last = NULL;
	for (char *line = text, *nl; (nl = strchr(line, '\n')); line = nl + 1) {
		json_t *message = json_loadb(line, (size_t)(nl - line), JSON_REJECT_DUPLICATES, NULL);
		if (json_object_size(message) != 1)
			abort();
		last = line;
		json_decref(message);
	}
	if (!last || !starts_with(last, "{\"end\":"))
		abort();
}

static void run_plan(const json_t *plan)
{
	struct agent a;
	json_t *message = json_pack("{sO?}", "plan", plan);
	CLEANUP_FREE char *line = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	CLEANUP_FD int out = memfd_create("said", MFD_CLOEXEC);
	agent_begin(&a, out);
	clock_ns = 0;
	said = 0;
	plan_run(&a, line ? line : "");
	wire_drain(&a.wire);
	check_said(out);
	agent_end(&a);
	while (n_workload_ends)
		close(workload_ends[--n_workload_ends]);
}

/* Compilers make one call of many that look the same: the text tells which. */
static void __attribute__((noreturn)) wrong(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	abort();
}

/* Raw bytes: every line comes out once, whole, in order. */
static void run_wire(const uint8_t *data, size_t size)
{
	struct agent a;
	int ends[2];
	size_t at = 0, piece = size ? data[0] + 1u : 1;
	if (__real_socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return;
	agent_begin(&a, ends[0]);
	for (size_t from = 0; from < size; from += piece) {
		size_t n = size - from < piece ? size - from : piece;
		if (write_all(ends[1], data + from, n) < 0 || !wire_receive(&a.wire))
			wrong("the stream broke");
		for (char *line; (line = wire_line(&a.wire)); at++) {
			const uint8_t *nl = memchr(data + at, '\n', size - at);
			size_t len = nl ? (size_t)(nl - data) - at : SIZE_MAX;
			if (!nl || memcmp(line, data + at, len) != 0 || line[len])
				wrong("a line is not what was sent");
			at += len;
		}
	}
	if (memchr(data + at, '\n', size - at))
		wrong("a line did not come");
	close(ends[1]);
	if (wire_receive(&a.wire))
		wrong("the end of the stream did not come");
	json_t *text = json_bytes((const char *)data, size);
	struct error err;
	if (!text || json_to_bytes(text, &err) < 0)
		wrong("bytes do not come back from text");
	json_decref(text);
	CLEANUP_FREE char *record = xcalloc(size + 1, 1);
	memcpy(record, data, size);
	struct kmsg_record r;
	if (kmsg_parse(record, size, &r) == 0 && r.len > size)
		wrong("a record is longer than it was");
	close(ends[0]);
	agent_end(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *input = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	doc = input;
	if (json_object_get(input, "plan"))
		run_plan(json_object_get(input, "plan"));
	else if (size)
		run_wire(data, size);
	json_decref(input);
	doc = NULL;
	return 0;
}
