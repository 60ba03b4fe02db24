// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process whose leader has ended: the memory is a worker thread's, under whose pid and name (NAME/1) the kernel shows it
 * (find_lock_task_mm).
 */
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "anon.h"

static void (*serve_orders)(struct load *l);

static void *run_worker(void *arg)
{
	struct load *l = arg;
	system_prefault_stack();
	system_set_comm_of_child(l->name, 1);
	system_outlive_leader();
	control_say_ready();
	serve_orders(l);
	return NULL;
}

static int serve_in_worker(struct load *l, void (*serve)(struct load *l))
{
	pthread_attr_t attr;
	pthread_t id;
	serve_orders = serve;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 131072);
	int f = pthread_create(&id, &attr, run_worker, l);
	if (f)
		return error_say("%s: pthread_create: %s", l->kind->name, failure_name(f));
	syscall(SYS_exit, 0);	/* this thread alone */
	return -1;
}

const struct kind kind_zombie_leader = {
	.name = "zombie-leader",
	.help = "private anonymous memory of a process whose first thread has ended; another, NAME/1, serves orders",
	.open = anon_open,
	.add = anon_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
	.main_only = true,
	.serve_elsewhere = serve_in_worker,
};
