/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process. Each function reads its file once. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	char comm[64];		/* raw bytes, at most 15 of a user process */
	char state;
	pid_t ppid;
	uint64_t minflt, majflt, utime, stime;	/* ticks */
	uint64_t start;		/* ticks since boot */
	int64_t threads;
	uint64_t vsize;		/* bytes; 0: no mm */
};

/* 0, or -1 when the process is gone. */
int proc_read_stat(pid_t pid, struct proc_stat *st);

/* The process is gone, or a zombie, or another one that got its number. start 0: not compared. */
bool proc_dead(pid_t pid, uint64_t start);

/* It has ended, is about to, or has a SIGKILL before it. */
bool proc_doomed(pid_t pid);

/*
 * Surely without memory of its own: a kernel thread, a zombie, or gone. A hundred kernel threads are asked in the
 * time in which the text of few is made. False where the kernel would not tell.
 */
bool proc_without_mm(pid_t pid);

/* One number from a file like oom_score; INT64_MIN when it can't be read. */
int64_t proc_number(pid_t pid, const char *file);

/* Text of /proc/PID/FILE, or NULL. */
char *proc_text(pid_t pid, const char *file);

/* The value behind "Key:" in status-like text: a number, or -1. */
int64_t key_number(const char *text, const char *key);

/* The rest of the line behind "Key:", without leading blanks, to be freed; or NULL. */
char *key_text(const char *text, const char *key);

/*
 * A thread of the process that has the memory, whose files tell of it: the process itself, or where its first thread
 * has ended (it has no mm then, mm/oom_kill.c:find_lock_task_mm) the first of the others that has not. pid when
 * there is none.
 */
pid_t proc_memory_thread(pid_t pid);

/* The nodes that any thread of it may use, as bits; 0 when it is gone. In v1's cpusets each thread has a place of its own. */
uint64_t proc_mems_of_threads(pid_t pid);

/* Calls fn for each process, in the order of /proc (by pid). */
void proc_each(void (*fn)(pid_t pid, void *arg), void *arg);
