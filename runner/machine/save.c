// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot as JSON Lines: a head, a line for each cgroup (parents first) and each process, and an end that tells their
 * numbers, so that a torn file is noticed. Byte strings as in base/jbytes.h; a limit of "max" is -1 or left out.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "machine/fields.h"
#include "machine/machine.h"

#define FORMAT 1
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define MOST ((size_t)1 << 23)	/* more tasks or cgroups than any kernel has: pid_max is 2^22 */

static void put(FILE *out, const char *kind, json_t *value)
{
	json_t *o = json_object();
	json_object_set_new(o, kind, value);
	json_dumpf(o, out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(o);
}

static json_t *pairs_to_json(const struct machine_pairs *pairs)
{
	json_t *o = json_object();
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(o, pairs->all[i].name, json_integer(pairs->all[i].value));
	return o;
}

int machine_save(const struct machine *m, FILE *out, struct error *err)
{
	json_t *head = fields_to_json(machine_fields, m), *nodes = json_array(), *lacks = json_array();
	json_object_set_new(head, "format", json_integer(FORMAT));
	json_object_set_new(head, "meminfo", pairs_to_json(&m->meminfo));
	json_object_set_new(head, "sysctl", pairs_to_json(&m->sysctl));
	for (size_t i = 0; i < m->n_nodes; i++)
		json_array_append_new(nodes, fields_to_json(node_fields, &m->node[i]));
	json_object_set_new(head, "node", nodes);
	for (size_t i = 0; i < m->n_lacks; i++)
		json_array_append_new(lacks, json_bytes(m->lacks[i], strlen(m->lacks[i])));
	json_object_set_new(head, "lacks", lacks);
	put(out, "machine", head);
	for (size_t i = 0; i < m->n_cgroups; i++)
		put(out, "cgroup", fields_to_json(cgroup_fields, &m->cgroups[i]));
	for (size_t i = 0; i < m->n_tasks; i++)
		put(out, "task", fields_to_json(task_fields, &m->tasks[i]));
	put(out, "end", json_pack("{sI sI}", "cgroups", (json_int_t)m->n_cgroups, "tasks", (json_int_t)m->n_tasks));
	if (fflush(out) != 0 || ferror(out))
		return error_set(err, errno, "writing the snapshot");
	return 0;
}

static int pairs_from_json(const json_t *o, const char *what, struct machine_pairs *pairs, struct error *err)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)o, key, value) {
		if (!json_is_integer(value))
			return error_set(err, 0, "%s \"%s\" is no whole number", what, key);
		machine_pair_add(pairs, key, json_integer_value(value));
	}
	return 0;
}

static int load_head(struct machine *m, const json_t *o, struct error *err)
{
	if (json_integer_value(json_object_get(o, "format")) != FORMAT)
		return error_set(err, 0, "a snapshot of another format than %d, which this oomtests reads", FORMAT);
	if (fields_from_json(machine_fields, o, m, err) < 0)
		return -1;
	if (m->page_size < 1024 || m->page_size > 1 << 20 || (m->page_size & (m->page_size - 1)) || m->cpus < 1)
		return error_set(err, 0, "\"page_size\" or \"cpus\" is impossible");
	if (pairs_from_json(json_object_get(o, "meminfo"), "meminfo", &m->meminfo, err) < 0 ||
	    pairs_from_json(json_object_get(o, "sysctl"), "sysctl", &m->sysctl, err) < 0)
		return -1;
	size_t i;
	json_t *value;
	json_array_foreach(json_object_get(o, "node"), i, value) {
		struct machine_node node = { 0 };
		if (fields_from_json(node_fields, value, &node, err) < 0)
			return -1;
		if (node.id < 0 || node.id > 63 || m->n_nodes == 64)
			return error_set(err, 0, "a node number is impossible");
		m->node = xrealloc(m->node, m->n_nodes + 1, sizeof(*m->node));
		m->node[m->n_nodes++] = node;
	}
	json_array_foreach(json_object_get(o, "lacks"), i, value) {
		CLEANUP_FREE char *text = json_bytes_get(value, NULL);
		if (text)
			machine_lack(m, "%s", text);
	}
	return 0;
}

