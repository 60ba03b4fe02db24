// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/util.h"
#include "target/console.h"
#include "target/process.h"

#define SECOND INT64_C(1000000000)
#define HELLO_SECONDS 20
#define END_SECONDS 60		/* ending tasks, removing cgroups, swapoff */
#define UNDO_SECONDS 60
#define SUFFIX ".journal"

struct target_template {
	char *dir;
};

struct host {
	pid_t pid;		/* the agent; 0: ended */
	int fd, output_fd;
	char *journal, *agent;
};

char *host_journal_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return xstrdup("/var/lib/oomtests");
	if (state && *state == '/')
		return xasprintf("%s/oomtests", state);
	return xasprintf("%s/.local/state/oomtests", home ? home : "");
}

static int usable(struct error *err)
{
	if (geteuid() == 0)
		return 0;
	return error_set(err, 0, "the host target needs root, to make cgroups and read the kernel log: run it as root, or use "
			 "-t vm or -t uml, which need no rights");
}

static int make_dirs(const char *dir, struct error *err)
{
	CLEANUP_FREE char *path = xstrdup(dir);
	for (char *slash = strchr(path + 1, '/'); ; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return error_set(err, errno, "cannot make %s, where changes to this machine are written down", path);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

/* Start time of a process in clock ticks, field 22 of its stat: the 20th behind the ')' that ends comm. 0: there is none,
 * or a zombie that nobody has reaped. */
static uint64_t start_of(pid_t pid)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 4096, NULL);
	char *p = text ? strrchr(text, ')') : NULL;
	if (p && starts_with(p, ") Z"))
		return 0;
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

/* Does the agent that writes this journal live? Its first line tells who that is. */
static bool owner_lives(const char *path)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 16 << 20, NULL);
	CLEANUP_FREE char *boot = read_whole_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, NULL);
	struct stat st;
	if (!text)
		return errno != ENOENT && errno != EFBIG;
	size_t len = strcspn(text, "\n");
	/* The line comes at once behind the file; one that did not come in a minute never will. */
	if (!text[len])
		return stat(path, &st) == 0 && time(NULL) - st.st_mtime < 60;
	json_t *head = json_loadb(text, len, 0, NULL);
	const char *then = json_string_value(json_object_get(head, "boot"));
	pid_t pid = (pid_t)json_integer_value(json_object_get(head, "agent"));
	uint64_t start = (uint64_t)json_integer_value(json_object_get(head, "start"));
	bool lives = then && boot && strncmp(boot, then, strlen(then)) == 0 && pid > 0 && start == start_of(pid);
	json_decref(head);
	return lives;
}

static int undo(const char *agent, const char *journal, struct error *err)
{
	struct argv a = { 0 };
	CLEANUP_FD int output = memfd_new("undo output", 0, err);
	if (output < 0)
		return -1;
	int status;
	char how[64];
	argv_add(&a, "%s", agent);
	argv_opt(&a, "undo", "%s", journal);
	/* Not to be stopped half-way when the runner is. */
	pid_t pid = process_spawn_heir(&a, NULL, 0, output, err);
	argv_free(&a);
	if (pid < 0)
		return -1;
	if (!process_wait(pid, now_ns() + UNDO_SECONDS * SECOND, &status)) {
		process_kill(pid, NULL);
		return error_set(err, 0, "undoing the changes in %s took longer than %d s", journal, UNDO_SECONDS);
	}
	if (status == 0)
		return 0;
	CLEANUP_FREE char *said = memfd_text(output, 800);
	return error_set(err, 0, "the changes in %s could not be undone (%s): %s", journal, process_status(status, how), said);
}

