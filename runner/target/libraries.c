// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/libraries.h"

#include <errno.h>
#include <fcntl.h>

#include "base/util.h"
#include "target/process.h"

#define FILE_LIMIT ((size_t)256 << 20)
#define LDD_SECONDS INT64_C(20)

struct paths {
	char **v;
	size_t n;
};

static bool add_path(struct paths *p, const char *path, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->v[i]) == len && strncmp(p->v[i], path, len) == 0)
			return false;
	p->v = xrealloc(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = xasprintf("%.*s", (int)len, path);
	return true;
}

/* Parents first, each once. */
static void add_parents(struct cpio *c, struct paths *dirs, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/'))
		if (add_path(dirs, path, (size_t)(slash - path)))
			cpio_dir(c, dirs->v[dirs->n - 1] + 1, 0755);
}

static int add_file(struct cpio *c, struct paths *dirs, const char *path, struct error *err)
{
	size_t len;
	CLEANUP_FREE char *data = read_whole_at(AT_FDCWD, path, FILE_LIMIT, &len);
	if (!data)
		return error_set(err, errno, "cannot read %s for the guest", path);
	add_parents(c, dirs, path);
	cpio_file(c, path + 1, 0755, data, len);
	return 0;
}

/* What the dynamic loader would load, by its own word: lines like "\tlibc.so.6 => /lib/libc.so.6 (0x…)". Malloced. */
static char *run_ldd(const char *program, struct error *err)
{
	struct argv a = { 0 };
	CLEANUP_FD int out = memfd_new("ldd output", 0, err);
	if (out < 0)
		return NULL;
	argv_opt(&a, "ldd", "%s", program);
	pid_t pid = process_spawn(&a, NULL, 0, out, err);
	argv_free(&a);
	if (pid < 0)
		return NULL;
	int status;
	if (!process_wait(pid, now_ns() + LDD_SECONDS * 1000000000, &status)) {
		process_kill(pid, NULL);
		error_set(err, 0, "ldd %s did not end", program);
		return NULL;
	}
	CLEANUP_FREE char *path = xasprintf("/proc/self/fd/%d", out);
	char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	if (status || !text) {
		error_set(err, 0, "ldd %s: %s", program, text ? text : "no output");
		free(text);
		return NULL;
	}
	return text;
}

int libraries_add_program(struct cpio *c, const char *name, struct error *err)
{
	char program[PATH_MAX];
	struct paths files = { 0 }, dirs = { 0 };
	if (!process_find(name, program))
		return error_set(err, 0, "%s is not installed, and the case runs it in the guest: install the package %s", name, name);
	CLEANUP_FREE char *text = run_ldd(program, err);
	if (!text)
		return -1;
	/* These the caller has made already. */
	add_path(&dirs, "/lib", 4);
	add_path(&files, program, strlen(program));
	int r = 0;
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, "=> not found"))
			r = error_set(err, 0, "%s lacks a library: %s", program, line + strspn(line, " \t"));
		const char *path = strchr(line, '/');
		if (path)
			add_path(&files, path, strcspn(path, " \t"));
	}
	for (size_t i = 0; i < files.n && r == 0; i++)
		r = add_file(c, &dirs, files.v[i], err);
	for (size_t i = 0; i < files.n; i++)
		free(files.v[i]);
	for (size_t i = 0; i < dirs.n; i++)
		free(dirs.v[i]);
	free(files.v);
	free(dirs.v);
	return r;
}
