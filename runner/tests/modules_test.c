// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <fcntl.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/util.h"
#include "target/modules.h"
#include "tests/harness.h"

static char dir[TEST_DIR_MAX];
static const char *made[32];
static int n_made;

static void put(const char *name, const void *data, size_t len)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_eq(write_all(fd, data, len), 0);
	close(fd);
	made[n_made++] = name;
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void begin(void)
{
	test_dir(dir);
}

static void end(void)
{
	char path[128];
	for (int i = 0; i < n_made; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(order)
{
	struct module_list list = { 0 };
	struct error err;
	begin();
	put_text("modules.dep", "kernel/fs/my_zram.ko: kernel/bad.ko\n"
				"kernel/zram/zram.ko.xz: kernel/mm/zsmalloc.ko.xz kernel/lib/lz4.ko.xz kernel/lib/base.ko.xz\n"
				"kernel/crypto/lzo-rle.ko: kernel/lib/base.ko.xz\n"
				"kernel/zram/zram_more.ko:\n"
				"kernel/lib/base.ko.xz:\n");
	put_text("modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\nkernel/lib/last_one.ko");
	ck_assert_int_eq(modules_add(dir, "zram", &list, &err), MODULE_LISTED);
	ck_assert_uint_eq(list.n, 4);
	ck_assert_str_eq(list.paths[0], "kernel/lib/base.ko.xz");
	ck_assert_str_eq(list.paths[1], "kernel/lib/lz4.ko.xz");
	ck_assert_str_eq(list.paths[2], "kernel/mm/zsmalloc.ko.xz");
	ck_assert_str_eq(list.paths[3], "kernel/zram/zram.ko.xz");
	/* '-' is '_', and what is there already is not added again */
	ck_assert_int_eq(modules_add(dir, "lzo_rle", &list, &err), MODULE_LISTED);
	ck_assert_uint_eq(list.n, 5);
	ck_assert_str_eq(list.paths[4], "kernel/crypto/lzo-rle.ko");
	ck_assert_int_eq(modules_add(dir, "zram", &list, &err), MODULE_LISTED);
	ck_assert_uint_eq(list.n, 5);
	ck_assert_int_eq(modules_add(dir, "virtio-pci", &list, &err), MODULE_BUILTIN);
	ck_assert_int_eq(modules_add(dir, "last_one", &list, &err), MODULE_BUILTIN);
	ck_assert_int_eq(modules_add(dir, "virtio", &list, &err), MODULE_MISSING);
	ck_assert_int_eq(modules_add(dir, "ram", &list, &err), MODULE_MISSING);
	ck_assert_uint_eq(list.n, 5);
	modules_free(&list);
	end();
}
END_TEST

START_TEST(damage)
{
	struct module_list list = { 0 };
	struct error err;
	begin();
	ck_assert_int_lt(modules_add(dir, "zram", &list, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "depmod"));
	put_text("modules.dep", "kernel/zram.ko\n");
	ck_assert_int_lt(modules_add(dir, "zram", &list, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "without a colon"));
	ck_assert_uint_eq(list.n, 0);
	end();
}
END_TEST

static void reads_as(const char *name, const char *want, size_t want_len)
{
	void *data = NULL;
	size_t len = 0;
	struct error err;
	ck_assert_msg(module_read(dir, name, &data, &len, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(len, want_len);
	ck_assert_int_eq(memcmp(data, want, len), 0);
	free(data);
}

static void refused(const char *name, const char *what)
{
	void *data = NULL;
	size_t len;
	struct error err;
	ck_assert_int_lt(module_read(dir, name, &data, &len, &err), 0);
	ck_assert_msg(strstr(err.text, what), "\"%s\" does not say \"%s\"", err.text, what);
	ck_assert_ptr_null(data);
}

START_TEST(packed)
{
	char module[20000] = "\177ELF", out[30000];
	size_t n = 0;
	for (size_t i = 4; i < sizeof(module); i++)
		module[i] = (char)(i * i / 7);
	begin();
	put("plain.ko", module, sizeof(module));
	reads_as("plain.ko", module, sizeof(module));

	ck_assert_int_eq(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (uint8_t *)module, sizeof(module),
						 (uint8_t *)out, &n, sizeof(out)), LZMA_OK);
	put("a.ko.xz", out, n);
	reads_as("a.ko.xz", module, sizeof(module));
	put("cut.ko.xz", out, n / 2);
	refused("cut.ko.xz", "damaged");

	z_stream z = { .next_in = (unsigned char *)module, .avail_in = sizeof(module), .next_out = (unsigned char *)out,
		       .avail_out = sizeof(out) };
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = sizeof(out) - z.avail_out;
	deflateEnd(&z);
	put("a.ko.gz", out, n);
	reads_as("a.ko.gz", module, sizeof(module));
	put("cut.ko.gz", out, n / 2);
	refused("cut.ko.gz", "damaged");

	n = ZSTD_compress(out, sizeof(out), module, sizeof(module), 3);
	ck_assert(!ZSTD_isError(n));
	put("a.ko.zst", out, n);
	reads_as("a.ko.zst", module, sizeof(module));
	put("cut.ko.zst", out, n / 2);
	refused("cut.ko.zst", "damaged");

	put_text("text.ko", "no module");
	refused("text.ko", "is not a kernel module");
	refused("absent.ko", "No such file");
	end();
}
END_TEST

TESTS("modules", order, damage, packed)
