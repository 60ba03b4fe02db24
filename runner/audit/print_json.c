// SPDX-License-Identifier: GPL-2.0-or-later
/* An audit as JSON Lines: the machine, each step of each ranking, each finding. */
#include <jansson.h>

#include "audit/audit.h"
#include "audit/pods.h"
#include "base/bytes.h"
#include "base/jbytes.h"
#include "base/util.h"

static void put(FILE *out, json_t *o)
{
	json_dumpf(o, out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(o);
}

static json_t *bytes(const char *text)
{
	return text ? json_bytes(text, strlen(text)) : json_null();
}

static void put_machine(const struct audit *a, FILE *out)
{
	const struct machine *m = a->machine;
	json_t *lacks = json_array();
	for (size_t i = 0; i < m->n_lacks; i++)
		json_array_append_new(lacks, bytes(m->lacks[i]));
	json_t *o = json_pack("{so sI si sI sI sI sI sI so}", "kernel", bytes(m->release), "totalpages",
			      (json_int_t)a->global.totalpages, "page_size", m->page_size, "tasks", (json_int_t)m->n_tasks,
			      "cgroups", (json_int_t)m->n_cgroups, "vanished", (json_int_t)m->vanished, "unreadable",
			      (json_int_t)m->unreadable, "scores_differing", (json_int_t)a->n_differing, "lacks", lacks);
	put(out, json_pack("{so}", "machine", o));
}

static const char *how_name(enum model_how how)
{
	static const char *const names[] = { "chosen", "group", "shares its mm", "PID namespace" };
	return names[how];
}

static json_t *step(const struct audit *a, const struct ranking *r, size_t i)
{
	const struct model_step *s = &r->series.steps[i];
	const struct machine_task *t = &a->machine->tasks[s->victim];
	const char *path = machine_path(a->machine, t->cgroup);
	CLEANUP_FREE char *where = audit_where(a, s->victim);
	json_t *o = json_pack("{sI si so sI sI si so so}", "number", (json_int_t)i + 1, "pid", t->pid, "comm", bytes(t->comm),
			      "points", (json_int_t)s->points, "pages", (json_int_t)audit_base(a, s->victim), "adj", t->adj,
			      "cgroup", bytes(path), "where", bytes(where));
	enum pod_class class = pod_class_of(path);
	if (class != POD_NONE)
		json_object_set_new(o, "pod_class", json_string(pod_class_name(class)));
	json_object_set_new(o, "margin_pages", s->runner_up < 0 ? json_null() :
								  json_integer(s->points - s->runner_up_points));
	json_object_set_new(o, "certain", json_boolean(s->certain));
	json_object_set_new(o, "doubt", s->doubt ? json_string(s->doubt) : json_null());
	json_t *with = json_array();
	for (size_t k = 1; k < s->n_deaths; k++) {
		const struct machine_task *d = &a->machine->tasks[s->deaths[k].task];
		json_array_append_new(with, json_pack("{si so ss}", "pid", d->pid, "comm", bytes(d->comm), "how",
						      how_name(s->deaths[k].how)));
	}
	json_object_set_new(o, "dies_with_it", with);
	return o;
}

/* null: the machine; a cgroup's path; "nodes 0-1 (cpuset)": no path begins so. */
static json_t *domain(const struct audit *a, const struct ranking *r)
{
	char list[256];
	if (r->nodes) {
		CLEANUP_FREE char *text = xasprintf("nodes %s (%s)", format_mask(r->nodes, list),
						    r->constraint == CONSTRAINT_MEMORY_POLICY ? "memory policy" : "cpuset");
		return bytes(text);
	}
	return r->cgroup < 0 ? json_null() : bytes(a->machine->cgroups[r->cgroup].path);
}

static void put_ranking(const struct audit *a, const struct ranking *r, FILE *out)
{
	for (size_t i = 0; i < r->series.n; i++) {
		json_t *o = step(a, r, i);
		json_object_set_new(o, "domain", domain(a, r));
		put(out, json_pack("{so}", "death", o));
	}
	if (r->series.all)
		put(out, json_pack("{s{so so}}", "end", "domain", domain(a, r), "panic", bytes(r->series.panic)));
}

void audit_print_json(const struct audit *a, FILE *out)
{
	put_machine(a, out);
	put_ranking(a, &a->global, out);
	for (size_t i = 0; i < a->n_numa; i++)
		put_ranking(a, &a->numa[i], out);
	for (size_t i = 0; i < a->n_cgroups; i++)
		put_ranking(a, &a->cgroups[i], out);
	for (size_t i = 0; i < a->n_findings; i++) {
		const struct finding *f = &a->findings[i];
		put(out, json_pack("{s{ss ss so so so}}", "finding", "id", f->id, "severity", severity_name(f->severity),
				   "subject", bytes(f->subject), "reason", bytes(f->reason), "remedy", bytes(f->remedy)));
	}
}
