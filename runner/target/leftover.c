// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/util.h"
#include "target/process.h"

#define SECOND INT64_C(1000000000)
#define UNDO_SECONDS 60
#define LOOK_MS 5		/* between looks at a process where there are no pidfds (before 5.3) */

/* The agent that writes a journal, as its first line tells. */
struct owner {
	bool lives;
	bool ending;		/* killed, or undoing its changes because its runner is dead */
	pid_t pid;		/* 0: not known yet */
	uint64_t start;		/* clock ticks since boot */
};

char *leftover_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return xstrdup("/var/lib/oomtests");
	if (state && *state == '/')
		return xasprintf("%s/oomtests", state);
	return xasprintf("%s/.local/state/oomtests", home ? home : "");
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

/* Has somebody sent it SIGKILL? A process dies some time after that. The signal stays in what is pending for the whole process
 * until it is gone (kernel/signal.c, get_signal() takes it from the thread's own only). */
static bool killed(pid_t pid)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/status", (int)pid);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 16384, NULL);
	char *line = text ? strstr(text, "\nShdPnd:\t") : NULL;
	return line && strtoull(line + strlen("\nShdPnd:\t"), NULL, 16) >> (SIGKILL - 1) & 1;
}

/* One whose line can't be read yet is taken for alive. */
static struct owner owner_of(const char *path, pid_t runner)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 16 << 20, NULL);
	CLEANUP_FREE char *boot = read_whole_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, NULL);
	struct stat st;
	if (!text)
		return (struct owner){ .lives = errno != ENOENT && errno != EFBIG };
	size_t len = strcspn(text, "\n");
	/* The line comes at once behind the file; one that did not come in a minute never will. */
	if (!text[len])
		return (struct owner){ .lives = stat(path, &st) == 0 && time(NULL) - st.st_mtime < 60 };
	json_t *head = json_loadb(text, len, 0, NULL);
	const char *then = json_string_value(json_object_get(head, "boot"));
	struct owner o = {
		.pid = (pid_t)json_integer_value(json_object_get(head, "agent")),
		.start = (uint64_t)json_integer_value(json_object_get(head, "start")),
	};
	o.lives = then && boot && strncmp(boot, then, strlen(then)) == 0 && o.pid > 0 && o.start == start_of(o.pid);
	o.ending = o.lives && (killed(o.pid) || (runner > 0 && (start_of(runner) == 0 || killed(runner))));
	json_decref(head);
	return o;
}

/* Waits for the end of an agent that is about to end. False: it did not in AGENT_END_SECONDS. */
static bool owner_ends(const struct owner *owner)
{
	int64_t deadline = now_ns() + AGENT_END_SECONDS * SECOND;
	CLEANUP_FD int fd = (int)syscall(SYS_pidfd_open, owner->pid, 0);
	while (start_of(owner->pid) == owner->start) {
		int64_t left = (deadline - now_ns()) / 1000000;
		if (left <= 0)
			return false;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, fd < 0 ? LOOK_MS : (int)left);
	}
	return true;
}

int leftover_undo(const char *agent, const char *journal, struct error *err)
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

/* One journal. -1: it could not be undone. */
static int recover(const char *agent, const char *dir, const char *name, struct leftovers *l, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", dir, name);
	struct owner owner = owner_of(path, (pid_t)strtol(name, NULL, 10));
	if (owner.lives && (!owner.ending || !owner_ends(&owner))) {
		l->at_work++;
		return 0;
	}
	/* an agent that ended by itself has removed it */
	if (access(path, F_OK) < 0 || leftover_undo(agent, path, err) == 0 || access(path, F_OK) < 0) {
		l->undone++;
		return 0;
	}
	return -1;
}

int leftover_recover(const char *agent, struct leftovers *l, struct error *err)
{
	CLEANUP_FREE char *dir = leftover_dir();
	struct leftovers found = { 0 };
	int failed = 0;
	DIR *d = opendir(dir);
	if (!d && errno != ENOENT)
		return error_set(err, errno, "cannot look for journals in %s", dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t len = strlen(e->d_name);
		if (len <= strlen(LEFTOVER_SUFFIX) || !streq(e->d_name + len - strlen(LEFTOVER_SUFFIX), LEFTOVER_SUFFIX))
			continue;
		if (recover(agent, dir, e->d_name, &found, failed ? NULL : err) < 0)
			failed++;
	}
	if (d)
		closedir(d);
	if (l)
		*l = found;
	return failed ? -1 : 0;
}
