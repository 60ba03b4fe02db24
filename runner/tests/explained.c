// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/explained.h"

#include <check.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/stream.h"

char *explained_words(const char *file, const char *text, size_t len, bool json, struct explainer *x)
{
	char *words = NULL;
	size_t words_len = 0;
	struct explainer own;
	FILE *out = open_memstream(&words, &words_len);
	x = x ? x : &own;
	*x = (struct explainer){ .out = out, .json = json, .file = file, .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, x);
	struct stream *s = stream_new(k);
	stream_feed(s, text, len);
	stream_end(s);
	stream_free(s);
	klog_free(k);
	fclose(out);
	return words;
}

json_t *explained(const char *file, const char *text, size_t len, struct explainer *x)
{
	CLEANUP_FREE char *json = explained_words(file, text, len, true, x);
	json_t *all = json_array();
	for (char *line = json, *nl; *line; line = nl + 1) {
		nl = strchr(line, '\n');
		ck_assert_ptr_nonnull(nl);
		json_error_t err;
		json_t *one = json_loadb(line, (size_t)(nl - line), 0, &err);
		ck_assert_msg(one != NULL, "%s: %.*s", err.text, (int)(nl - line), line);
		json_array_append_new(all, one);
	}
	return all;
}
