// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/suggest.h"
#include "base/util.h"
#include "kernel/cache.h"
#include "kernel/fetch.h"
#include "kernel/image.h"

static const struct {
	const char *name, *about;
} known[] = {
	{ "debian:bullseye", "5.10: cgroup v1 and v2" },
	{ "debian:bookworm", "6.1: cgroup v1 and v2; the default" },
	{ "debian:bookworm-6.12", "6.12 for bookworm: cgroup v2" },
	{ "debian:trixie", "6.12: cgroup v2" },
	{ "debian:trixie-backports", "a recent kernel, built for trixie" },
	{ "debian:sid", "Debian's newest" },
	{ "debian:experimental", "what comes next, often a release candidate" },
	{ "lab", "what `make lab-kernel` built: cgroup v1 and v2, every option that a case needs" },
};

void kernel_clear(struct kernel *k)
{
	free(k->name);
	free(k->image);
	free(k->release);
	free(k->modules);
	free(k->cmdline);
	*k = (struct kernel){ 0 };
}

static bool is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *first_line(const char *path)
{
	char *text = read_whole_at(AT_FDCWD, path, 4096, NULL);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The installed modules of a release, if depmod has been there. */
static char *installed_modules(const char *release)
{
	static const char *const roots[] = { "/lib/modules", "/usr/lib/modules" };
	for (size_t i = 0; release && i < ARRAY_SIZE(roots); i++) {
		CLEANUP_FREE char *dep = xasprintf("%s/%s/modules.dep", roots[i], release);
		if (access(dep, R_OK) == 0)
			return xasprintf("%s/%s", roots[i], release);
	}
	return NULL;
}

static bool is_elf(const char *path)
{
	char magic[4] = "";
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

/* What is no kernel is refused here, before a run begins. An ELF file may be User Mode Linux: the target knows. */
static int check_image(const char *image, char **release, struct error *err)
{
	if (is_elf(image))
		return 0;
	return kernel_image_read(image, release, err);
}

/* A directory is a kernel's build tree, or a directory laid out as the cache is. */
static char *image_in(const char *dir, struct error *err)
{
	static const char *const places[] = { "arch/x86/boot/bzImage", "arch/arm64/boot/Image", "arch/riscv/boot/Image",
					      "vmlinuz" };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *image = xasprintf("%s/%s", dir, places[i]);
		if (access(image, F_OK) == 0)
			return image;
		free(image);
	}
	error_set(err, 0, "%s is a directory without a kernel: neither a kernel's build tree (arch/x86/boot/bzImage) nor "
		  "one with a vmlinuz", dir);
	return NULL;
}

/* The release, from what lies beside the image or from its name; NULL when only the image knows. */
static char *release_of(const char *given, const char *image)
{
	CLEANUP_FREE char *in_tree = xasprintf("%s/include/config/kernel.release", given);
	char *release = is_directory(given) ? first_line(in_tree) : NULL;
	const char *slash = strrchr(image, '/');
	if (release || !slash)
		return release;
	CLEANUP_FREE char *dir = strndup(image, (size_t)(slash - image));
	CLEANUP_FREE char *beside = xasprintf("%s/release", dir);
	release = first_line(beside);
	if (!release && starts_with(slash, "/vmlinuz-"))
		release = xstrdup(slash + strlen("/vmlinuz-"));
	const char *modules = strstr(dir, "lib/modules/");
	if (!release && modules && streq(slash, "/vmlinuz") && !strchr(modules + strlen("lib/modules/"), '/'))
		release = xstrdup(modules + strlen("lib/modules/"));
	return release;
}

static int resolve_path(const char *path, struct kernel *k, struct error *err)
{
	CLEANUP_FREE char *image = is_directory(path) ? image_in(path, err) : xstrdup(path);
	CLEANUP_FREE char *release = NULL;
	if (!image || check_image(image, &release, err) < 0)
		return -1;
	if (!release)
		release = release_of(path, image);
	const char *slash = strrchr(image, '/');
	CLEANUP_FREE char *modules = xasprintf("%.*s/modules", slash ? (int)(slash - image) : 1, slash ? image : ".");
	CLEANUP_FREE char *dep = xasprintf("%s/modules.dep", modules);
	CLEANUP_FREE char *cmdline = xasprintf("%.*s/cmdline", slash ? (int)(slash - image) : 1, slash ? image : ".");
	*k = (struct kernel){
		.name = xstrdup(path),
		.cmdline = first_line(cmdline),
		.modules = access(dep, R_OK) == 0 ? TAKE_PTR(modules) : installed_modules(release),
		.release = TAKE_PTR(release),
		.image = TAKE_PTR(image),
	};
	return 0;
}

static int resolve_host(struct kernel *k, struct error *err)
{
	struct utsname u;
	uname(&u);
	CLEANUP_FREE char *boot = xasprintf("/boot/vmlinuz-%s", u.release);
	CLEANUP_FREE char *usr = xasprintf("/usr/lib/modules/%s/vmlinuz", u.release);
	CLEANUP_FREE char *lib = xasprintf("/lib/modules/%s/vmlinuz", u.release);
	char *const places[] = { boot, usr, lib };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (access(places[i], F_OK) < 0)
			continue;
		if (access(places[i], R_OK) < 0)
			return error_set(err, errno, "the running kernel's image %s can't be read: make it readable "
					 "(sudo chmod +r %s), or give a copy with -k PATH", places[i], places[i]);
		if (resolve_path(places[i], k, err) < 0)
			return -1;
		free(k->name);
		k->name = xstrdup("host");
		return 0;
	}
	return error_set(err, 0, "no image of the running kernel %s here (looked for %s and %s): give one with -k PATH, or "
			 "a name such as " KERNEL_DEFAULT, u.release, boot, usr);
}

