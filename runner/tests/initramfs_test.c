// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/util.h"
#include "target/initramfs.h"
#include "target/swap_header.h"
#include "tests/harness.h"

/* A reader of its own, after Documentation/driver-api/early-userspace/buffer-format.rst. */
struct entry {
	char name[128];
	unsigned mode, size, rmajor, rminor, inode, nlink;
	const char *data;
};

static unsigned field(const char *head, int i)
{
	char text[9] = "";
	memcpy(text, head + 6 + 8 * i, 8);
	return (unsigned)strtoul(text, NULL, 16);
}

static size_t next_entry(const char *archive, size_t at, size_t len, struct entry *e)
{
	const char *head = archive + at;
	ck_assert_uint_eq(at % 4, 0);
	ck_assert_uint_le(at + 110, len);
	ck_assert_int_eq(memcmp(head, "070701", 6), 0);
	*e = (struct entry){ .inode = field(head, 0), .mode = field(head, 1), .nlink = field(head, 4), .size = field(head, 6),
			     .rmajor = field(head, 9), .rminor = field(head, 10) };
	unsigned namesize = field(head, 11);
	ck_assert_uint_lt(namesize, sizeof(e->name));
	memcpy(e->name, head + 110, namesize);
	ck_assert_uint_eq(strlen(e->name) + 1, namesize);
	at = (at + 110 + namesize + 3) & ~(size_t)3;
	e->data = archive + at;
	at = (at + e->size + 3) & ~(size_t)3;
	ck_assert_uint_le(at, len);
	return at;
}

static char *whole(int fd, size_t *len)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	char *data = read_whole_at(AT_FDCWD, path, 1 << 24, len);
	ck_assert_ptr_nonnull(data);
	return data;
}

START_TEST(archive)
{
	struct cpio c = { .fd = memfd_create("cpio", 0) };
	struct entry e;
	size_t len, at;
	cpio_dir(&c, "dev", 0755);
	cpio_chardev(&c, "dev/console", 0600, 5, 1);
	cpio_file(&c, "init", 0755, "12345", 5);
	cpio_link(&c, "sh", "init");
	ck_assert_int_eq(cpio_end(&c, NULL), 0);
	CLEANUP_FREE char *data = whole(c.fd, &len);
	at = next_entry(data, 0, len, &e);
	ck_assert_str_eq(e.name, "dev");
	ck_assert_uint_eq(e.mode, S_IFDIR | 0755);
	ck_assert_uint_eq(e.nlink, 2);
	at = next_entry(data, at, len, &e);
	ck_assert_str_eq(e.name, "dev/console");
	ck_assert_uint_eq(e.mode, S_IFCHR | 0600);
	ck_assert_uint_eq(e.rmajor, 5);
	ck_assert_uint_eq(e.rminor, 1);
	unsigned inode = e.inode;
	at = next_entry(data, at, len, &e);
	ck_assert_str_eq(e.name, "init");
	ck_assert_uint_eq(e.mode, S_IFREG | 0755);
	ck_assert_uint_eq(e.size, 5);
	ck_assert_int_eq(memcmp(e.data, "12345", 5), 0);
	ck_assert_uint_ne(e.inode, inode);	/* equal ones would be hard links to the kernel */
	at = next_entry(data, at, len, &e);
	ck_assert_uint_eq(e.mode, S_IFLNK | 0777);
	ck_assert_int_eq(memcmp(e.data, "init", 4), 0);
	at = next_entry(data, at, len, &e);
	ck_assert_str_eq(e.name, "TRAILER!!!");
	ck_assert_uint_eq(at, len);
}
END_TEST

