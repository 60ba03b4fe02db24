// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the machine: files, mounts, swap. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

static struct result call_write(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	if (!path || !*args)
		return BAD_ARGS;
	return sysfile_write(path, args);	/* the value is the rest of the line, blanks and all */
}

/* A page at the end of a new file, again and again; each that is refused is undone by the kernel, or should be. */
static struct result call_refusals(struct load *l, char *args)
{
	char *path = next_word(&args), *word = next_word(&args);
	int64_t n, refused = 0;
	(void)l;
	if (!word || next_word(&args) || !parse_int(word, 1, INT32_MAX, &n))
		return BAD_ARGS;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return result_of(-1);
	unlink(path);
	for (int64_t i = 0; i < n; i++)
		refused += pwrite(fd, fill_block(), page_size, 0) < 0 && errno == ENOSPC;
	close(fd);
	return (struct result){ refused, 0 };
}

static struct result call_read(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	return !path || next_word(&args) ? BAD_ARGS : sysfile_read(path);
}

/* The kernel keeps each name that is not there in some file systems (sysfs: since Linux 5.15), here some 250 bytes of it. */
static struct result call_lookups(struct load *l, char *args)
{
	static char path[200];
	char *dir = next_word(&args), *word = next_word(&args);
	int64_t n, missing = 0;
	(void)l;
	if (!word || next_word(&args) || strlen(dir) > 100 || !parse_int(word, 1, INT32_MAX, &n))
		return BAD_ARGS;
	char *end = path + strlen(dir);
	memcpy(path, dir, strlen(dir));
	memcpy(end, "/of-all-the-names-that-there-could-be-there-is-none-like-", 57);
	for (int64_t i = 0; i < n; i++) {
		*put_decimal(end + 57, (uint64_t)i) = '\0';
		missing += access(path, F_OK) < 0 && errno == ENOENT;
	}
	return (struct result){ missing, 0 };
}

static struct result fallocate_file(const char *path, int flags, int mode, uint64_t from, uint64_t size)
{
	int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return result_of(-1);
	struct result r = result_of(fallocate(fd, mode, (off_t)from, (off_t)size));
	close(fd);
	return r;
}

static void nothing(int signo)
{
	(void)signo;
}

/* A signal each millisecond, which does nothing but interrupt; on false no more come. */
static void interrupt(bool on)
{
	const suseconds_t us = on ? 1000 : 0;
	const struct itimerval each = { { 0, us }, { 0, us } };
	struct sigaction act = { .sa_handler = nothing };
	if (on)
		sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
}

static struct result call_fallocate(struct load *l, char *args)
{
	uint64_t size;
	char *path = next_word(&args), *word = next_word(&args), *how = next_word(&args);
	(void)l;
	if (!path || !word || (how && !streq(how, "interrupted")) || next_word(&args) || !parse_size(word, &size))
		return BAD_ARGS;
	if (how)
		interrupt(true);
	struct result r = fallocate_file(path, O_CREAT, 0, 0, size);
	if (how)
		interrupt(false);
	return r;
}

static struct result call_truncate(struct load *l, char *args)
{
	uint64_t size;
	char *path = next_word(&args), *word = next_word(&args);
	(void)l;
	return !word || next_word(&args) || !parse_size(word, &size) ? BAD_ARGS : result_of(truncate(path, (off_t)size));
}

static struct result call_punch(struct load *l, char *args)
{
	uint64_t from, size;
	char *path = next_word(&args), *first = next_word(&args), *second = next_word(&args);
	(void)l;
	if (!path || !first || !second || next_word(&args) || !parse_size(first, &from) || !parse_size(second, &size))
		return BAD_ARGS;
	return fallocate_file(path, 0, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, size);
}

static struct result call_unlink(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	return !path || next_word(&args) ? BAD_ARGS : result_of(unlink(path));
}

static struct result call_remount(struct load *l, char *args)
{
	char *path = next_word(&args), *options = next_word(&args);
	(void)l;
	if (!path || next_word(&args))
		return BAD_ARGS;
	return result_of(mount(NULL, path, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, options));
}

static struct result call_mount(struct load *l, char *args)
{
	char *type = next_word(&args), *path = next_word(&args), *options = next_word(&args);
	(void)l;
	if (!path || next_word(&args))
		return BAD_ARGS;
	return result_of(mount(type, path, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, options));
}

static struct result call_mkdir(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	return !path || next_word(&args) ? BAD_ARGS : result_of(mkdir(path, 0755));
}

static struct result call_cgroupns(struct load *l, char *args)
{
	(void)l;
	return next_word(&args) ? BAD_ARGS : result_of(unshare(CLONE_NEWCGROUP));
}

static struct result call_ipcns(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	if (!path)
		return result_of(unshare(CLONE_NEWIPC));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct result r = result_of(fd < 0 ? -1 : setns(fd, CLONE_NEWIPC));
	if (fd >= 0)
		close(fd);
	return r;
}

static struct result call_writebad(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	if (!path || next_word(&args))
		return BAD_ARGS;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	struct result r = result_of(syscall(SYS_write, fd, (void *)page_size, 1));
	close(fd);
	return r;
}

static struct result call_swapon(struct load *l, char *args)
{
	char *path = next_word(&args), *word = next_word(&args);
	int64_t priority;
	(void)l;
	if (!path || next_word(&args) || (word && !parse_int(word, 0, SWAP_FLAG_PRIO_MASK, &priority)))
		return BAD_ARGS;
	return result_of(swapon(path, word ? SWAP_FLAG_PREFER | (int)priority : 0));
}

static struct result call_swapoff(struct load *l, char *args)
{
	char *path = next_word(&args);
	(void)l;
	return !path || next_word(&args) ? BAD_ARGS : result_of(swapoff(path));
}

const struct call machine_calls[] = {
	{ "write", "PATH VALUE", "write a file; the result is the bytes written", call_write },
	{ "writebad", "PATH", "write to a file from where there is no memory, so that nothing is written", call_writebad },
	{ "refusals", "PATH N", "write a page to a new file N times; the result is how often there was no space", call_refusals },
	{ "lookups", "DIR N", "look up N names that a directory does not have; the result is how many were not there", call_lookups },
	{ "read", "PATH", "read a file that begins with an integer; it is the result", call_read },
	{ "fallocate", "PATH SIZE [interrupted]", "give a file so much of memory or of a disk (fallocate), under a signal each millisecond", call_fallocate },
	{ "truncate", "PATH SIZE", "make a file that long, and give back what was beyond", call_truncate },
	{ "punch", "PATH FROM SIZE", "take so much of a file or of a disk away (FALLOC_FL_PUNCH_HOLE)", call_punch },
	{ "unlink", "PATH", "remove a file", call_unlink },
	{ "remount", "PATH [OPTIONS]", "give a mount other options, like memory_localevents for /sys/fs/cgroup", call_remount },
	{ "mount", "TYPE PATH [OPTIONS]", "mount a file system without a device", call_mount },
	{ "mkdir", "PATH", "make a directory", call_mkdir },
	{ "cgroupns", "", "a cgroup namespace of its own", call_cgroupns },
	{ "ipcns", "[PATH]", "an IPC namespace of its own, or that of a file like /proc/@other/ns/ipc", call_ipcns },
	{ "swapon", "PATH [PRIORITY]", "start swapping there", call_swapon },
	{ "swapoff", "PATH", "stop swapping there: all its pages must come back into memory", call_swapoff },
	{ NULL, NULL, NULL, NULL },
};
