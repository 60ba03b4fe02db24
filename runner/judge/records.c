// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/records.h"

#include "base/jbytes.h"
#include "base/util.h"
#include "judge/look.h"
#include "klog/cont.h"

/* The place of a record is taken by a copy of it that has a further member. */
static void set_in(json_t *records, size_t i, const char *member, json_t *value)
{
	json_t *copy = json_copy(json_array_get(records, i));
	json_object_set_new(copy, member, value);
	json_array_set_new(records, i, copy);
}

/* Where nothing came between, nobody tore it: that is all the kernel said. */
static void give_up(struct conts *conts, struct cont_line *of, json_t *whole)
{
	if (of->between)
		set_in(whole, (size_t)of->number, "torn", json_true());
	cont_drop(conts, of);
}

/* Is it the rest of what an earlier record began? */
static bool mends(struct conts *conts, const struct prefix *p, struct text t, json_t *whole)
{
	struct cont_line *of = cont_join(conts, p, t);
	if (!of)
		return false;
	set_in(whole, (size_t)of->number, "text", json_bytes(of->text, of->len));
	if (of->kind == CONT_NO)
		cont_drop(conts, of);
	return true;
}

static void take(struct conts *conts, json_t *record, struct text t, json_t *whole)
{
	struct prefix p = { .stamped = true, .level = -1, .seq = look_int(record, "seq", OOM_UNKNOWN),
			    .usec = look_int(record, "t", OOM_UNKNOWN),
			    .continues = json_is_true(json_object_get(record, "cont")) ? CONTINUES_SOME : CONTINUES_UNSAID };
	struct line l;
	if (mends(conts, &p, t, whole))
		return;
	line_parse(t, &l);
	for (struct cont_line *of; (of = cont_over(conts, &p, t, &l));)
		give_up(conts, of, whole);
	if (conts->n == CONT_LINES && cont_kind(t, &l) != CONT_NO)
		give_up(conts, &conts->lines[0], whole);
	cont_keep(conts, &p, json_array_size(whole), t, &l);
	json_array_append(whole, record);
}

json_t *records_whole(const json_t *kmsg)
{
	json_t *whole = json_array(), *record;
	struct conts *conts = xcalloc(1, sizeof(*conts));
	size_t i;
	json_array_foreach(kmsg, i, record) {
		size_t len = 0;
		CLEANUP_FREE char *bytes = json_bytes_get(json_object_get(record, "text"), &len);
		if (bytes)
			take(conts, record, text_of(bytes, len), whole);
		else
			json_array_append(whole, record);
	}
	free(conts);
	return whole;
}
