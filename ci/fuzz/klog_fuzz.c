// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a log from anybody. Whatever it holds, reading it must end, and every report found must be explained in valid
 * JSON and in text without control characters. The first byte says how the bytes come: in pieces of which size, or as
 * records of /dev/kmsg.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/follow.h"
#include "klog/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const char *text)
{
	for (const char *nl; (nl = strchr(text, '\n')); text = nl + 1) {
		json_t *o = json_loadb(text, (size_t)(nl - text), 0, NULL);
		if (!o)
			abort();
		json_decref(o);
	}
	if (*text)
		abort();
}

static void check_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 && *text != '\n')
			abort();
}

static void read_all(const uint8_t *data, size_t size, bool json, uint8_t how)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct explainer x = { .out = out, .json = json, .file = "fuzz", .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	if (how == 255) {
		CLEANUP_FREE char *copy = xcalloc(1, size + 1);
		memcpy(copy, data, size);
		for (char *p = copy, *end = copy + size; p < end;) {
			char *nl = memchr(p, '\n', (size_t)(end - p));
			size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);
			kmsg_record(k, p, n);
			p += n + 1;
		}
		klog_flush(k);
	} else {
		struct stream *s = stream_new(k);
		size_t piece = how ? how : size;
		for (size_t at = 0; at < size; at += piece)
			stream_feed(s, (const char *)data + at, size - at < piece ? size - at : piece);
		stream_end(s);
		stream_free(s);
	}
	klog_free(k);
	fclose(out);
	if (json)
		check_json(text);
	else
		check_text(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	read_all(data + 1, size - 1, size & 1, data[0]);	/* one of the two outputs: twice as many inputs */
	return 0;
}
