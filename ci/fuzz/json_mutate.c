// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes a JSON document so that it stays one: plain bytes hardly ever get through a JSON parser to what reads the
 * values. One change in four is of bytes all the same. libFuzzer, and main.c without it, call LLVMFuzzerCustomMutator().
 */
#include <jansson.h>
#include <stdint.h>

#include "base/util.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define TEXT_MAX 4096

static uint32_t state;

static uint32_t upto(size_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return n ? state % (uint32_t)n : 0;
}

static size_t count_values(const json_t *v)
{
	size_t n = 1, i;
	const char *key;
	json_t *child;
	json_array_foreach(v, i, child)
		n += count_values(child);
	json_object_foreach((json_t *)(uintptr_t)v, key, child)
		n += count_values(child);
	return n;
}

static json_t *nth_value(json_t *v, size_t *n)
{
	size_t i;
	const char *key;
	json_t *child, *found;
	if ((*n)-- == 0)
		return v;
	json_array_foreach(v, i, child)
		if ((found = nth_value(child, n)))
			return found;
	json_object_foreach(v, key, child)
		if ((found = nth_value(child, n)))
			return found;
	return NULL;
}

static json_t *any_value(json_t *root)
{
	size_t n = upto(count_values(root));
	return nth_value(root, &n);
}

static json_t *another_value(void)
{
	static const char *const texts[] = { "", "max", "0", "-1", "1", "x", "oom_kill 3\n", "9223372036854775807", "..", "/",
					     "\xc3\xbf" };
	static const json_int_t numbers[] = { 0, 1, -1, 2, 64, 1000, -1000, 4096, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };
	switch (upto(8)) {
	case 0: return json_null();
	case 1: return json_boolean(upto(2));
	case 2: return json_real(1e300);
	case 3: return json_array();
	case 4: return json_object();
	case 5: return json_string(texts[upto(ARRAY_SIZE(texts))]);
	default: return json_integer(numbers[upto(ARRAY_SIZE(numbers))]);
	}
}

/* The bytes of a string changed, each new byte above 7f as the code point of the same number. */
static void change_text(json_t *v)
{
	uint8_t bytes[TEXT_MAX];
	char utf8[2 * TEXT_MAX];
	size_t n = json_string_length(v) < TEXT_MAX / 2 ? json_string_length(v) : TEXT_MAX / 2, used = 0;
	memcpy(bytes, json_string_value(v), n);
	n = LLVMFuzzerMutate(bytes, n, n + 16 < TEXT_MAX ? n + 16 : TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] >= 0x80) {
			utf8[used++] = (char)(0xc0 | bytes[i] >> 6);
			utf8[used++] = (char)(0x80 | (bytes[i] & 0x3f));
		} else {
			utf8[used++] = (char)bytes[i];
		}
	}
	json_string_setn(v, utf8, used);
}

static void change_number(json_t *v)
{
	uint64_t n = (uint64_t)json_integer_value(v);
	const uint64_t to[] = { n + 1, n - 1, 2 * n, n / 2, 0 - n, n ^ UINT64_C(1) << upto(63) };
	json_integer_set(v, (json_int_t)to[upto(ARRAY_SIZE(to))]);
}

static void change_array(json_t *root, json_t *v)
{
	size_t n = json_array_size(v), at = upto(n);
	switch (upto(n ? 5 : 1)) {
	case 0: json_array_insert_new(v, n ? at : 0, json_deep_copy(any_value(root))); break;
	case 1: json_array_remove(v, at); break;
	case 2: json_array_insert_new(v, upto(n), json_deep_copy(json_array_get(v, at))); break;
	case 3: json_array_set_new(v, at, another_value()); break;
	default: {
		json_t *moved = json_deep_copy(json_array_get(v, at));
		json_array_remove(v, at);
		json_array_insert_new(v, upto(n - 1), moved);
	}
	}
}

static void change_object(json_t *root, json_t *v)
{
	size_t n = json_object_size(v), at = upto(n);
	void *it = json_object_iter(v);
	while (at--)
		it = json_object_iter_next(v, it);
	if (!it)
		return;
	CLEANUP_FREE char *key = xstrdup(json_object_iter_key(it));
	switch (upto(4)) {
	case 0: json_object_del(v, key); break;
	case 1: json_object_set_new(v, key, another_value()); break;
	case 2: json_object_set_new(v, key, json_deep_copy(any_value(root))); break;
	default: json_object_set(v, "x", json_object_get(v, key));
	}
}

static void change(json_t *root)
{
	json_t *v = any_value(root);
	switch (json_typeof(v)) {
	case JSON_STRING: change_text(v); break;
	case JSON_INTEGER: change_number(v); break;
	case JSON_REAL: json_real_set(v, json_real_value(v) * (upto(2) ? -2 : 0.5)); break;
	case JSON_ARRAY: change_array(root, v); break;
	case JSON_OBJECT: change_object(root, v); break;
	default: break;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	state = seed | 1;
	json_t *root = upto(4) ? json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL) : NULL;
	if (!root)
		return LLVMFuzzerMutate(data, size, max_size);
	for (unsigned i = 1 + upto(4); i > 0; i--)
		change(root);
	size_t n = json_dumpb(root, (char *)data, max_size, JSON_COMPACT);
	json_decref(root);
	/* what became too long is cut: a document that ends in its middle */
	return n < max_size ? n : max_size;
}
