// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <numaif.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "base/bytes.h"

#define CONTROL_FD 3	/* of oomload: orders come in */
#define ANSWERS_FD 4	/* and what it says goes out */
#define STRESS_NG "/usr/bin/stress-ng"

struct failure {		/* what a child says before it gives up */
	int errnum;
	char what[64];
};

/* What the plan says of a task, taken apart before the fork so that bad values are told in full. */
struct setup {
	char **argv;
	bool has_cpus;
	cpu_set_t cpus;
	int policy;		/* -1: none */
	unsigned long nodes;
	int adj;
	bool has_adj;
	unsigned uid;
};

void child_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static int parse_policy(const json_t *policy, struct setup *s, struct error *err)
{
	static const struct {
		const char *name;
		int mode;
	} modes[] = { { "default", MPOL_DEFAULT }, { "bind", MPOL_BIND }, { "preferred", MPOL_PREFERRED },
		      { "interleave", MPOL_INTERLEAVE } };
	const char *mode = json_string_value(json_object_get(policy, "mode"));
	const char *nodes = json_string_value(json_object_get(policy, "nodes"));
	uint64_t mask = 0;
	if (nodes && parse_mask(nodes, &mask, err) < 0)
		return error_wrap(err, "policy's nodes");
	for (size_t i = 0; mode && i < ARRAY_SIZE(modes); i++)
		if (streq(mode, modes[i].name)) {
			s->policy = modes[i].mode;
			s->nodes = mask;
			return 0;
		}
	return error_set(err, 0, "policy's mode must be default, bind, preferred or interleave");
}

static int parse_setup(const struct agent *a, const struct task *t, struct setup *s, struct error *err)
{
	const json_t *adj = json_object_get(t->spec, "adj"), *args = json_object_get(t->spec, "args");
	const json_t *policy = json_object_get(t->spec, "policy");
	const char *cpus = json_string_value(json_object_get(t->spec, "cpus"));
	uint64_t mask;
	*s = (struct setup){ .policy = -1, .uid = (unsigned)json_integer_value(json_object_get(t->spec, "uid")) };
	s->has_adj = json_is_integer(adj);
	s->adj = (int)json_integer_value(adj);
	if (cpus) {
		if (parse_mask(cpus, &mask, err) < 0)
			return error_wrap(err, "cpus");
		s->has_cpus = true;
		for (unsigned i = 0; i < 64; i++)
			if (mask >> i & 1)
				CPU_SET(i, &s->cpus);
	}
	if (json_is_object(policy) && parse_policy(policy, s, err) < 0)
		return -1;
	s->argv = xcalloc(json_array_size(args) + 4, sizeof(char *));
	size_t n = 0, i;
	json_t *arg;
	s->argv[n++] = (char *)(t->silent ? STRESS_NG : a->load);
	if (!t->silent) {
		s->argv[n++] = t->name;
		s->argv[n++] = (char *)json_string_value(json_object_get(t->spec, "kind"));
	}
	json_array_foreach(args, i, arg)
		s->argv[n++] = (char *)(json_is_string(arg) ? json_string_value(arg) : "");
	return 0;
}

static void give_up(int fd, const char *what, int errnum) __attribute__((noreturn));
static void give_up(int fd, const char *what, int errnum)
{
	struct failure f = { .errnum = errnum };
	snprintf(f.what, sizeof(f.what), "%s", what);
	(void)!write(fd, &f, sizeof(f));
	_exit(127);
}

/* What the agent and the task share: [0] is the agent's, [1] the task's. -1: not open. */
struct links {
	int orders[2], answers[2], fail[2];
};

static void child(const struct agent *a, const struct task *t, const struct setup *s, pid_t agent,
		  const struct links *links) __attribute__((noreturn));
