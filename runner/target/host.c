// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/host.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/util.h"
#include "target/console.h"
#include "target/leftover.h"
#include "target/process.h"

#define SECOND INT64_C(1000000000)
#define HELLO_SECONDS 20

struct target_template {
	char *dir;
};

struct host {
	pid_t pid;		/* the agent; 0: ended */
	int fd, output_fd;
	char *journal, *agent;
};

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

static void release(struct target_template *t)
{
	if (!t)
		return;
	free(t->dir);
	free(t);
}

static struct target_template *reserve(const struct machine_request *req, struct error *err)
{
	CLEANUP_FREE char *dir = leftover_dir();
	if (make_dirs(dir, err) < 0)
		return NULL;
	/* A test on a machine that an earlier one left changed would judge that. */
	if (leftover_recover(req->agent, NULL, err) < 0) {
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
	if (h->pid > 0 && !process_wait(h->pid, now_ns() + AGENT_END_SECONDS * SECOND, &status))
		process_kill(h->pid, &status);
	if (access(h->journal, F_OK) == 0)
		leftover_undo(h->agent, h->journal, NULL);
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
		path = xasprintf("%s/%d-%d" LEFTOVER_SUFFIX, dir, (int)getpid(), count++);
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
	*s = (struct session){ .fd = h->fd, .to_fd = h->fd, .console_fd = -1, .pid = h->pid, .hello = hello, .priv = h };
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
