// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/util.h"

#define LIMIT ((size_t)64 << 20)	/* no module is larger */

/* Is "kernel/drivers/block/virtio_blk.ko.xz" the module "virtio_blk"? */
static bool is_module(const char *path, size_t len, const char *name)
{
	const char *base = path, *end = path + len;
	for (const char *p = path; p < end; p++)
		if (*p == '/')
			base = p + 1;
	for (; *name && base < end; name++, base++)
		if (*name != *base && !((*name == '-' || *name == '_') && (*base == '-' || *base == '_')))
			return false;
	return !*name && end - base >= 3 && strncmp(base, ".ko", 3) == 0 && (end - base == 3 || base[3] == '.');
}

static char *read_list(const char *dir, const char *file)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", dir, file);
	return read_whole_at(AT_FDCWD, path, LIMIT, NULL);
}

static bool listed(const struct module_list *list, const char *path, size_t len)
{
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->paths[i]) == len && strncmp(list->paths[i], path, len) == 0)
			return true;
	return false;
}

static void list_path(struct module_list *list, const char *path, size_t len)
{
	if (listed(list, path, len))
		return;
	list->paths = xrealloc(list->paths, list->n + 1, sizeof(*list->paths));
	list->paths[list->n++] = xasprintf("%.*s", (int)len, path);
}

/* "a.ko: b.ko c.ko": c is needed by b or a, so the load order is c, b, a (depmod sorts them so). */
static int add_line(const char *line, size_t len, struct module_list *list, struct error *err)
{
	const char *colon = memchr(line, ':', len);
	if (!colon)
		return error_set(err, 0, "modules.dep has a line without a colon: %.*s", (int)(len < 80 ? len : 80), line);
	const char *end = line + len;
	while (end > colon + 1) {
		const char *word_end = end;
		while (word_end > colon + 1 && word_end[-1] == ' ')
			word_end--;
		const char *word = word_end;
		while (word > colon + 1 && word[-1] != ' ')
			word--;
		if (word < word_end)
			list_path(list, word, (size_t)(word_end - word));
		end = word;
	}
	list_path(list, line, (size_t)(colon - line));
	return 0;
}

int modules_add(const char *dir, const char *name, struct module_list *list, struct error *err)
{
	CLEANUP_FREE char *dep = read_list(dir, "modules.dep");
	if (!dep)
		return error_set(err, errno, "cannot read %s/modules.dep (made by depmod -b ROOT RELEASE)", dir);
	for (const char *line = dep; *line;) {
		size_t len = strcspn(line, "\n"), path = strcspn(line, ":\n");
		if (is_module(line, path, name)) {
			if (add_line(line, len, list, err) < 0)
				return error_wrap(err, "%s", dir);
			return MODULE_LISTED;
		}
		line += len + (line[len] == '\n');
	}
	CLEANUP_FREE char *builtin = read_list(dir, "modules.builtin");
	for (const char *line = builtin; line && *line;) {
		size_t len = strcspn(line, "\n");
		if (is_module(line, len, name))
			return MODULE_BUILTIN;
		line += len + (line[len] == '\n');
	}
	return MODULE_MISSING;
}

void modules_free(struct module_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct module_list){ 0 };
}

/* Each decompressor fills `room` bytes at out; the size, or 0 when the data is damaged or needs more room. */
static size_t unxz(const void *in, size_t len, void *out, size_t room)
{
	uint64_t memory = UINT64_MAX;
	size_t at = 0, n = 0;
	return lzma_stream_buffer_decode(&memory, 0, NULL, in, &at, len, out, &n, room) == LZMA_OK ? n : 0;
}

static size_t gunzip(const void *in, size_t len, void *out, size_t room)
{
	z_stream z = { .next_in = (unsigned char *)in, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)room };
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return 0;
	int r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return r == Z_STREAM_END ? room - z.avail_out : 0;
}

static size_t unzstd(const void *in, size_t len, void *out, size_t room)
{
	size_t n = ZSTD_decompress(out, room, in, len);
	return ZSTD_isError(n) ? 0 : n;
}

int module_read(const char *dir, const char *path, void **data, size_t *len, struct error *err)
{
	static const struct {
		char magic[5];
		size_t n;
		size_t (*unpack)(const void *in, size_t len, void *out, size_t room);
	} packers[] = {
		{ "\xfd" "7zX", 4, unxz },
		{ "\x1f\x8b", 2, gunzip },
		{ "\x28\xb5\x2f\xfd", 4, unzstd },
	};
	CLEANUP_FREE char *full = xasprintf("%s%s%s", *path == '/' ? "" : dir, *path == '/' ? "" : "/", path);
	size_t n;
	CLEANUP_FREE char *raw = read_whole_at(AT_FDCWD, full, LIMIT, &n);
	if (!raw)
		return error_set(err, errno, "cannot read the module %s", full);
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		if (n < packers[i].n || memcmp(raw, packers[i].magic, packers[i].n) != 0)
			continue;
		char *out = xcalloc(1, LIMIT);
		n = packers[i].unpack(raw, n, out, LIMIT);
		free(raw);
		raw = n ? xrealloc(out, n, 1) : out;
		if (!n)
			return error_set(err, 0, "the module %s is damaged: it does not decompress", full);
	}
	if (n < 4 || memcmp(raw, "\177ELF", 4) != 0)
		return error_set(err, 0, "%s is not a kernel module", full);
	*data = TAKE_PTR(raw);
	*len = n;
	return 0;
}