int host_recover(const char *agent, int *undone, struct error *err)
{
	CLEANUP_FREE char *dir = host_journal_dir();
	int done = 0, failed = 0;
	DIR *d = opendir(dir);
	if (!d && errno != ENOENT)
		return error_set(err, errno, "cannot look for journals in %s", dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t len = strlen(e->d_name);
		if (len <= strlen(SUFFIX) || !streq(e->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, e->d_name);
		if (owner_lives(path))
			continue;
		if (undo(agent, path, failed ? NULL : err) == 0 || access(path, F_OK) < 0)
			done++;
		else
			failed++;
	}
	if (d)
		closedir(d);
	if (undone)
		*undone = done;
	return failed ? -1 : 0;
}

static void release(struct target_template *t)
{
	if (!t)
		return;
	free(t->dir);
	free(t);
}

static struct target_template *reserve(const struct machine_request *req, struct error *err)
{
	CLEANUP_FREE char *dir = host_journal_dir();
	if (make_dirs(dir, err) < 0)
		return NULL;
	/* A test on a machine that an earlier one left changed would judge that. */
	if (host_recover(req->agent, NULL, err) < 0) {
		error_wrap(err, "an earlier run left changes on this machine");
		return NULL;
	}
	struct target_template *t = xcalloc(1, sizeof(*t));
	t->dir = TAKE_PTR(dir);
	return t;
}

/* Closes the stream, by which the agent cleans up and ends. What it does not, its journal does. */
static int host_end(struct host *h)
{
	int status = 0;
	if (h->fd >= 0)
		close(h->fd);
	if (h->pid > 0 && !process_wait(h->pid, now_ns() + END_SECONDS * SECOND, &status))
		process_kill(h->pid, &status);
	if (access(h->journal, F_OK) == 0)
		undo(h->agent, h->journal, NULL);
	if (h->output_fd >= 0)
		close(h->output_fd);
	free(h->journal);
	free(h->agent);
	free(h);
	return status;
}

/* A name that no earlier agent of this process, nor a dead one of the same pid, has used. Malloced. */
static char *new_journal(const char *dir)
{
	static int count;
	char *path;
	for (;;) {
		path = xasprintf("%s/%d-%d" SUFFIX, dir, (int)getpid(), count++);
		if (access(path, F_OK) < 0)
			return path;
		free(path);
	}
}

static struct host *launch(const struct target_template *t, const struct machine_request *req, char **hello,
			   struct error *err)
{
	struct host *h = xcalloc(1, sizeof(*h));
	struct argv a = { 0 };
	int theirs = -1;
	*h = (struct host){ .fd = -1, .journal = new_journal(t->dir), .agent = xstrdup(req->agent) };
	h->output_fd = memfd_new("agent output", 0, err);
	if (h->output_fd < 0 || socket_pair(&h->fd, &theirs, err) < 0) {
		host_end(h);
		return NULL;
	}
	argv_add(&a, "%s", req->agent);
	argv_opt(&a, "--fd", "%d", theirs);
	argv_opt(&a, "--journal", "%s", h->journal);
	argv_opt(&a, "--load", "%s", req->load);
	h->pid = process_spawn_heir(&a, &theirs, 1, h->output_fd, err);
	argv_free(&a);
	close(theirs);
	if (h->pid < 0) {
		host_end(h);
		return NULL;
	}
	struct tail none = { 0 };
	enum message_end end = message_wait(h->fd, -1, "hello", now_ns() + HELLO_SECONDS * SECOND, &none, hello);
	if (end == MESSAGE_SEEN)
		return h;
	int status;
	char how[64] = "it still runs";
	if (process_wait(h->pid, now_ns() + (end == MESSAGE_EOF ? SECOND : 0), &status)) {
		process_status(status, how);
		h->pid = 0;
	}
	CLEANUP_FREE char *said = memfd_text(h->output_fd, 800);
	error_set(err, 0, "%s did not say hello (%s)%s%s", req->agent, how, *said ? ": " : "", said);
	host_end(h);
	return NULL;
}

static struct session *start(struct target_template *t, const struct machine_request *req, bool boot, struct error *err)
{
	char *hello;
	(void)boot;
	struct host *h = launch(t, req, &hello, err);
	if (!h)
		return NULL;
	struct session *s = xcalloc(1, sizeof(*s));
	*s = (struct session){ .fd = h->fd, .console_fd = -1, .pid = h->pid, .hello = hello, .priv = h };
	return s;
}

static enum machine_end stop(struct session *s, int *status)
{
	struct host *h = s->priv;
	int how = 0;
	/* Ended although its stream was open: not in order. */
	bool ended = process_wait(h->pid, 0, &how);
	if (ended) {
		h->pid = 0;
		host_end(h);
	} else {
		how = host_end(h);
	}
	free(s->hello);
	free(s);
	if (status)
		*status = how;
	return ended ? MACHINE_DIED : MACHINE_KILLED;
}

static char *own_release(void)
{
	struct utsname name;
	return uname(&name) == 0 ? xstrdup(name.release) : NULL;
}

const struct target_ops target_host = {
	.name = "host",
	.usable = usable,
	.own_release = own_release,
	.reserve = reserve,
	.release = release,
	.start = start,
	.stop = stop,
};
