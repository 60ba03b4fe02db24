// SPDX-License-Identifier: GPL-2.0-or-later
/* What -k names, against a cache, build trees and a fetching script made here. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "base/util.h"
#include "kernel/kernel.h"
#include "tests/harness.h"

static char top[] = "/tmp/oomtests-kernel-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Each test runs in a process of its own, so the environment and the directory are its own too. */
static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	atexit(clean_up);
	setenv("XDG_CACHE_HOME", top, 1);
	unsetenv("OOMTESTS_CASES");
	unsetenv("LAB_DIR");
	setenv("OOMTESTS_LIBDIR", top, 1);
}

/* Writes a file below top, with its directories. */
__attribute__((format(printf, 2, 3))) static void put(const char *path, const char *fmt, ...)
{
	CLEANUP_FREE char *full = xasprintf("%s/%s", top, path);
	for (char *p = full + strlen(top) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		ck_assert(mkdir(full, 0755) == 0 || errno == EEXIST);
	}
	CLEANUP_FILE FILE *f = fopen(full, "w");
	ck_assert_msg(f != NULL, "can't write %s", full);
	va_list ap;
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
}

/* The smallest file that says it is a bzImage; its header tells the release, unless that is NULL. */
static void put_image(const char *path, const char *release)
{
	unsigned char head[1024] = { [0x1f1] = 1, [0x1fe] = 0x55, [0x1ff] = 0xaa, [0x206] = 0x0f, [0x207] = 0x02, [0x236] = 1 };
	memcpy(head + 0x202, "HdrS", 4);
	if (release) {
		head[0x20f] = 0x01;	/* the text is at 0x100 + 0x200 */
		strcpy((char *)head + 0x300, release);
	}
	put(path, "%s", "");
	CLEANUP_FREE char *full = xasprintf("%s/%s", top, path);
	CLEANUP_FILE FILE *f = fopen(full, "w");
	ck_assert_uint_eq(fwrite(head, sizeof(head), 1, f), 1);
}

static void put_cached(const char *slug, const char *name, const char *release, const char *version)
{
	CLEANUP_FREE char *image = xasprintf("oomtests/kernels/%s/vmlinuz", slug);
	CLEANUP_FREE char *rel = xasprintf("oomtests/kernels/%s/release", slug);
	CLEANUP_FREE char *dep = xasprintf("oomtests/kernels/%s/modules/modules.dep", slug);
	CLEANUP_FREE char *source = xasprintf("oomtests/kernels/%s/source", slug);
	put_image(image, NULL);
	put(rel, "%s\n", release);
	put(dep, "zram.ko:\n");
	put(source, "name: %s\nversion: %s\nfetched: 2026-01-31T12:00:00Z\n", name, version);
}

static void put_script(const char *body)
{
	put("fetch-kernel", "#!/bin/sh\n%s\n", body);
	CLEANUP_FREE char *path = xasprintf("%s/fetch-kernel", top);
	ck_assert_int_eq(chmod(path, 0755), 0);
}

#define ck_assert_in(text, part) ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

