// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent reads of processes. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "agent/proc.h"
#include "tests/harness.h"

/* The snapshot leaves out whom this names: a live process must never be among them. */
START_TEST(without_mm)
{
	struct proc_stat st;
	siginfo_t info;
	ck_assert(!proc_without_mm(getpid()));
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(1);
	}
	ck_assert(!proc_without_mm(child));
	kill(child, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(proc_read_stat(child, &st), 0);
	ck_assert_int_eq(st.state, 'Z');
	ck_assert_uint_eq(st.vsize, 0);
	ck_assert(proc_without_mm(child));
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert(proc_without_mm(child));	/* nobody of that number */
}
END_TEST

static void *go_on(void *fd)
{
	struct proc_stat st;
	while (proc_read_stat(getpid(), &st) == 0 && st.state != 'Z')
		sched_yield();
	(void)!write(*(int *)fd, "", 1);
	pause();
	return NULL;
}

/* Whose first thread alone has ended lives, and is taken for dead when the rest is. */
START_TEST(headless)
{
	int ready[2];
	char c;
	siginfo_t info;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, go_on, &ready[1]);
		syscall(SYS_exit, 0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert(!proc_dead(child, 0));
	ck_assert(!proc_doomed(child));
	kill(child, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert(proc_dead(child, 0));
	ck_assert(proc_doomed(child));
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

TESTS("proc", without_mm, headless)
