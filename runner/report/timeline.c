// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/story.h"

#include "base/util.h"

/* All rows of all messages, and the columns of the last that has some: columns are only ever added. */
static json_t *gather(const json_t *messages, json_t **columns)
{
	json_t *rows = json_array(), *message;
	size_t i;
	json_array_foreach(messages, i, message) {
		json_t *names = json_object_get(message, "columns");
		if (json_is_array(names))
			*columns = names;
		json_array_extend(rows, json_object_get(message, "rows"));
	}
	return rows;
}

/* One column of the rows that are shown, as the first number and differences. */
static json_t *column(const json_t *rows, size_t index, size_t stride)
{
	json_t *list = json_array();
	json_int_t last = 0;
	for (size_t i = 0; i < json_array_size(rows); i += stride) {
		const json_t *cell = json_array_get(json_array_get(rows, i), index);
		if (json_is_integer(cell)) {
			/* whatever the numbers are: their sums wrap as they do */
			json_array_append_new(list, json_integer((json_int_t)((uint64_t)json_integer_value(cell) -
									      (uint64_t)last)));
			last = json_integer_value(cell);
		} else {
			json_array_append_new(list, json_null());
		}
	}
	return list;
}

json_t *timeline_story(const json_t *messages)
{
	json_t *columns = NULL, *rows = gather(messages, &columns);
	size_t n = json_array_size(rows), stride = n / TIMELINE_POINTS + 1;
	json_t *story = json_null();
	if (columns && n) {
		json_t *values = json_array();
		for (size_t i = 0; i < json_array_size(columns); i++)
			json_array_append_new(values, column(rows, i + 1, stride));
		const json_t *last = json_array_get(messages, json_array_size(messages) - 1);
		story = json_pack("{s:O s:o s:o s:O? s:O?}", "columns", columns, "t", column(rows, 0, stride), "v", values,
				  "cpu_us", json_object_get(last, "cpu_us"), "span_us", json_object_get(last, "span_us"));
	}
	json_decref(rows);
	return story;
}
