// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a path to a checked, typed, but not yet interpreted case.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/util.h"
#include "case/case.h"
#include "case/load.h"
#include "case/text.h"

#define FILE_MAX ((size_t)1 << 20)

/* The id: the path below the last directory named "cases", else the file's name; without ".yaml". */
static char *make_id(const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	for (const char *p = path; (p = strstr(p, "cases/")); p++) {
		if (p == path || p[-1] == '/')
			base = p + strlen("cases/");
	}
	while (*base == '/')
		base++;
	size_t len = strlen(base);
	if (len > 5 && streq(base + len - 5, ".yaml"))
		len -= 5;
	return xasprintf("%.*s", (int)len, base);
}

struct complaint {
	const char *file;
	struct error *err;
	bool made;
};

/* What libcyaml still finds after tree_check() has passed; its warnings (like a second document) count as errors. */
static void complain(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct complaint *c = ctx;
	if (level < CYAML_LOG_WARNING || c->made)
		return;
	char sentence[900];
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	sentence[strcspn(sentence, "\n")] = '\0';
	c->made = true;
	error_set(c->err, 0, "%s: %s", c->file, sentence);
}

struct case_file *case_parse(const char *path, const char *text, size_t len, struct error *err)
{
	int line, column;
	if (len > FILE_MAX) {
		error_set(err, 0, "%s: the file has %zu bytes; a case file has at most 1 MiB", path, len);
		return NULL;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {	/* some editors' byte order mark says nothing in UTF-8 */
		text += 3;
		len -= 3;
	}
	const char *fault = utf8_fault(text, len, &line, &column);
	if (fault) {
		error_set(err, 0, "%s:%d:%d: %s", path, line, column, fault);
		return NULL;
	}
	struct case_file *c = xcalloc(1, sizeof(*c));
	c->path = xstrdup(path);
	c->id = make_id(path);
	c->text_len = len;
	if (tree_check(c->path, text, len, &case_schema, &c->tree, err) < 0) {
		case_free(c);
		return NULL;
	}
	struct complaint complaint = { .file = c->path, .err = err };
	cyaml_config_t config = case_yaml_config;
	config.log_fn = complain;
	config.log_ctx = &complaint;
	cyaml_err_t result =
		cyaml_load_data((const uint8_t *)text, len, &config, &case_schema, (cyaml_data_t **)&c->raw, NULL);
	if (result != CYAML_OK || complaint.made) {
		if (!complaint.made)
			error_set(err, 0, "%s: %s", path, cyaml_strerror(result));
		case_free(c);
		return NULL;
	}
	return c;
}

struct case_file *case_load(const char *path, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		error_set(err, errno, "can't open case file %s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) { /* a FIFO could keep us waiting, a device never end */
		error_set(err, 0, "%s: %s; a case is a YAML file", path,
			  S_ISDIR(st.st_mode) ? "this is a directory" : "this is not a regular file");
		return NULL;
	}
	size_t len;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, FILE_MAX, &len);
	if (!text && errno == EFBIG)
		error_set(err, 0, "%s: the file has more than 1 MiB; a case file has at most that", path);
	else if (!text)
		error_set(err, errno, "can't read case file %s", path);
	return text ? case_parse(path, text, len, err) : NULL;
}

void case_free(struct case_file *c)
{
	if (!c)
		return;
	cyaml_free(&case_yaml_config, &case_schema, c->raw, 0);
	tree_free(&c->tree);
	free(c->path);
	free(c->id);
	free(c);
}

const char *case_id(const struct case_file *c)
{
	return c->id;
}

const char *case_path(const struct case_file *c)
{
	return c->path;
}