START_TEST(full_disk_is_told)
{
	struct cpio c = { .fd = open("/dev/full", O_WRONLY) };
	struct error err;
	cpio_file(&c, "init", 0755, "12345", 5);
	ck_assert_int_lt(cpio_end(&c, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
}
END_TEST

/* A directory of modules, as depmod leaves it. */
static char dir[TEST_DIR_MAX];

static void put(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void make_dir(void)
{
	test_dir(dir);
	put("virtio_blk.ko", "\177ELFblk");
	put("ring.ko", "\177ELFring");
	put("zram.ko", "\177ELFzram");
	put("modules.dep", "virtio_blk.ko: ring.ko\nring.ko:\nzram.ko:\n");
	put("modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n");
	put("program", "agent");
}

static void remove_dir(void)
{
	static const char *const names[] = { "virtio_blk.ko", "ring.ko", "zram.ko", "modules.dep", "modules.builtin",
					     "program" };
	char path[128];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static bool find(const char *data, size_t len, const char *name, struct entry *e)
{
	size_t at = 0;
	do {
		at = next_entry(data, at, len, e);
		if (streq(e->name, name))
			return true;
	} while (!streq(e->name, "TRAILER!!!"));
	return false;
}

START_TEST(root)
{
	char program[128];
	struct error err;
	struct entry e;
	size_t len;
	make_dir();
	snprintf(program, sizeof(program), "%s/program", dir);
	struct kernel kernel = { .name = (char *)"k", .modules = dir };
	struct shape shape = { .disk = true };
	struct machine_request req = { .kernel = &kernel, .shape = &shape, .agent = program, .load = program };
	int fd = memfd_create("initramfs", 0);
	ck_assert_msg(initramfs_write(fd, &req, &err) == 0, "%s", err.text);
	CLEANUP_FREE char *data = whole(fd, &len);
	ck_assert(find(data, len, "init", &e));
	ck_assert_uint_eq(e.mode, S_IFREG | 0755);
	ck_assert_int_eq(memcmp(e.data, "agent", 5), 0);
	ck_assert(find(data, len, "oomload", &e));
	ck_assert(find(data, len, "dev/console", &e));
	ck_assert(find(data, len, "lib/modules/oomtests.order", &e));
	static const char order[] = "/lib/modules/ring.ko\n/lib/modules/virtio_blk.ko\n/lib/modules/zram.ko\n";
	ck_assert_uint_eq(e.size, strlen(order));
	ck_assert_int_eq(memcmp(e.data, order, strlen(order)), 0);
	ck_assert(find(data, len, "lib/modules/ring.ko", &e));
	ck_assert_int_eq(memcmp(e.data, "\177ELFring", 8), 0);

	/* Without a disk its driver stays out. */
	shape.disk = false;
	fd = memfd_create("initramfs", 0);
	ck_assert_int_eq(initramfs_write(fd, &req, &err), 0);
	CLEANUP_FREE char *lean = whole(fd, &len);
	ck_assert(!find(lean, len, "lib/modules/virtio_blk.ko", &e));

	/* A kernel that has no driver for the disk at all. */
	shape.disk = true;
	put("modules.dep", "zram.ko:\n");
	fd = memfd_create("initramfs", 0);
	ck_assert_int_lt(initramfs_write(fd, &req, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "virtio_blk"));
	remove_dir();
}
END_TEST

START_TEST(swap_area)
{
	unsigned char page[4096];
	struct error err;
	uint32_t n;
	int fd = memfd_create("swap", 0);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(swap_header_write(fd, 1 << 20, &err), 0);
	ck_assert_int_eq(pread(fd, page, 4096, 0), 4096);
	ck_assert_int_eq(memcmp(page + 4086, "SWAPSPACE2", 10), 0);
	memcpy(&n, page + 1024, 4);
	ck_assert_uint_eq(n, 1);
	memcpy(&n, page + 1028, 4);
	ck_assert_uint_eq(n, 255);	/* the last page's number, not how many there are */
	memcpy(&n, page + 1032, 4);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_lt(swap_header_write(fd, 4096, &err), 0);
	ck_assert_int_lt(swap_header_write(fd, UINT64_C(1) << 45, &err), 0);
}
END_TEST

TESTS("initramfs", archive, full_disk_is_told, root, swap_area)
