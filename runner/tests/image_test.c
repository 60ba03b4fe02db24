// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <sys/mman.h>
#include <zlib.h>

#include "base/util.h"
#include "kernel/image.h"
#include "tests/harness.h"

#define SIZE 8192

static char path[64];

/* A file without a name, reachable by `path` until the test ends. */
static void file_with(const void *data, size_t len)
{
	int fd = memfd_create("image", 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, data, len), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
}

/* The header of a 64-bit bzImage of SIZE bytes: 3 setup sectors, the rest protected-mode code. */
static void bzimage(unsigned char *b)
{
	memset(b, 0, SIZE);
	b[0x1f1] = 3;
	uint32_t paragraphs = (SIZE - 4 * 512) / 16;
	memcpy(b + 0x1f4, &paragraphs, 4);
	b[0x1fe] = 0x55;
	b[0x1ff] = 0xaa;
	memcpy(b + 0x202, "HdrS\x0f\x02", 6);
	b[0x20e] = 0x00;
	b[0x20f] = 0x03;	/* text at 0x500 */
	b[0x236] = 1;
	strcpy((char *)b + 0x500, "6.1.0-40-cloud-amd64 (builder@host) #1 SMP");
}

static void refused(const char *what)
{
	struct error err = { 0 };
	char *release = NULL;
	ck_assert_int_lt(kernel_image_read(path, &release, &err), 0);
	ck_assert_msg(strstr(err.text, what), "\"%s\" does not say \"%s\"", err.text, what);
	ck_assert_ptr_null(release);
}

START_TEST(x86)
{
	unsigned char b[SIZE];
	struct kernel_image image;
	struct error err;
	bzimage(b);
	file_with(b, SIZE);
	ck_assert_msg(kernel_image_probe(path, &image, &err) == 0, "%s", err.text);
	ck_assert_int_eq(image.arch, IMAGE_X86_64);
	ck_assert_str_eq(image.release, "6.1.0-40-cloud-amd64");
	free(image.release);
	/* No text: not an error. */
	b[0x20e] = b[0x20f] = 0;
	file_with(b, SIZE);
	ck_assert_int_eq(kernel_image_probe(path, &image, &err), 0);
	ck_assert_ptr_null(image.release);
	/* A text that would lie outside the setup part is not read. */
	b[0x20e] = 0x00;
	b[0x20f] = 0x06;
	strcpy((char *)b + 0x800, "9.9");
	file_with(b, SIZE);
	ck_assert_int_eq(kernel_image_probe(path, &image, &err), 0);
	ck_assert_ptr_null(image.release);
}
END_TEST

START_TEST(x86_bad)
{
	unsigned char b[SIZE];
	bzimage(b);
	file_with(b, SIZE - 1);
	refused("cut short: 8191 bytes, but its header says 8192");
	b[0x236] = 0;
	file_with(b, SIZE);
	refused("32-bit");
	bzimage(b);
	b[0x202] = 'h';
	file_with(b, SIZE);
	refused("is not a kernel");
	file_with(b, 0x237);
	refused("is not a kernel");
	file_with(b, 0);
	refused("is not a kernel");
}
END_TEST

START_TEST(other_files)
{
	file_with("\177ELF\2\1\1", 7);
	refused("ELF");
	file_with("!<arch>\ndebian-binary", 21);
	refused("package");
	file_with("MZ\0\0zimg", 8);
	refused("zboot");
	file_with("\x1f\x8b garbage", 10);
	refused("is not a kernel");
	strcpy(path, "/dev/null");
	refused("not a regular file");
	strcpy(path, "/");
	refused("a directory");
	strcpy(path, "/nonexistent");
	refused("No such file");
}
END_TEST

/* With the banner across a border of the chunks that the reader takes, and a format string before it. */
static unsigned char *arm64_image(size_t *len)
{
	*len = 300000;
	unsigned char *b = xcalloc(1, *len);
	memcpy(b + 0x38, "ARM\x64", 4);
	strcpy((char *)b + 1000, "Linux version %s");
	strcpy((char *)b + 65536 - 5, "Linux version 6.12.1-arm64 (builder@host)");
	return b;
}

START_TEST(arm64)
{
	size_t len;
	struct kernel_image image;
	struct error err;
	CLEANUP_FREE unsigned char *b = arm64_image(&len);
	file_with(b, len);
	ck_assert_msg(kernel_image_probe(path, &image, &err) == 0, "%s", err.text);
	ck_assert_int_eq(image.arch, IMAGE_ARM64);
	ck_assert_str_eq(image.release, "6.12.1-arm64");
	free(image.release);

	CLEANUP_FREE unsigned char *packed = xcalloc(1, len);
	z_stream z = { .next_in = b, .avail_in = (uInt)len, .next_out = packed, .avail_out = (uInt)len };
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = len - z.avail_out;
	deflateEnd(&z);
	file_with(packed, n);
	ck_assert_msg(kernel_image_probe(path, &image, &err) == 0, "%s", err.text);
	ck_assert_int_eq(image.arch, IMAGE_ARM64);
	ck_assert_str_eq(image.release, "6.12.1-arm64");
	free(image.release);
}
END_TEST

TESTS("image", x86, x86_bad, other_files, arm64)
