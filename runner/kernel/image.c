// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/util.h"

/* x86 boot protocol: offsets into the file, from Documentation/arch/x86/boot.rst. */
#define X86_SETUP_SECTS	 0x1f1
#define X86_SYSSIZE	 0x1f4
#define X86_BOOT_FLAG	 0x1fe	/* 0xaa55 */
#define X86_HEADER	 0x202	/* "HdrS" */
#define X86_VERSION	 0x206
#define X86_KERNEL_VERSION 0x20e	/* offset of the version text, less 0x200 */
#define X86_XLOADFLAGS	 0x236	/* bit 0: has a 64-bit entry point */
#define X86_HEADER_END	 0x238

/* arm64: Documentation/arch/arm64/booting.rst. */
#define ARM64_MAGIC	 0x38	/* "ARM\x64" */
#define ARM64_HEADER_END 0x40

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* The release is the first word of a version text; NULL if there is none. */
static char *first_word(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && isgraph((unsigned char)text[n]))
		n++;
	return n ? xasprintf("%.*s", (int)n, text) : NULL;
}

static int probe_x86(const char *path, int fd, uint64_t size, const unsigned char *head, struct kernel_image *image,
		     struct error *err)
{
	uint32_t sects = head[X86_SETUP_SECTS] ? head[X86_SETUP_SECTS] : 4;
	uint64_t setup = (sects + 1) * 512, need = setup + (uint64_t)le32(head + X86_SYSSIZE) * 16;
	uint32_t protocol = le16(head + X86_VERSION);
	if (protocol < 0x20c || !(le16(head + X86_XLOADFLAGS) & 1))
		return error_set(err, 0, "%s is a 32-bit x86 kernel: the agent needs a 64-bit one", path);
	if (size < need)
		return error_set(err, 0, "%s is cut short: %llu bytes, but its header says %llu; fetch or copy it again",
				 path, (unsigned long long)size, (unsigned long long)need);
	char text[256] = "";
	uint32_t at = le16(head + X86_KERNEL_VERSION);
	if (at && at + 0x200 < setup && pread(fd, text, sizeof(text), at + 0x200) < 0)
		return error_set(err, errno, "cannot read %s", path);
	image->release = first_word(text, strnlen(text, sizeof(text)));
	image->arch = IMAGE_X86_64;
	return 0;
}

/*
 * The arm64 header has no version. The text "Linux version 6.1.0 (…" (init/version.c:linux_banner) lies in the plain
 * image, so look for it; zlib reads plain files as they are.
 */
static int probe_arm64(const char *path, int fd, struct kernel_image *image, struct error *err)
{
	static const char banner[] = "Linux version ";
	enum { CHUNK = 1 << 16, KEEP = 256 };
	int copy = dup(fd);
	gzFile gz = copy >= 0 && lseek(copy, 0, SEEK_SET) == 0 ? gzdopen(copy, "rb") : NULL;
	if (!gz) {
		if (copy >= 0)
			close(copy);
		return error_set(err, errno, "cannot read %s", path);
	}
	CLEANUP_FREE char *buf = xcalloc(1, CHUNK + KEEP);
	size_t have = 0;
	char *release = NULL;
	int n;
	while ((n = gzread(gz, buf + have, CHUNK)) > 0) {
		have += (size_t)n;
		char *hit = memmem(buf, have, banner, sizeof(banner) - 1);
		/* A format string ("Linux version %s") is no banner. */
		if (hit && hit + KEEP <= buf + have && isdigit((unsigned char)hit[sizeof(banner) - 1])) {
			release = first_word(hit + sizeof(banner) - 1, KEEP - sizeof(banner));
			break;
		}
		size_t keep = have < KEEP ? have : KEEP;
		memmove(buf, buf + have - keep, keep);
		have = keep;
	}
	int bad = n < 0;
	gzclose(gz);
	if (bad)
		return error_set(err, 0, "%s is a damaged gzip file: fetch or copy it again", path);
	image->release = release;
	image->arch = IMAGE_ARM64;
	return 0;
}

/* The first bytes of a gzipped file; 0 when it is none. */
static size_t gunzip_head(const unsigned char *in, size_t len, unsigned char *out, size_t room)
{
	z_stream z = { .next_in = (unsigned char *)in, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)room };
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return 0;
	inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return room - z.avail_out;
}

static int not_a_kernel(const char *path, const unsigned char *head, size_t n, struct error *err)
{
	if (n >= 4 && memcmp(head, "\177ELF", 4) == 0)
		return error_set(err, 0, "%s is an ELF file, not a bootable image: give the bzImage (arch/x86/boot/bzImage "
				 "of a build, /boot/vmlinuz-* of a package)", path);
	if (n >= 8 && memcmp(head, "MZ", 2) == 0 && memcmp(head + 4, "zimg", 4) == 0)
		return error_set(err, 0, "%s is an EFI zboot image, which QEMU cannot load: give the plain Image", path);
	if (n >= 8 && memcmp(head, "!<arch>\n", 8) == 0)
		return error_set(err, 0, "%s is a package, not a kernel: unpack it (dpkg-deb -x) and give its boot/vmlinuz-*",
				 path);
	return error_set(err, 0, "%s is not a kernel: it has no bzImage or arm64 Image header", path);
}

int kernel_image_probe(const char *path, struct kernel_image *image, struct error *err)
{
	struct stat st;
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int errnum = errno;
		return error_set(err, errnum, "cannot open the kernel image %s%s", path,
				 errnum == EACCES ? " (images in /boot are often readable by root only: copy it)" : "");
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0, "%s is not a kernel: it is %s", path,
				 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	unsigned char head[4096], plain[ARM64_HEADER_END];
	ssize_t got = pread(fd, head, sizeof(head), 0);
	if (got < 0)
		return error_set(err, errno, "cannot read %s", path);
	size_t n = (size_t)got;
	struct kernel_image found = { 0 };
	int r;
	if (n >= X86_HEADER_END && le16(head + X86_BOOT_FLAG) == 0xaa55 && memcmp(head + X86_HEADER, "HdrS", 4) == 0)
		r = probe_x86(path, fd, (uint64_t)st.st_size, head, &found, err);
	else if (n >= ARM64_HEADER_END && memcmp(head + ARM64_MAGIC, "ARM\x64", 4) == 0)
		r = probe_arm64(path, fd, &found, err);
	else if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b &&
		 gunzip_head(head, n, plain, sizeof(plain)) == sizeof(plain) &&
		 memcmp(plain + ARM64_MAGIC, "ARM\x64", 4) == 0)
		r = probe_arm64(path, fd, &found, err);
	else
		r = not_a_kernel(path, head, n, err);
	if (r == 0)
		*image = found;
	return r;
}

int kernel_image_read(const char *path, char **release, struct error *err)
{
	struct kernel_image image;
	if (kernel_image_probe(path, &image, err) < 0)
		return -1;
	*release = image.release;
	return 0;
}
