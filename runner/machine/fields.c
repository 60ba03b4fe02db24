// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/fields.h"

#include <limits.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "machine/machine.h"

#define M(name, type, usual) { #name, type, offsetof(struct machine, name), usual }
#define T(name, type, usual) { #name, type, offsetof(struct machine_task, name), usual }
#define G(name, type, usual) { #name, type, offsetof(struct machine_cgroup, name), usual }
#define N(name, type, usual) { #name, type, offsetof(struct machine_node, name), usual }

const struct field machine_fields[] = {
	M(release, FIELD_TEXT, 0), M(version, FIELD_TEXT, 0), M(arch, FIELD_TEXT, 0), M(time, FIELD_I64, 0),
	M(page_size, FIELD_INT, 0), M(cpus, FIELD_INT, 0), M(nodes, FIELD_U64, 0), M(memory_v2, FIELD_BOOL, 0),
	M(memory_v1, FIELD_BOOL, 0), M(localevents, FIELD_BOOL, 0), M(mglru, FIELD_BOOL, 0),
	M(min_ttl_ms, FIELD_I64, -1), M(vanished, FIELD_U64, 0), M(unreadable, FIELD_U64, 0), { NULL, 0, 0, 0 },
};

const struct field task_fields[] = {
	T(pid, FIELD_INT, 0), T(ppid, FIELD_INT, 0), T(comm, FIELD_COMM, 0), T(start, FIELD_U64, 0), T(uid, FIELD_U32, 0),
	T(adj, FIELD_INT, 0), T(score, FIELD_INT, -1), T(threads, FIELD_INT, 1), T(vm_kb, FIELD_I64, 0),
	T(anon_kb, FIELD_I64, 0), T(file_kb, FIELD_I64, 0), T(shmem_kb, FIELD_I64, 0), T(swap_kb, FIELD_I64, 0),
	T(pte_kb, FIELD_I64, 0), T(pmd_kb, FIELD_I64, 0), T(locked_kb, FIELD_I64, 0), T(hugetlb_kb, FIELD_I64, 0),
	T(data_kb, FIELD_I64, 0), T(mems, FIELD_U64, -1), T(policy, FIELD_INT, 0), T(policy_nodes, FIELD_U64, 0), T(cap_sys_admin, FIELD_BOOL, 0), T(cgroup, FIELD_INT, -1),
	T(joined, FIELD_U64, 0), T(ns_depth, FIELD_INT, 0), T(ns_pid, FIELD_INT, 0), T(pidns, FIELD_U64, 0),
	T(mm, FIELD_INT, 0), { NULL, 0, 0, 0 },
};

const struct field cgroup_fields[] = {
	G(path, FIELD_TEXT, 0), G(parent, FIELD_INT, -1), G(current, FIELD_U64, 0), G(limit, FIELD_U64, -1),
	G(high, FIELD_U64, -1), G(low, FIELD_U64, 0), G(min, FIELD_U64, 0), G(swap_current, FIELD_U64, 0),
	G(swap_limit, FIELD_U64, -1), G(n_oom, FIELD_I64, -1), G(n_oom_kill, FIELD_I64, -1), G(n_max, FIELD_I64, -1),
	G(n_high, FIELD_I64, -1), G(swappiness, FIELD_INT, 60), G(group, FIELD_BOOL, 0),
	G(oom_kill_disable, FIELD_BOOL, 0), { NULL, 0, 0, 0 },
};

const struct field node_fields[] = {
	N(id, FIELD_INT, 0), N(present, FIELD_U64, 0), N(spanned, FIELD_U64, 0), { NULL, 0, 0, 0 },
};

/* The number in a struct; MACHINE_MAX of a U64 is -1, as in JSON. */
static int64_t number_at(enum field_type type, const void *p)
{
	switch (type) {
	case FIELD_INT:
		return *(const int *)p;
	case FIELD_U32:
		return *(const uint32_t *)p;
	case FIELD_BOOL:
		return *(const bool *)p;
	default:
		return *(const int64_t *)p;
	}
}

json_t *fields_to_json(const struct field *fields, const void *from)
{
	json_t *o = json_object();
	for (const struct field *f = fields; f->name; f++) {
		const void *p = (const char *)from + f->at;
		const char *text = f->type == FIELD_COMM ? p : f->type == FIELD_TEXT ? *(char *const *)p : NULL;
		if (text)
			json_object_set_new(o, f->name, json_bytes(text, strlen(text)));
		else if (f->type == FIELD_TEXT || number_at(f->type, p) == f->usual)
			continue;
		else if (f->type == FIELD_BOOL)
			json_object_set_new(o, f->name, json_true());
		else
			json_object_set_new(o, f->name, json_integer(number_at(f->type, p)));
	}
	return o;
}

static int text_from_json(const struct field *f, const json_t *value, void *p, struct error *err)
{
	size_t len;
	CLEANUP_FREE char *text = json_bytes_get(value, &len);
	if (!text || strlen(text) != len || (f->type == FIELD_COMM && len > 15))
		return error_set(err, 0, "\"%s\" is no %s", f->name, f->type == FIELD_COMM ? "text of at most 15 bytes" : "text");
	if (f->type == FIELD_COMM) {
		memcpy(p, text, len + 1);
		return 0;
	}
	free(*(char **)p);
	*(char **)p = TAKE_PTR(text);
	return 0;
}

static int number_to(const struct field *f, int64_t n, void *p, struct error *err)
{
	switch (f->type) {
	case FIELD_INT:
		if (n < INT_MIN || n > INT_MAX)
			return error_set(err, 0, "\"%s\" is out of range", f->name);
		*(int *)p = (int)n;
		return 0;
	case FIELD_U32:
		if (n < 0 || n > UINT32_MAX)
			return error_set(err, 0, "\"%s\" is out of range", f->name);
		*(uint32_t *)p = (uint32_t)n;
		return 0;
	case FIELD_BOOL:
		*(bool *)p = n;
		return 0;
	default:
		*(int64_t *)p = n;
		return 0;
	}
}

int fields_from_json(const struct field *fields, const json_t *o, void *to, struct error *err)
{
	for (const struct field *f = fields; f->name; f++) {
		void *p = (char *)to + f->at;
		const json_t *value = json_object_get(o, f->name);
		bool text = f->type == FIELD_COMM || f->type == FIELD_TEXT;
		int ret = 0;
		if (!value && !text)
			ret = number_to(f, f->usual, p, err);
		else if (value && text)
			ret = text_from_json(f, value, p, err);
		else if (value && f->type == FIELD_BOOL && !json_is_boolean(value))
			ret = error_set(err, 0, "\"%s\" is not true or false", f->name);
		else if (value && f->type == FIELD_BOOL)
			ret = number_to(f, json_is_true(value), p, err);
		else if (value && !json_is_integer(value))
			ret = error_set(err, 0, "\"%s\" is no whole number", f->name);
		else if (value)
			ret = number_to(f, json_integer_value(value), p, err);
		if (ret < 0)
			return -1;
	}
	return 0;
}