static int load_cgroup(struct machine *m, const json_t *o, struct error *err)
{
	struct machine_cgroup g = { 0 };
	int ret = fields_from_json(cgroup_fields, o, &g, err);
	if (ret == 0 && (!g.path || g.path[0] != '/' || g.parent < -1 || g.parent >= (int)m->n_cgroups || m->n_cgroups >= MOST))
		ret = error_set(err, 0, "a cgroup without a path, or before its parent");
	if (ret < 0) {
		free(g.path);
		return -1;
	}
	if ((m->n_cgroups & (m->n_cgroups - 1)) == 0)
		m->cgroups = xrealloc(m->cgroups, m->n_cgroups ? 2 * m->n_cgroups : 1, sizeof(*m->cgroups));
	m->cgroups[m->n_cgroups++] = g;
	return 0;
}

/* Sizes far beyond any machine would overflow the sums. */
static bool sane(const struct machine_task *t)
{
	const int64_t sizes[] = { t->vm_kb, t->anon_kb, t->file_kb, t->shmem_kb, t->swap_kb, t->pte_kb,
				  t->pmd_kb, t->locked_kb, t->hugetlb_kb, t->data_kb };
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] < 0 || sizes[i] > INT64_C(1) << 47)
			return false;
	return t->pid > 0 && t->adj >= -1000 && t->adj <= 1000 && t->threads > 0 && t->mm >= 0 && t->ns_depth >= 0 &&
	       t->policy >= MACHINE_ANY_NODE && t->policy <= MACHINE_INTERLEAVE;
}

static int load_task(struct machine *m, const json_t *o, struct error *err)
{
	struct machine_task t = { 0 };
	if (fields_from_json(task_fields, o, &t, err) < 0)
		return -1;
	if (!sane(&t) || t.cgroup < -1 || t.cgroup >= (int)m->n_cgroups || m->n_tasks >= MOST)
		return error_set(err, 0, "a process with impossible numbers, or in a cgroup that is not there");
	if ((m->n_tasks & (m->n_tasks - 1)) == 0)
		m->tasks = xrealloc(m->tasks, m->n_tasks ? 2 * m->n_tasks : 1, sizeof(*m->tasks));
	m->tasks[m->n_tasks++] = t;
	return 0;
}

static int load_line(struct machine *m, const json_t *o, int n, bool *ended, struct error *err)
{
	json_t *value;
	if ((value = json_object_get(o, "machine")) && n == 1)
		return load_head(m, value, err);
	if (n == 1)
		return error_set(err, 0, "not a snapshot of `oomtests audit --save`");
	if ((value = json_object_get(o, "cgroup")))
		return load_cgroup(m, value, err);
	if ((value = json_object_get(o, "task")))
		return load_task(m, value, err);
	value = json_object_get(o, "end");
	if (!value || json_integer_value(json_object_get(value, "cgroups")) != (json_int_t)m->n_cgroups ||
	    json_integer_value(json_object_get(value, "tasks")) != (json_int_t)m->n_tasks)
		return error_set(err, 0, value ? "lines are missing above" : "an unknown line");
	*ended = true;
	return 0;
}

/* A task's mm is used as an index: the numbers in a file may be anything. */
static int check_mms(const struct machine *m, struct error *err)
{
	for (size_t i = 0; i < m->n_tasks; i++)
		if ((size_t)m->tasks[i].mm > m->n_tasks)
			return error_set(err, 0, "process %d has an \"mm\" beyond the number of processes", m->tasks[i].pid);
	return 0;
}

int machine_load(FILE *in, const char *name, struct machine *m, struct error *err)
{
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	bool ended = false;
	*m = (struct machine){ 0 };
	for (int n = 1; !ended; n++) {
		ssize_t len = getline(&line, &room, in);
		if (len < 0 && ferror(in))
			return error_set(err, errno, "reading the snapshot %s", name);
		if (len < 0)
			return error_set(err, 0, n == 1 ? "%s is empty, not a snapshot" : "%s: the snapshot's end is missing", name);
		json_t *o = (size_t)len > LINE_MAX_BYTES ? NULL : json_loads(line, 0, NULL);
		int ret = o ? load_line(m, o, n, &ended, err) :
			      error_set(err, 0, "not a snapshot of `oomtests audit --save`: the line is no JSON");
		json_decref(o);
		if (ret < 0)
			return error_wrap(err, "%s:%d", name, n);
	}
	if (check_mms(m, err) < 0)
		return error_wrap(err, "%s", name);
	machine_sort(m);
	return 0;
}
