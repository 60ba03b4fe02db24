// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "base/util.h"

#define PROC_LIMIT (1 << 20)

char *proc_text(pid_t pid, const char *file)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return read_whole_at(AT_FDCWD, path, PROC_LIMIT, NULL);
}

int64_t proc_number(pid_t pid, const char *file)
{
	CLEANUP_FREE char *text = proc_text(pid, file);
	char *end;
	if (!text)
		return INT64_MIN;
	int64_t n = strtoll(text, &end, 10);
	return end == text ? INT64_MIN : n;
}

int proc_read_stat(pid_t pid, struct proc_stat *st)
{
	CLEANUP_FREE char *text = proc_text(pid, "stat");
	if (!text)
		return -1;
	/* the comm may hold blanks and parentheses: it ends at the last one */
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (!open || !close || close < open)
		return -1;
	size_t len = (size_t)(close - open - 1);
	if (len >= sizeof(st->comm))
		len = sizeof(st->comm) - 1;
	memcpy(st->comm, open + 1, len);
	st->comm[len] = '\0';
	long long ppid, threads;
	unsigned long long minflt, majflt, utime, stime, start, vsize;
	int n = sscanf(close + 1,
		       " %c %lld %*s %*s %*s %*s %*s %llu %*s %llu %*s %llu %llu %*s %*s %*s %*s %lld %*s %llu %llu",
		       &st->state, &ppid, &minflt, &majflt, &utime, &stime, &threads, &start, &vsize);
	if (n != 9)
		return -1;
	st->ppid = (pid_t)ppid;
	st->minflt = minflt;
	st->majflt = majflt;
	st->utime = utime;
	st->stime = stime;
	st->threads = threads;
	st->start = start;
	st->vsize = vsize;
	return 0;
}

/* mm/process_vm_access.c:process_vm_rw_core(): ESRCH without an mm; else the byte at 0 is there, or EFAULT. */
bool proc_without_mm(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };
	return process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 && errno == ESRCH;
}

/* A first thread that has ended is a zombie as long as others go on (kernel/exit.c:delay_group_leader). */
static bool ended(const struct proc_stat *st)
{
	return (st->state == 'Z' && st->threads < 2) || st->state == 'X';
}

bool proc_dead(pid_t pid, uint64_t start)
{
	struct proc_stat st;
	return proc_read_stat(pid, &st) < 0 || ended(&st) || (start && st.start != start);
}

bool proc_doomed(pid_t pid)
{
	struct proc_stat st;
	CLEANUP_FREE char *status = proc_text(pid, "status");
	CLEANUP_FREE char *shared = status ? key_text(status, "ShdPnd") : NULL;
	if (!shared || proc_read_stat(pid, &st) < 0 || ended(&st) || (!st.vsize && st.threads < 2))
		return true;
	return strtoull(shared, NULL, 16) >> (SIGKILL - 1) & 1;
}

/* Calls fn for each thread, the first one first, until it returns false. */
static void each_thread(pid_t pid, bool (*fn)(pid_t tid, void *arg), void *arg)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));) {
		pid_t tid = (pid_t)strtol(d->d_name, NULL, 10);
		if (tid > 0 && !fn(tid, arg))
			break;
	}
	if (dir)
		closedir(dir);
}

static bool without_memory(pid_t tid, void *found)
{
	struct proc_stat st;
	if (proc_read_stat(tid, &st) < 0 || !st.vsize)
		return true;
	*(pid_t *)found = tid;
	return false;
}

pid_t proc_memory_thread(pid_t pid)
{
	struct proc_stat st;
	pid_t found = pid;
	if (proc_read_stat(pid, &st) == 0 && !st.vsize && st.threads > 1)
		each_thread(pid, without_memory, &found);
	return found;
}

static bool add_mems(pid_t tid, void *all)
{
	uint64_t nodes = 0;
	CLEANUP_FREE char *status = proc_text(tid, "status"), *list = status ? key_text(status, "Mems_allowed_list") : NULL;
	if (list && parse_mask(list, &nodes, NULL) == 0)
		*(uint64_t *)all |= nodes;
	return true;
}

uint64_t proc_mems_of_threads(pid_t pid)
{
	uint64_t all = 0;
	each_thread(pid, add_mems, &all);
	return all;
}

static const char *behind_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text, *newline; line; line = newline ? newline + 1 : NULL) {
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
		newline = strchr(line, '\n');
	}
	return NULL;
}

int64_t key_number(const char *text, const char *key)
{
	const char *p = behind_key(text, key);
	return p && isdigit((unsigned char)*p) ? strtoll(p, NULL, 10) : -1;
}

char *key_text(const char *text, const char *key)
{
	const char *p = behind_key(text, key);
	return p ? strndup(p, strcspn(p, "\n")) : NULL;
}

void proc_each(void (*fn)(pid_t pid, void *arg), void *arg)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return;
	for (struct dirent *d; (d = readdir(dir));)
		if (isdigit((unsigned char)d->d_name[0]))
			fn((pid_t)strtol(d->d_name, NULL, 10), arg);
	closedir(dir);
}
