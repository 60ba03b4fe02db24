// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <malloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "agent/agent.h"
#include "agent/undo.h"

#define MODULES "/lib/modules/oomtests.order"
#define HEAP (6 << 20)
#define STACK (256 << 10)

static void mount_on(const char *what, const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	mount(what, where, type, MS_NOSUID, options);
}

/* The kernel gives /init no open descriptors when the initramfs has no /dev/console. */
static void open_standard(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	for (int i = 0; fd >= 0 && i < 3; i++)
		if (fd != i && fcntl(i, F_GETFD) < 0)
			dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* NULL, or why not. */
static const char *load_module(const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = strlen(path);
	bool packed = len < 3 || !streq(path + len - 3, ".ko");
	if (fd < 0)
		return strerror(errno);
	if (syscall(SYS_finit_module, fd, "", packed ? 4 /* MODULE_INIT_COMPRESSED_FILE */ : 0) == 0 || errno == EEXIST)
		return NULL;
	return errno == ENOENT ? "unknown symbol: a module that it needs is missing or comes later" : strerror(errno);
}

/* One path a line, in the order of their dependencies. */
static void load_modules(struct agent *a)
{
	CLEANUP_FREE char *list = read_whole_at(AT_FDCWD, MODULES, 1 << 20, NULL);
	a->modules_failed = json_array();
	for (char *save = NULL, *path = list ? strtok_r(list, "\n", &save) : NULL; path;
	     path = strtok_r(NULL, "\n", &save)) {
		CLEANUP_FREE char *full = *path == '/' ? xstrdup(path) : xasprintf("/lib/modules/%s", path);
		const char *why = load_module(full);
		if (why) {
			CLEANUP_FREE char *text = xasprintf("%s: %s", path, why);
			json_array_append_new(a->modules_failed, json_text(text));
		}
	}
}

static char *heap;	/* all of it, from lock_memory() on */

static void touch(char *from, const char *to)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (char *p = from; p < to; p += page)
		__atomic_fetch_or(p, 0, __ATOMIC_RELAXED);
}

void guest_own_memory(void)
{
	extern char __data_start, _end;
	char here;
	touch(&__data_start, &_end);
	touch(heap, (char *)sbrk(0));
	touch(&here - STACK, &here);
}

/* From here on the heap has room for a whole plan and its memory is there, so that a machine without memory does not
 * make the agent allocate: an allocation of PID 1 could itself invoke the OOM killer and be taken for the test's. */
static void lock_memory(void)
{
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	heap = xcalloc(1, HEAP);
	memset(heap, 1, HEAP);
	__asm__ volatile("" : : "r"(heap) : "memory");	/* keep the writes */
	free(heap);
	char stack[STACK];
	memset(stack, 1, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
	mlockall(MCL_CURRENT | MCL_FUTURE);
}

void guest_init(struct agent *a)
{
	umask(022);
	mount_on("proc", "proc", "/proc", NULL);
	mount_on("sysfs", "sysfs", "/sys", NULL);
	mount_on("debugfs", "debugfs", "/sys/kernel/debug", NULL);
	mount_on("devtmpfs", "devtmpfs", "/dev", "mode=755");
	open_standard();
	mount_on("tmpfs", "tmpfs", "/tmp", "mode=1777");
	mount_on("tmpfs", "tmpfs", "/dev/shm", "mode=1777");
	load_modules(a);
	lock_memory();
}

int guest_port(struct error *err)
{
	char name[64] = "ttyS1";
	CLEANUP_FREE char *cmdline = read_whole_at(AT_FDCWD, "/proc/cmdline", 1 << 16, NULL);
	const char *param = cmdline ? strstr(cmdline, "oomtests.port=") : NULL;
	if (param)
		sscanf(param, "oomtests.port=%63s", name);
	CLEANUP_FREE char *path = xasprintf("/dev/%s", name);
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	/* an 8250 may gather more of its 16 bytes before it interrupts; others don't have the file */
	CLEANUP_FREE char *trigger = xasprintf("/sys/class/tty/%s/rx_trig_bytes", name);
	write_file(trigger, "14", NULL);
	return fd < 0 ? error_set(err, errno, "opening the protocol's port %s", path) : fd;
}

void guest_off(void)
{
	reboot(RB_POWER_OFF);
	reboot(RB_HALT_SYSTEM);
	for (;;)
		poll(NULL, 0, -1);
}
