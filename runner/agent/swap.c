// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/swap.h>

#include "agent/agent.h"
#include "agent/missing.h"
#include "agent/undo.h"

#define SWAP_MAGIC "SWAPSPACE2"
#define VOLUME "oomtests"
#define VOLUME_AT (1024 + 3 * 4 + 16)	/* behind the three numbers and the UUID */
#define ZRAM_CONTROL "/sys/class/zram-control"

static bool has_swap_header(const char *dev)
{
	char magic[sizeof(SWAP_MAGIC)] = "";
	long page = sysconf(_SC_PAGESIZE);
	CLEANUP_FD int fd = open(dev, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = sizeof(SWAP_MAGIC) - 1;
	return fd >= 0 && pread(fd, magic, (size_t)len, page - len) == len && streq(magic, SWAP_MAGIC);
}

/* Is it the machine's own swap disk (runner/target/swap_header.c)? Its header covers all of it; a test may want less. */
static bool is_our_disk(const char *dev)
{
	char name[sizeof(VOLUME)] = "";
	CLEANUP_FD int fd = open(dev, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && pread(fd, name, sizeof(name), VOLUME_AT) == sizeof(name) && streq(name, VOLUME);
}

/* The first block device with a swap header on it. To be freed; NULL: none. */
static char *find_disk(void)
{
	DIR *dir = opendir("/sys/block");
	char *found = NULL;
	for (struct dirent *d; dir && !found && (d = readdir(dir));) {
		if (d->d_name[0] == '.' || starts_with(d->d_name, "zram") || starts_with(d->d_name, "ram") ||
		    starts_with(d->d_name, "loop"))
			continue;
		char *dev = xasprintf("/dev/%s", d->d_name);
		if (has_swap_header(dev))
			found = dev;
		else
			free(dev);
	}
	if (dir)
		closedir(dir);
	return found;
}

void swap_need(struct agent *a, const char *kind, json_t *missing)
{
	if (access("/proc/swaps", F_OK) < 0) {
		need_missing(missing, "swap", "this kernel can't swap", "use a kernel with CONFIG_SWAP");
	} else if (streq(kind, "zram")) {
		if (access(ZRAM_CONTROL "/hot_add", F_OK) < 0)
			need_missing(missing, "swap zram", "there is no zram device",
				     a->guest ? "give the guest zram.ko (a kernel with its modules)" :
						"load it: modprobe zram");
	} else if (!streq(kind, "disk")) {
		need_missing(missing, kind, "swap is disk or zram", "correct the plan");
	} else if (!a->guest) {
		need_missing(missing, "swap disk", "on a host the agent takes no disk", "run in a guest (-t vm)");
	} else {
		CLEANUP_FREE char *dev = find_disk();
		if (!dev)
			need_missing(missing, "swap disk", "no block device has a swap header",
				     "attach a disk with one; its driver must be built in or among the modules");
	}
}

static int use(struct agent *a, const char *dev, struct error *err)
{
	if (journal_add(&a->journal, "swap", dev, NULL, err) < 0)
		return -1;
	return swapon(dev, 0) < 0 ? error_set(err, errno, "swapon %s", dev) : 0;
}

/* include/linux/swap.h:union swap_header, version 1. */
static int write_header(const char *dev, uint64_t size, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	CLEANUP_FREE char *buf = xcalloc(1, page);
	uint32_t info[3] = { 1, (uint32_t)(size / page - 1), 0 };	/* version, last page, bad pages */
	memcpy(buf + 1024, info, sizeof(info));
	memcpy(buf + VOLUME_AT, VOLUME, sizeof(VOLUME));
	memcpy(buf + page - strlen(SWAP_MAGIC), SWAP_MAGIC, strlen(SWAP_MAGIC));
	CLEANUP_FD int fd = open(dev, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write_all(fd, buf, page) < 0 || fsync(fd) < 0)
		return error_set(err, errno, "writing a swap header to %s", dev);
	return 0;
}

static int zram_on(struct agent *a, uint64_t size, struct error *err)
{
	/* reading hot_add makes a device and gives its number */
	CLEANUP_FREE char *number = read_whole_at(AT_FDCWD, ZRAM_CONTROL "/hot_add", 64, NULL);
	if (!number)
		return error_set(err, errno, "making a zram device (" ZRAM_CONTROL "/hot_add)");
	number[strcspn(number, "\n")] = '\0';
	CLEANUP_FREE char *sys = xasprintf("/sys/block/zram%s", number);
	CLEANUP_FREE char *disksize = xasprintf("%s/disksize", sys);
	CLEANUP_FREE char *dev = xasprintf("/dev/zram%s", number);
	char text[32];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	if (journal_add(&a->journal, "zram", sys, "remove", err) < 0 || write_file(disksize, text, err) < 0 ||
	    write_header(dev, size, err) < 0)
		return -1;
	return use(a, dev, err);
}

int swap_on(struct agent *a, const json_t *swap, struct error *err)
{
	const char *kind = json_string_value(json_object_get(swap, "kind"));
	json_int_t size = json_integer_value(json_object_get(swap, "size"));
	if (streq(kind, "zram")) {
		if (size < 1 << 20)
			return error_set(err, 0, "swap: a size of %lld bytes is too small", (long long)size);
		return zram_on(a, (uint64_t)size, err);
	}
	if (!streq(kind, "disk"))
		return error_set(err, 0, "swap: kind must be disk or zram");
	CLEANUP_FREE char *dev = find_disk();
	if (!dev)
		return error_set(err, 0, "no block device has a swap header");
	return is_our_disk(dev) && write_header(dev, (uint64_t)size, err) < 0 ? -1 : use(a, dev, err);
}