START_TEST(cached)
{
	set_up();
	put_script("echo error the network was asked");
	put_cached("debian_bookworm", "debian:bookworm", "6.1.0-9-cloud-amd64", "6.1.9-1");
	struct kernel k;
	struct error err;
	ck_assert_msg(kernel_resolve("debian:bookworm", NULL, NULL, &k, &err) == 0, "%s", err.text);
	CLEANUP_FREE char *image = xasprintf("%s/oomtests/kernels/debian_bookworm/vmlinuz", top);
	CLEANUP_FREE char *modules = xasprintf("%s/oomtests/kernels/debian_bookworm/modules", top);
	ck_assert_str_eq(k.name, "debian:bookworm");
	ck_assert_str_eq(k.image, image);
	ck_assert_str_eq(k.modules, modules);
	ck_assert_str_eq(k.release, "6.1.0-9-cloud-amd64");
	kernel_clear(&k);
	ck_assert_ptr_null(k.name);
	/* by its path too, directory or image */
	CLEANUP_FREE char *dir = xasprintf("%s/oomtests/kernels/debian_bookworm", top);
	ck_assert_msg(kernel_resolve(dir, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.name, dir);
	ck_assert_str_eq(k.image, image);
	kernel_clear(&k);
	ck_assert_msg(kernel_resolve(image, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.modules, modules);
	ck_assert_str_eq(k.release, "6.1.0-9-cloud-amd64");
	kernel_clear(&k);
}
END_TEST

START_TEST(lab)
{
	set_up();
	put_cached("debian_bookworm", "debian:bookworm", "6.1.0-9-cloud-amd64", "6.1.9-1");
	struct kernel k;
	struct error err;
	ck_assert_int_eq(kernel_resolve("lab", NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, "make lab-kernel");
	put_image("oomtests/lab/kernel/vmlinuz", NULL);
	put("oomtests/lab/kernel/release", "6.12.9-oomtests\n");
	put("oomtests/lab/kernel/source", "name: lab\nversion: 6.12.9-1\nfetched: 2026-01-31T12:00:00Z\n");
	ck_assert_msg(kernel_resolve("lab", NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.name, "lab");
	ck_assert_str_eq(k.release, "6.12.9-oomtests");
	ck_assert_ptr_null(k.cmdline);
	kernel_clear(&k);
	put("oomtests/lab/kernel/cmdline", "oomt_mutant=3\n");
	ck_assert_msg(kernel_resolve("lab", NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.cmdline, "oomt_mutant=3");
	kernel_clear(&k);
	/* newer than the other, and yet not the default */
	ck_assert_msg(kernel_default(NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.name, "debian:bookworm");
	kernel_clear(&k);

	struct kernel_entry *list;
	size_t n, at = 0;
	ck_assert_msg(kernel_list(&list, &n, &err) == 0, "%s", err.text);
	while (at < n && !streq(list[at].name, "lab"))
		at++;
	ck_assert_msg(at < n && list[at].release && list[at].about, "the lab kernel is not listed");
	ck_assert_str_eq(list[at].release, "6.12.9-oomtests");
	kernel_list_free(list, n);

	CLEANUP_FREE char *elsewhere = xasprintf("%s/elsewhere", top);
	setenv("LAB_DIR", elsewhere, 1);
	ck_assert_int_eq(kernel_resolve("lab", NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, elsewhere);
}
END_TEST

START_TEST(newest)
{
	set_up();
	put_script("echo error the network was asked");
	static const char *const releases[] = { "6.1.0-9-amd64", "6.1.0-10-amd64", "6.12.1+deb13-amd64", "7.3-amd64",
						"7.3.4+deb13-amd64" };
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		/* names in the wrong order, so that neither the directory's nor the alphabet's decides */
		CLEANUP_FREE char *slug = xasprintf("debian_%c", (char)('m' - i * 2 % 5));
		CLEANUP_FREE char *name = xasprintf("debian:%c", (char)('m' - i * 2 % 5));
		put_cached(slug, name, releases[i], "1");
		struct kernel k;
		struct error err;
		ck_assert_msg(kernel_default(NULL, NULL, &k, &err) == 0, "%s", err.text);
		ck_assert_str_eq(k.release, releases[i]);
		kernel_clear(&k);
	}
	struct kernel_entry *list;
	size_t n;
	ck_assert_int_eq(kernel_list(&list, &n, NULL), 0);
	ck_assert_uint_gt(n, ARRAY_SIZE(releases));	/* the well-known too */
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		ck_assert_str_eq(list[i].release, releases[ARRAY_SIZE(releases) - 1 - i]);
		ck_assert_str_eq(list[i].fetched, "2026-01-31T12:00:00Z");
		ck_assert_uint_gt(list[i].bytes, 0);
	}
	ck_assert_ptr_null(list[ARRAY_SIZE(releases)].dir);
	kernel_list_free(list, n);
}
END_TEST

START_TEST(unfinished)
{
	set_up();
	put_script("echo error the network was asked");
	/* what a killed fetch leaves, and a stranger's directory, are no kernels */
	put("oomtests/kernels/.debian_sid.Xy12ab/vmlinuz", "an image");
	put("oomtests/kernels/.debian_sid.Xy12ab/release", "7.2");
	put("oomtests/kernels/.debian_sid.Xy12ab/source", "name: debian:sid\n");
	put("oomtests/kernels/other/vmlinuz", "an image");
	put("oomtests/kernels/other/release", "7.3");
	put("oomtests/kernels/half/vmlinuz", "an image");
	put("oomtests/kernels/half/source", "name: debian:half\n");
	struct kernel k;
	struct error err;
	ck_assert_int_eq(kernel_default(NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, "can't fetch debian:bookworm: the network was asked");
}
END_TEST

static void note(const char *text, void *arg)
{
	strcat(strcat(arg, text), "|");
}

START_TEST(fetched)
{
	set_up();
	put_cached("debian_later", "debian:later", "7.2", "7.2-1");
	char said[256] = "";
	struct kernel k;
	struct error err;
	put_script("[ \"$*\" = \"--porcelain debian:sid\" ] || echo error \"bad arguments $*\"\n"
		   "echo progress one; echo progress two words; echo done $XDG_CACHE_HOME/oomtests/kernels/debian_later");
	ck_assert_msg(kernel_resolve("debian:sid", note, said, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(said, "one|two words|");
	ck_assert_str_eq(k.name, "debian:sid");
	ck_assert_str_eq(k.release, "7.2");
	kernel_clear(&k);
	/* a fetch asks even when the kernel is there */
	put_script("echo error \"$*\"; exit 1");
	ck_assert_int_eq(kernel_fetch("debian:later", NULL, NULL, &k, &err), -1);
	ck_assert_str_eq(err.text, "can't fetch debian:later: --porcelain debian:later --update");
	/* success is its status and its last word, together */
	put_script("echo done $XDG_CACHE_HOME/oomtests/kernels/debian_later; exit 1");
	ck_assert_int_eq(kernel_resolve("debian:sid", NULL, NULL, &k, &err), -1);
	put_script("exit 0");
	ck_assert_int_eq(kernel_resolve("debian:sid", NULL, NULL, &k, &err), -1);
	put_script("echo disaster >&2; exit 1");
	ck_assert_int_eq(kernel_resolve("debian:sid", NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, "disaster");
	put_script("kill -TERM $$");
	ck_assert_int_eq(kernel_resolve("debian:sid", NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, "interrupted");
	ck_assert(!err.input);
	put_script("echo error no such suite; exit 2");
	ck_assert_int_eq(kernel_resolve("debian:bokworm", NULL, NULL, &k, &err), -1);
	ck_assert(err.input);
	ck_assert_in(err.text, "did you mean debian:bookworm?");
}
END_TEST

START_TEST(paths)
{
	set_up();
	struct kernel k;
	struct error err;
	put_image("linux/arch/x86/boot/bzImage", NULL);
	put("linux/include/config/kernel.release", "6.99.0-rc1-mine\n");
	CLEANUP_FREE char *tree = xasprintf("%s/linux", top);
	CLEANUP_FREE char *image = xasprintf("%s/linux/arch/x86/boot/bzImage", top);
	ck_assert_msg(kernel_resolve(tree, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.image, image);
	ck_assert_str_eq(k.release, "6.99.0-rc1-mine");
	ck_assert_ptr_null(k.modules);
	kernel_clear(&k);
	ck_assert_msg(kernel_resolve(image, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.image, image);
	ck_assert_ptr_null(k.release);
	kernel_clear(&k);
	put_image("mine", "6.98.0-header (me) #1");
	CLEANUP_FREE char *mine = xasprintf("%s/mine", top);
	ck_assert_msg(kernel_resolve(mine, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.release, "6.98.0-header");
	kernel_clear(&k);
	ck_assert_msg(kernel_resolve("/proc/self/exe", NULL, NULL, &k, &err) == 0, "%s", err.text);	/* may be UML */
	kernel_clear(&k);
	put_image("boot/vmlinuz-6.1.0-9-amd64", NULL);
	CLEANUP_FREE char *boot = xasprintf("%s/boot/vmlinuz-6.1.0-9-amd64", top);
	ck_assert_msg(kernel_resolve(boot, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.release, "6.1.0-9-amd64");
	kernel_clear(&k);
	put_image("lib/modules/6.2-x/vmlinuz", NULL);
	CLEANUP_FREE char *fedora = xasprintf("%s/lib/modules/6.2-x/vmlinuz", top);
	ck_assert_msg(kernel_resolve(fedora, NULL, NULL, &k, &err) == 0, "%s", err.text);
	ck_assert_str_eq(k.release, "6.2-x");
	kernel_clear(&k);
}
END_TEST

START_TEST(refused)
{
	set_up();
	struct kernel k;
	struct error err;
	put("empty", "%s", "");
	put("dir/file", "x");
	static const struct {
		const char *name, *why;	/* a name with a leading / is below top */
	} bad[] = {
		{ "/absent", "cannot open the kernel image" },
		{ "/empty", "is not a kernel" },
		{ "/dir", "a directory without a kernel" },
		{ "bookworm", "did you mean debian:bookworm?" },
		{ "hots", "did you mean host?" },
		{ "ubuntu:noble", "known are host debian:bullseye" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP_FREE char *name = xasprintf("%s%s", *bad[i].name == '/' ? top : "", bad[i].name);
		ck_assert_msg(kernel_resolve(name, NULL, NULL, &k, &err) == -1, "%s was taken", name);
		ck_assert_in(err.text, bad[i].why);
		ck_assert(err.input);
	}
	ck_assert_int_eq(kernel_resolve("/dev/null", NULL, NULL, &k, &err), -1);
	ck_assert_in(err.text, "not a regular file");
}
END_TEST

static char *found(char *path)
{
	ck_assert_ptr_nonnull(path);
	char *real = realpath(path, NULL);
	free(path);
	return real;
}

START_TEST(programs)
{
	set_up();
	struct error err;
	CLEANUP_FREE char *build = xasprintf("%s/tree/build", top);
	CLEANUP_FREE char *bin = xasprintf("%s/usr/bin", top);
	put("tree/build/oomagent", "x");
	put("tree/ci/fetch-kernel", "x");
	put("tree/cases/a.yaml", "x");
	put("usr/bin/oomtests", "x");
	put("usr/lib/oomtests/oomagent", "x");
	put("usr/share/oomtests/cases/a.yaml", "x");
	put("oomagent", "x");
	static const char *const put_programs[] = { "tree/build/oomagent", "tree/ci/fetch-kernel", "usr/lib/oomtests/oomagent",
						"oomagent" };
	for (size_t i = 0; i < ARRAY_SIZE(put_programs); i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", top, put_programs[i]);
		chmod(path, 0755);
	}
	const struct {
		const char *dir, *name, *at;
	} expect[] = {
		{ build, "oomagent", "tree/build/oomagent" },
		{ build, "fetch-kernel", "tree/ci/fetch-kernel" },
		{ bin, "oomagent", "usr/lib/oomtests/oomagent" },
	};
	unsetenv("OOMTESTS_LIBDIR");
	for (size_t i = 0; i < ARRAY_SIZE(expect); i++) {
		CLEANUP_FREE char *is = found(find_program_from(expect[i].dir, expect[i].name, &err));
		CLEANUP_FREE char *at = xasprintf("%s/%s", top, expect[i].at);
		ck_assert_str_eq(is, at);
	}
	ck_assert_ptr_null(find_program_from(bin, "oomload", &err));
	ck_assert_in(err.text, "usr/bin/../lib/oomtests/oomload");
	CLEANUP_FREE char *tree_cases = found(find_cases_from(build, &err));
	ck_assert_in(tree_cases, "/tree/cases");
	CLEANUP_FREE char *bin_cases = found(find_cases_from(bin, &err));
	ck_assert_in(bin_cases, "/usr/share/oomtests/cases");
	setenv("OOMTESTS_LIBDIR", top, 1);
	CLEANUP_FREE char *set = found(find_program_from(build, "oomagent", &err));
	CLEANUP_FREE char *set_at = xasprintf("%s/oomagent", top);
	ck_assert_str_eq(set, set_at);
	ck_assert_ptr_null(find_program_from(build, "oomload", &err));
	ck_assert_in(err.text, "OOMTESTS_LIBDIR");
}
END_TEST

TESTS("kernel", cached, lab, newest, unfinished, fetched, paths, refused, programs)
