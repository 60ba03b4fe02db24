// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/initramfs.h"

#include <errno.h>
#include <fcntl.h>

#include "base/util.h"
#include "target/libraries.h"
#include "target/modules.h"

#define PROGRAM_LIMIT ((size_t)256 << 20)

static int add_program(struct cpio *c, const char *in_guest, const char *path, struct error *err)
{
	size_t len;
	CLEANUP_FREE char *data = read_whole_at(AT_FDCWD, path, PROGRAM_LIMIT, &len);
	if (!data)
		return error_set(err, errno, "cannot read %s for the guest", path);
	cpio_file(c, in_guest, 0755, data, len);
	return 0;
}

static int need_module(const char *dir, const struct machine_request *req, const char *name, const char *for_what,
		       struct module_list *list, struct error *err)
{
	int found = modules_add(dir, name, list, err);
	if (found == MODULE_MISSING)
		return error_set(err, 0, "the kernel %s has no %s, neither built in nor as a module in %s: the %s needs it",
				 req->kernel->name, name, dir, for_what);
	return found < 0 ? -1 : 0;
}

/* What a shape cannot do without, and what comes along where the kernel has it as a module. */
static int collect_modules(const char *dir, const struct machine_request *req, struct module_list *list,
			   struct error *err)
{
	/* Before 6.12 zram asks the crypto API for its compressor by name, which no dependency tells. */
	static const char *const zram[] = { "lzo-rle", "lzo", "lz4", "zram" };
	static const char *const disk[] = { "virtio_pci", "virtio_blk" };
	static const char *const balloon[] = { "virtio_pci", "virtio_balloon" };
	for (size_t i = 0; req->shape->disk && i < ARRAY_SIZE(disk); i++)
		if (need_module(dir, req, disk[i], "swap disk", list, err) < 0)
			return -1;
	for (size_t i = 0; req->shape->balloon && i < ARRAY_SIZE(balloon); i++)
		if (need_module(dir, req, balloon[i], "balloon", list, err) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(zram); i++)
		if (modules_add(dir, zram[i], list, err) < 0)
			return -1;
	return 0;
}

static int add_modules(struct cpio *c, const struct machine_request *req, struct error *err)
{
	const char *dir = req->kernel->modules;
	struct module_list list = { 0 };
	int r = dir ? collect_modules(dir, req, &list, err) : 0;
	CLEANUP_FREE char *names = xstrdup("");
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		void *data;
		size_t len;
		r = module_read(dir, list.paths[i], &data, &len, err);
		if (r < 0)
			break;
		const char *slash = strrchr(list.paths[i], '/'), *base = slash ? slash + 1 : list.paths[i];
		CLEANUP_FREE char *path = xasprintf("lib/modules/%.*s.ko", (int)(strstr(base, ".ko") - base), base);
		cpio_file(c, path, 0644, data, len);
		free(data);
		char *longer = xasprintf("%s/%s\n", names, path);
		free(names);
		names = longer;
	}
	if (r == 0)
		cpio_file(c, "lib/modules/oomtests.order", 0644, names, strlen(names));
	modules_free(&list);
	return r;
}

int initramfs_write(int fd, const struct machine_request *req, struct error *err)
{
	struct cpio c = { .fd = fd };
	static const char *const dirs[] = { "dev", "proc", "sys", "run", "tmp", "lib", "lib/modules" };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		cpio_dir(&c, dirs[i], streq(dirs[i], "tmp") ? 01777 : 0755);
	/* The kernel opens it for init before devtmpfs can be mounted (init/main.c:console_on_rootfs). */
	cpio_chardev(&c, "dev/console", 0600, 5, 1);
	if (add_program(&c, "init", req->agent, err) < 0 || add_program(&c, "oomload", req->load, err) < 0 ||
	    add_modules(&c, req, err) < 0)
		return error_wrap(err, "initramfs");
	if (req->shape->stress_ng && libraries_add_program(&c, "stress-ng", err) < 0)
		return error_wrap(err, "initramfs");
	return cpio_end(&c, err);
}