static void child(const struct agent *a, const struct task *t, const struct setup *s, pid_t agent,
		  const struct links *links)
{
	int why, fail = links->fail[1];
	/* a session of its own: Ctrl-C at the runner's terminal is for the runner */
	setsid();
	child_signals();
	if (s->has_adj) {
		CLEANUP_FD int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || dprintf(fd, "%d", s->adj) < 0)
			give_up(fail, "oom_score_adj", errno);
	}
	if (t->cgroup && (why = scene_join(a, t->cgroup)) != 0)
		give_up(fail, "joining its cgroup", why);
	if (s->has_cpus && sched_setaffinity(0, sizeof(s->cpus), &s->cpus) < 0)
		give_up(fail, "CPU affinity", errno);
	/* libnuma's wrapper; the kernel takes one bit less than it is told (mm/mempolicy.c:get_nodes) */
	if (s->policy >= 0 && set_mempolicy(s->policy, s->nodes ? &s->nodes : NULL, s->nodes ? 65 : 0) < 0)
		give_up(fail, "memory policy", errno);
	if (s->uid && (setgroups(0, NULL) < 0 || setgid(s->uid) < 0 || setuid(s->uid) < 0))
		give_up(fail, "user id", errno);
	/* after setuid(), which clears it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != agent)
		_exit(127);
	if (!t->silent && (dup2(links->orders[1], CONTROL_FD) < 0 || dup2(links->answers[1], ANSWERS_FD) < 0))
		give_up(fail, "control socket", errno);
	execv(s->argv[0], s->argv);
	/* stress-ng may live elsewhere */
	if (t->silent && errno == ENOENT)
		execvp("stress-ng", s->argv);
	give_up(fail, t->silent ? "executing stress-ng" : "executing oomload", errno);
}

static void exec_ready(struct agent *a, int fd, void *data)
{
	struct task *t = data;
	struct failure f;
	ssize_t n = read(fd, &f, sizeof(f));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof(f)) {
		t->exec_errno = f.errnum ? f.errnum : EIO;
		memcpy(t->exec_what, f.what, sizeof(t->exec_what));
	} else {
		t->running = true;
		timeline_watch(a, t);
	}
	loop_remove(a, fd);
	close(fd);
	t->exec_pipe = -1;
}

/* The task's end goes above the numbers that oomload's ends will get. */
static int lift(int *fd)
{
	int above = fcntl(*fd, F_DUPFD_CLOEXEC, ANSWERS_FD + 1);
	if (above < 0)
		return -1;
	close(*fd);
	*fd = above;
	return 0;
}

/*
 * Who lives at a full limit must be able to answer, and no answer may run out of memory. A socket takes memory for each line, and
 * has the task's cgroup charged for it. A pipe takes a page when it is empty, and keeps that when it has been read
 * (fs/pipe.c:anon_pipe_buf_release): the agent has it take the page here, and a task needs another one only when the agent has
 * left more than that unread. Two pages: Linux 7.3 wants one at hand also where it adds to another (anon_pipe_prefill_and_lock).
 */
static int open_answers(int fd[2])
{
	size_t size = 2 * (size_t)sysconf(_SC_PAGESIZE);
	CLEANUP_FREE char *pages = xcalloc(1, size);
	if (pipe2(fd, O_CLOEXEC) < 0 || write(fd[1], pages, size) != (ssize_t)size || read(fd[0], pages, size) != (ssize_t)size)
		return -1;
	return fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0 ? -1 : lift(&fd[1]);
}

static int open_orders(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0 || lift(&fd[1]) < 0)
		return -1;
	return fcntl(fd[1], F_SETFL, 0);	/* the workload's end blocks; the flag is per end of the pair */
}

static int open_fail(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC) < 0 || lift(&fd[1]) < 0)
		return -1;
	return fcntl(fd[0], F_SETFL, O_NONBLOCK);
}

static void close_ends(struct links *links, int first, int last)
{
	int *const pairs[] = { links->orders, links->answers, links->fail };
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		for (int end = first; end <= last; end++)
			if (pairs[i][end] >= 0)
				close(pairs[i][end]);
}

int task_spawn(struct agent *a, struct task *t, struct error *err)
{
	struct setup s;
	struct links links = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	pid_t agent = getpid(), pid = -1;
	if (t->beside_init)
		return spawn_beside_init(a, t, err);
	if (parse_setup(a, t, &s, err) < 0)
		return error_wrap(err, "task %s", t->name);
	if (open_fail(links.fail) == 0 && (t->silent || (open_orders(links.orders) == 0 && open_answers(links.answers) == 0)))
		pid = fork();
	if (pid < 0) {
		error_set(err, errno, "starting %s", t->name);
		close_ends(&links, 0, 1);
		free(s.argv);
		return -1;
	}
	if (pid == 0)
		child(a, t, &s, agent, &links);
	free(s.argv);
	close_ends(&links, 1, 1);
	t->pid = pid;
	struct proc_stat st;
	t->start = proc_read_stat(pid, &st) == 0 ? st.start : 0;
	t->exec_pipe = links.fail[0];
	loop_add(a, t->exec_pipe, POLLIN, exec_ready, t);
	if (!t->silent)
		task_listen(a, t, links.orders[0], links.answers[0]);
	return 0;
}