/* From the kernel in a directory of the cache. Takes nothing over. */
static int from_cache(const char *dir, const char *name, struct kernel *k, struct error *err)
{
	if (resolve_path(dir, k, err) < 0)
		return -1;
	free(k->name);
	k->name = xstrdup(name);
	return 0;
}

/* What ci/lab/build made: laid out as the cache is, but never the default. */
static int resolve_lab(struct kernel *k, struct error *err)
{
	CLEANUP_FREE char *dir = lab_dir(err);
	struct kernel_entry e;
	if (!dir)
		return -1;
	if (!cache_read(dir, &e))
		return error_set(err, 0, "there is no lab kernel yet (looked in %s): build it with `make lab-kernel`", dir);
	cache_entry_clear(&e);
	return from_cache(dir, "lab", k, err);
}

static const char *near_name(const char *name)
{
	const char *names[ARRAY_SIZE(known) + 1];
	if (!*name)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		names[i] = known[i].name;
	names[ARRAY_SIZE(known)] = "host";
	CLEANUP_FREE char *prefixed = xasprintf("debian:%s", name);
	const char *near = suggest(name, names, ARRAY_SIZE(names));
	return near ? near : suggest(prefixed, names, ARRAY_SIZE(names));
}

static int unknown_name(const char *name, struct error *err)
{
	char list[512] = "";
	for (size_t i = 0, n = 0; i < ARRAY_SIZE(known) && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, " %s", known[i].name);
	const char *near = near_name(name);
	error_set(err, 0, "no kernel \"%s\": there is no such file, and it is no name%s%s%s; known are host%s, and "
			 "more as debian:SUITE, debian:SUITE-X.Y, debian:SUITE/PACKAGE", name,
			 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "", list);
	return error_is_input(err);
}

static int fetch(const char *name, bool update, kernel_progress *progress, void *arg, struct kernel *k,
		 struct error *err)
{
	CLEANUP_FREE char *dir = fetch_kernel(name, update, progress, arg, err);
	if (dir)
		return from_cache(dir, name, k, err);
	const char *near = near_name(name);
	if (near && !streq(near, name) && err)
		snprintf(err->text + strlen(err->text), sizeof(err->text) - strlen(err->text), "; did you mean %s?", near);
	return -1;
}

int kernel_resolve(const char *name, kernel_progress *progress, void *arg, struct kernel *k, struct error *err)
{
	if (starts_with(name, "debian:")) {
		CLEANUP_FREE char *cache = cache_dir(err);
		if (!cache)
			return -1;
		CLEANUP_FREE char *dir = cache_path(cache, name);
		struct kernel_entry e;
		if (!cache_read(dir, &e))
			return fetch(name, false, progress, arg, k, err);
		int status = from_cache(dir, name, k, err);
		cache_entry_clear(&e);
		return status;
	}
	if (streq(name, "host"))
		return resolve_host(k, err);
	if (streq(name, "lab"))
		return resolve_lab(k, err);
	if (!strchr(name, '/') && access(name, F_OK) < 0)
		return unknown_name(name, err);
	struct error own;
	if (resolve_path(name, k, &own) == 0)
		return 0;
	/* a file that is none, or no kernel, is a slip of the pen; one that can't be read is not */
	if (own.errnum == 0 || own.errnum == ENOENT || own.errnum == ENOTDIR)
		error_is_input(&own);
	if (err)
		*err = own;
	return -1;
}

int kernel_default(kernel_progress *progress, void *arg, struct kernel *k, struct error *err)
{
	struct kernel_entry *list;
	size_t n;
	if (cache_list(&list, &n, err) < 0)
		return -1;
	int status = n ? from_cache(list[0].dir, list[0].name, k, err) : -1;
	kernel_list_free(list, n);
	return n ? status : fetch(KERNEL_DEFAULT, false, progress, arg, k, err);
}

int kernel_fetch(const char *name, kernel_progress *progress, void *arg, struct kernel *k, struct error *err)
{
	if (streq(name, "lab"))
		return error_set(err, 0, "the lab kernel is built here, not fetched: make lab-kernel"), error_is_input(err);
	if (!starts_with(name, "debian:"))
		return unknown_name(name, err);
	return fetch(name, true, progress, arg, k, err);
}

/* A known name that is not in the cache. The lab kernel has a directory of its own. */
static struct kernel_entry uncached(const char *name)
{
	struct kernel_entry e;
	CLEANUP_FREE char *lab = streq(name, "lab") ? lab_dir(NULL) : NULL;
	if (!lab || !cache_read(lab, &e))
		return (struct kernel_entry){ .name = xstrdup(name) };
	return e;
}

int kernel_list(struct kernel_entry **entries, size_t *n, struct error *err)
{
	struct kernel_entry *list;
	size_t cached;
	if (cache_list(&list, &cached, err) < 0)
		return -1;
	list = xrealloc(list, cached + ARRAY_SIZE(known), sizeof(*list));
	size_t count = cached;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t j = 0;
		while (j < cached && !streq(list[j].name, known[i].name))
			j++;
		if (j == cached)
			list[j = count++] = uncached(known[i].name);
		list[j].about = xstrdup(known[i].about);
	}
	*entries = list;
	*n = count;
	return 0;
}

void kernel_list_free(struct kernel_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cache_entry_clear(&entries[i]);

	free(entries);
}
