// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/oomload.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"

#define DEADLINE_MS 30000

static void exec_oomload(int control, const char *name, const char *kind, char *args)
{
	char *argv[16] = { (char *)"oomload", (char *)name, (char *)kind };
	int n = 3;
	for (char *word = strtok(args, " "); word && n < 15; word = strtok(NULL, " "))
		argv[n++] = word;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(control, 3);
	for (int fd = 4; fd < 64; fd++)
		close(fd);
	const char *program = getenv("OOMLOAD");
	execv(program ? program : "build/oomload", argv);
	_exit(127);
}

static void read_children(struct oomload *o, unsigned int children)
{
	for (o->n_children = 1; o->n_children <= children; o->n_children++) {
		unsigned int i;
		char *line = oomload_line(o);
		ck_assert_ptr_nonnull(line);
		ck_assert_msg(sscanf(line, "child %u %d", &i, &o->child[o->n_children]) == 2, "\"%s\" is no child", line);
		ck_assert_uint_eq(i, o->n_children);
	}
	o->n_children--;
}

void oomload_start(struct oomload *o, const char *name, const char *kind, const char *args, unsigned int children)
{
	int fd[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	*o = (struct oomload){ .fd = fd[0] };
	o->pid = fork();
	if (o->pid == 0)
		exec_oomload(fd[1], name, kind, xstrdup(args));
	close(fd[1]);
	char wanted[32];
	snprintf(wanted, sizeof(wanted), "ready %d", o->pid);
	char *line = oomload_line(o);
	ck_assert_msg(line && streq(line, wanted), "%s: \"%s\" instead of \"%s\"", kind, line ? line : "(nothing)", wanted);
	read_children(o, children);
}

void oomload_order(struct oomload *o, const char *order)
{
	char line[2048];
	int n = snprintf(line, sizeof(line), "%s\n", order);
	ck_assert_int_eq(write_all(o->fd, line, (size_t)n), 0);
}

char *oomload_line(struct oomload *o)
{
	static char line[1024];
	int64_t deadline = now_ns() + DEADLINE_MS * INT64_C(1000000);
	for (size_t n = 0; n < sizeof(line) - 1;) {
		struct pollfd p = { .fd = o->fd, .events = POLLIN };
		int left = (int)((deadline - now_ns()) / 1000000);
		ck_assert_msg(left > 0 && poll(&p, 1, left) > 0, "no answer within %d s", DEADLINE_MS / 1000);
		if (read(o->fd, line + n, 1) != 1)
			return NULL;
		if (line[n] == '\n') {
			line[n] = '\0';
			return line;
		}
		n++;
	}
	ck_abort_msg("a line without end");
}

void oomload_expect(struct oomload *o, const char *order, const char *wanted)
{
	oomload_order(o, order);
	char *line = oomload_line(o);
	ck_assert_msg(line && streq(line, wanted), "to \"%s\" it said \"%s\", not \"%s\"", order, line ? line : "(nothing)",
		      wanted);
}

int oomload_wait(struct oomload *o)
{
	int status, pidfd = (int)syscall(SYS_pidfd_open, o->pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	if (pidfd >= 0)
		ck_assert_msg(poll(&p, 1, DEADLINE_MS) == 1, "it did not end within %d s", DEADLINE_MS / 1000);
	ck_assert_int_eq(waitpid(o->pid, &status, 0), o->pid);
	close(pidfd);
	return status;
}

void oomload_quit(struct oomload *o)
{
	oomload_order(o, "quit");
	ck_assert_int_eq(oomload_wait(o), 0);
	close(o->fd);
}

static FILE *proc_open(pid_t pid, const char *file)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	FILE *f = fopen(path, "re");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	return f;
}

uint64_t proc_field(pid_t pid, const char *file, const char *field)
{
	CLEANUP_FILE FILE *f = proc_open(pid, file);
	char line[512];
	while (fgets(line, sizeof(line), f))
		if (starts_with(line, field))
			return strtoull(line + strlen(field), NULL, 10);
	ck_abort_msg("/proc/%d/%s has no %s", pid, file, field);
}

uint64_t proc_mapping(pid_t pid, const char *text, const char *field)
{
	CLEANUP_FILE FILE *f = proc_open(pid, "smaps");
	char line[512];
	bool inside = false;
	uint64_t sum = 0;
	while (fgets(line, sizeof(line), f)) {
		bool header = (line[0] >= '0' && line[0] <= '9') || (line[0] >= 'a' && line[0] <= 'f');
		if (header)
			inside = strstr(line, text) != NULL;
		else if (inside && starts_with(line, field))
			sum += strtoull(line + strlen(field), NULL, 10);
	}
	return sum;
}

/* From the state on. */
static const char *stat_text(pid_t pid)
{
	static char text[1024];
	CLEANUP_FILE FILE *f = proc_open(pid, "stat");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	const char *end = strrchr(text, ')');
	ck_assert(end && end[1] == ' ');
	return end + 2;
}

uint64_t proc_stat(pid_t pid, int number)
{
	const char *p = stat_text(pid);
	for (int i = 3; i < number; i++) {
		p = strchr(p, ' ');
		ck_assert_ptr_nonnull(p);
		p++;
	}
	return strtoull(p, NULL, 10);
}

char proc_state(pid_t pid)
{
	return *stat_text(pid);
}

const char *proc_comm(pid_t pid)
{
	static char comm[64];
	CLEANUP_FILE FILE *f = proc_open(pid, "comm");
	size_t n = fread(comm, 1, sizeof(comm) - 1, f);
	comm[n ? n - 1 : 0] = '\0';
	return comm;
}
