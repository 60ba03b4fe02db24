// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that make a process hard to get rid of, or its memory: page faults that nobody serves, an mm that another process
 * holds or reads, a killed process whose memory is taken before it can end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "missing.h"
#include "sysfile.h"

static struct result call_missing(struct load *l, char *args)
{
	char *start;
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	if (map_missing(page_size, &start) < 0)
		return result_of(-1);
	*(volatile char *)start = 1;
	return (struct result){ 0, 0 };	/* somebody brought it after all */
}

/* In the holder: reads the other's memory into a page that nobody brings. Meanwhile mm_users of the other's mm is raised
 * (fs/proc/base.c:mem_rw). The page is at the same place in both, for the holder is the other's brother. */
static void hold(pid_t pid, int to_parent) __attribute__((noreturn));
static void hold(pid_t pid, int to_parent)
{
	static const char anything = 1;
	char path[64], *at = path, *page;
	memcpy(at, "/proc/", 6);
	at = put_decimal(at + 6, (uint64_t)pid);
	memcpy(at, "/mem", 5);
	int mem = open(path, O_RDONLY | O_CLOEXEC), fault = map_missing(page_size, &page);
	int said = mem < 0 || fault < 0 ? -errno : fault;
	(void)!write(to_parent, &said, sizeof(said));
	if (said >= 0)
		(void)!pread(mem, page, 1, (off_t)(uintptr_t)&anything);
	_exit(1);
}

static struct result call_pin(struct load *l, char *args)
{
	pid_t pid = procs_named(&args);
	int fds[2], said = -EIO;
	(void)l;
	if (pid < 0)
		return BAD_ARGS;
	if (!pid || pipe2(fds, O_CLOEXEC) < 0)
		return pid ? result_of(-1) : (struct result){ -1, ESRCH };
	/* With the same descriptors, so that its userfaultfd can be asked here whether it waits. */
	pid_t holder = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (holder == 0)
		hold(pid, fds[1]);
	struct result r = result_of(holder);
	if (holder > 0 && read(fds[0], &said, sizeof(said)) != sizeof(said))
		said = -EIO;
	close(fds[0]);
	close(fds[1]);
	if (r.errnum)
		return r;
	unsigned int number = procs_add(holder);
	if (said < 0)
		return (struct result){ -1, -said };
	struct pollfd waits = { .fd = said, .events = POLLIN };
	while (poll(&waits, 1, -1) < 0 && errno == EINTR)
		;
	return (struct result){ number, 0 };
}

/* The largest private mapping that may be written, by the lines of /proc/PID/maps: START-END rw-p ... */
static struct segment largest(int maps)
{
	static char text[FILL_BLOCK + 1];
	struct segment best = { NULL, 0 };
	size_t len = 0;
	for (ssize_t n; (n = read(maps, text + len, FILL_BLOCK - len)) > 0;) {
		char *line = text, *end;
		text[len += (size_t)n] = '\0';
		for (char *next; (end = strchr(line, '\n')); line = next) {
			next = end + 1;
			uint64_t from = strtoull(line, &line, 16), to = strtoull(line + 1, &line, 16);
			if (strncmp(line, " rw-p", 5) == 0 && to - from > best.len)
				best = (struct segment){ (char *)(uintptr_t)from, to - from };
		}
		memmove(text, line, len -= (size_t)(line - text));
	}
	return best;
}

/* A word of each page of a process's largest mapping. Whoever's page is not there is waited for with his mmap_lock held
 * (mm/memory.c:__access_remote_vm). */
static struct result each_word(char *args, ssize_t (*move)(int mem, uint64_t *word, off_t at), int how)
{
	static char maps[64];
	char *path = next_word(&args), *file = path ? strrchr(path, '/') : NULL;
	if (!file || next_word(&args) || !streq(file, "/mem") || (size_t)(file - path) + sizeof("/maps") > sizeof(maps))
		return BAD_ARGS;
	memcpy(maps, path, (size_t)(file - path));
	memcpy(maps + (file - path), "/maps", sizeof("/maps"));
	int from = open(maps, O_RDONLY | O_CLOEXEC), mem = open(path, how | O_CLOEXEC);
	struct segment s = from < 0 || mem < 0 ? (struct segment){ NULL, 0 } : largest(from);
	uint64_t done = 0, word = 1;
	while (done < s.len && move(mem, &word, (off_t)(uintptr_t)(s.start + done)) == sizeof(word))
		done += page_size;
	struct result r = from < 0 || mem < 0 ? result_of(-1) : (struct result){ (int64_t)done, 0 };
	if (from >= 0)
		close(from);
	if (mem >= 0)
		close(mem);
	return r;
}

static ssize_t read_word(int mem, uint64_t *word, off_t at)
{
	return pread(mem, word, sizeof(*word), at);
}

static ssize_t write_word(int mem, uint64_t *word, off_t at)
{
	return pwrite(mem, word, sizeof(*word), at);
}

static struct result call_readmem(struct load *l, char *args)
{
	(void)l;
	return each_word(args, read_word, O_RDONLY);
}

static struct result call_writemem(struct load *l, char *args)
{
	(void)l;
	return each_word(args, write_word, O_WRONLY);
}

/* Pages, or -1. */
static int64_t resident(pid_t pid)
{
	char path[64], text[64], *at = path;
	memcpy(at, "/proc/", 6);
	at = put_decimal(at + 6, (uint64_t)pid);
	memcpy(at, "/statm", 7);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	char *rest = text;
	next_word(&rest);	/* the size */
	char *word = next_word(&rest);
	int64_t pages;
	return word && parse_int(word, 0, INT64_MAX, &pages) ? pages : -1;
}

/* Kills a child and takes its memory before it has had a turn. The result is the pages that it still has. */
static struct result call_release(struct load *l, char *args)
{
	static const struct sched_param none, first = { .sched_priority = 1 };
	pid_t pid = procs_named(&args);
	(void)l;
	if (pid < 0)
		return BAD_ARGS;
	int fd = (int)syscall(434, pid, 0);	/* pidfd_open */
	/* on one CPU it runs only when this process sleeps or has its fair share no more */
	if (fd < 0 || syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first) < 0 || kill(pid, SIGKILL) < 0)
		return result_of(-1);
	struct result r = result_of(syscall(448, fd, 0));	/* process_mrelease, since Linux 5.15 */
	close(fd);
	int64_t left = r.errnum ? -1 : resident(pid);
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	return r.errnum ? r : (struct result){ left, left < 0 ? EINVAL : 0 };
}

const struct call hold_calls[] = {
	{ "missing", "", "wait in a page fault that nobody serves (userfaultfd)", call_missing },
	{ "pin", "CHILD", "another process holds a child's mm, so that its end alone frees nothing; it is child number RESULT", call_pin },
	{ "readmem", "PATH", "read what a process's largest mapping has, through its /proc/PID/mem, as long as it lives; the result is the bytes", call_readmem },
	{ "writemem", "PATH", "write a word to each page of it", call_writemem },
	{ "release", "CHILD", "kill a child and free its memory at once (process_mrelease); the result is the pages left", call_release },
	{ NULL, NULL, NULL, NULL },
};
