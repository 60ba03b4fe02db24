// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes that share one mm (vfork, clone(CLONE_VM)) die together. kcmp(2) compares two processes' mm and gives an order,
 * so those that look alike are sorted by it: alike are, but for what was forked and did not exec, only sharers, because each
 * exec puts the stack elsewhere. It needs the right to trace both.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

static const struct machine *sorting;	/* qsort_r's argument would do, but the static libc of old systems lacks it */
static int refused;		/* errno of a kcmp that was not allowed */

/* Those that can have one mm come together. */
static int by_size(const void *a, const void *b)
{
	const struct machine_task *x = &sorting->tasks[*(const int *)a], *y = &sorting->tasks[*(const int *)b];
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->vm_kb != y->vm_kb)
		return x->vm_kb < y->vm_kb ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool alike(const struct machine_task *x, const struct machine_task *y)
{
	return x->stack == y->stack && x->vm_kb == y->vm_kb;
}

static long compare_mm(int a, int b)
{
	long c = syscall(SYS_kcmp, a, b, KCMP_VM, 0UL, 0UL);
	if (c < 0 && errno != ESRCH)
		refused = errno;
	return c;
}

static int by_mm(const void *a, const void *b)
{
	int x = sorting->tasks[*(const int *)a].pid, y = sorting->tasks[*(const int *)b].pid;
	switch (compare_mm(x, y)) {
	case 0:
		return 0;
	case 1:
		return -1;
	case 2:
		return 1;
	default:
		return (x > y) - (x < y);
	}
}

/* Numbers the mms that more than one of these n processes have. */
static void number_run(struct machine *m, int *order, size_t n, int *next)
{
	qsort(order, n, sizeof(*order), by_mm);
	for (size_t i = 1; i < n; i++) {
		struct machine_task *x = &m->tasks[order[i - 1]], *y = &m->tasks[order[i]];
		if (compare_mm(x->pid, y->pid) != 0)
			continue;
		if (!x->mm)
			x->mm = (*next)++;
		y->mm = x->mm;
	}
}

void sharers_find(struct machine *m)
{
	CLEANUP_FREE int *order = xcalloc(m->n_tasks, sizeof(*order));
	int next = 1;
	for (size_t i = 0; i < m->n_tasks; i++)
		order[i] = (int)i;
	sorting = m;
	refused = 0;
	if (m->n_tasks)
		qsort(order, m->n_tasks, sizeof(*order), by_size);
	for (size_t i = 0, end; i < m->n_tasks; i = end) {
		for (end = i + 1; end < m->n_tasks && alike(&m->tasks[order[i]], &m->tasks[order[end]]); end++)
			;
		if (end - i > 1)
			number_run(m, order + i, end - i, &next);
	}
	if (refused == EPERM)
		machine_lack(m, "which processes share an mm, and so die together; run as root");
	else if (refused)
		machine_lack(m, "which processes share an mm: kcmp: %s", strerror(refused));
}
