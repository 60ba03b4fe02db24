// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent reads of processes. */
#include <check.h>
#include <signal.h>
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

TESTS("proc", without_mm)
