// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/yamlfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/util.h"
#include "case/text.h"

#define FILE_MAX ((size_t)1 << 20)

static const cyaml_config_t plain_config = {
	.log_level = CYAML_LOG_WARNING,
	.mem_fn = cyaml_mem,
	.flags = CYAML_CFG_NO_ALIAS,
};

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

int yamlfile_parse(const char *path, const char *what, const char *text, size_t len, const cyaml_schema_value_t *schema, struct tree *tree,
	       void **raw, struct error *err)
{
	int line, column;
	if (len > FILE_MAX)
		return error_set(err, 0, "%s: the file has %zu bytes; at most 1 MiB is allowed", path, len);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {	/* some editors' byte order mark says nothing in UTF-8 */
		text += 3;
		len -= 3;
	}
	const char *fault = utf8_fault(text, len, &line, &column);
	if (fault)
		return error_set(err, 0, "%s:%d:%d: %s", path, line, column, fault);
	struct tree found = { NULL, 0 };
	if (tree_check(path, what, text, len, schema, &found, err) < 0)
		return -1;
	struct complaint complaint = { .file = path, .err = err };
	cyaml_config_t config = plain_config;
	config.log_fn = complain;
	config.log_ctx = &complaint;
	cyaml_data_t *data = NULL;
	cyaml_err_t result = cyaml_load_data((const uint8_t *)text, len, &config, schema, &data, NULL);
	if (result != CYAML_OK || complaint.made) {
		if (!complaint.made)
			error_set(err, 0, "%s: %s", path, cyaml_strerror(result));
		yamlfile_free(schema, data);
		tree_free(&found);
		return -1;
	}
	*tree = found;
	*raw = data;
	return 0;
}

void yamlfile_free(const cyaml_schema_value_t *schema, void *raw)
{
	cyaml_free(&plain_config, schema, raw, 0);
}

char *yamlfile_read(const char *path, const char *what, size_t *len, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		error_set(err, errno, "can't open %s file %s", what, path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) { /* a FIFO could keep us waiting, a device never end */
		error_set(err, 0, "%s: %s; a %s is a YAML file", path,
			  S_ISDIR(st.st_mode) ? "this is a directory" : "this is not a regular file", what);
		return NULL;
	}
	char *text = read_whole_at(AT_FDCWD, path, FILE_MAX, len);
	if (!text && errno == EFBIG)
		error_set(err, 0, "%s: the file has more than 1 MiB; a %s file has at most that", path, what);
	else if (!text)
		error_set(err, errno, "can't read %s file %s", what, path);
	return text;
}
