// SPDX-License-Identifier: GPL-2.0-or-later
/* How far the growing tasks of an episode can get before memory is out, and whether it must get that far. */
#include "judge/scene.h"

#include "base/bytes.h"
#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"

/* Pages that the growing task can still take in its memcg: up to the limit, and what may be swapped or dropped. */
static void memcg_room(const struct scene *s, const struct trial *t, int memcg, int64_t *min, int64_t *max)
{
	const json_t *c = s->cgroups[memcg];
	int64_t used = 0, swapped = 0;
	look_field(look_file(c, t->v1 ? "memory.usage_in_bytes" : "memory.current"), NULL, &used);
	look_field(look_file(c, "memory.swap.current"), NULL, &swapped);
	int64_t limit = (int64_t)s->memcgs[memcg].limit, now = (int64_t)scene_pages(s, used);
	int64_t total_swap = (int64_t)s->model.machine.total_swap, swap = total_swap;
	if (!t->v1 && s->memcgs[memcg].swap_limit != MODEL_NO_LIMIT)
		swap = (int64_t)s->memcgs[memcg].swap_limit - (int64_t)scene_pages(s, swapped);
	if (t->v1 && s->memcgs[memcg].memsw_limit != MODEL_NO_LIMIT)
		swap = (int64_t)s->memcgs[memcg].memsw_limit - limit;
	if (swap > total_swap)
		swap = total_swap;
	if (swap < 0)
		swap = 0;
	/*
	 * What is charged but is no task's base (kernel stacks, slab, each CPU's stock of up to 64 pages) may be given
	 * back or grow: 64 pages a CPU and 256 for kernel memory, which the scenes leave as their margin anyway.
	 */
	int64_t slack = 64 * t->ncpus + 256;
	*min = limit - now - slack;
	*max = limit - now + swap + slack;
}

/*
 * The same for the whole machine, or for the nodes that the constraint leaves: free memory down to what the zones keep
 * back (their high watermark; what lowmem_reserve keeps of small zones is inside the slack of a 1/32 of memory), and at
 * the most all that is free, cached, reclaimable or swap.
 */
static void machine_room(const struct scene *s, const json_t *snapshot, uint64_t nodes, int64_t *min, int64_t *max)
{
	const json_t *mem = json_object_get(snapshot, "meminfo");
	int64_t free_pages = 0, kept = 0, present = 0, k = s->page_kb;
	size_t i;
	json_t *zone;
	json_array_foreach(json_object_get(snapshot, "zones"), i, zone) {
		int64_t node = look_int(zone, "node", 0);
		if (node < 0 || node > 63 || !(nodes >> node & 1))
			continue;
		free_pages += look_int(zone, "free", 0);
		kept += look_int(zone, "high", 0);
		present += look_int(zone, "present", 0);
	}
	int64_t reclaimable = (look_int(mem, "Cached", 0) + look_int(mem, "Buffers", 0) - look_int(mem, "Shmem", 0) +
			       look_int(mem, "SReclaimable", 0)) / k;
	*min = free_pages - kept - present / 32;
	*max = free_pages + reclaimable + look_int(mem, "SwapFree", 0) / k + present / 64;
}

/* What a task of this kind takes is no page of its own: files that are not mapped, pipes, slab, huge pages. */
static bool is_hidden(const struct trial *t, const char *name)
{
	const struct test_task *c = scene_case_task(t, name);
	return c && kind_facts(c->kind) && kind_facts(c->kind)->hidden;
}

/* Pages that tasks may give back by calls, which others can have then. */
static int64_t given_back(const struct scene *s, const struct trial *t, const struct episode *e)
{
	int64_t pages = 0;
	for (size_t i = 0; i < s->model.n_tasks; i++)
		if (s->rows[i] && trial_gives_back(t, e, look_text(s->rows[i], "name")))
			pages += model_base(&t->era, &s->tasks[i].pages);
	return pages;
}

/* The growing task, and by how many pages at least and at most it can grow; `wants` is what its `to` still asks for
 * (INT64_MAX: no end). -1 when the episode has none. */
static int growing(const struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report,
		   int64_t *min, int64_t *max, int64_t *wants)
{
	const struct step *step = scene_trigger(t, e);
	int task = step && step->op == STEP_GROW ? scene_task_named(s, step->tasks[0]) : -1;
	if (task < 0)
		return -1;
	const struct model_task *m = &s->tasks[task];
	int memcg = scene_limit_hit(s, t, e, report);
	uint64_t nodes;
	if (memcg >= 0)
		memcg_room(s, t, memcg, min, max);
	else
		machine_room(s, e->before, scene_task_bound_to(s, t, e, task, &nodes) ? nodes : m->mems, min, max);
	*max += given_back(s, t, e);
	int64_t holds = is_hidden(t, step->tasks[0]) ? (int64_t)(scene_case_task(t, step->tasks[0])->size / 1024) / s->page_kb :
						       m->pages.anon + m->pages.shmem + m->pages.file + m->pages.swap;
	*wants = step->bytes == NO_LIMIT || !step->bytes ? INT64_MAX :
							   (int64_t)(step->bytes / 1024) / s->page_kb - holds;
	return task;
}

/* Its memory is charged where it was then. */
static bool was_moved(const struct scene *s, int task)
{
	return s->tasks[task].joined >= s->model.n_tasks;
}

/*
 * A memory.max that is written below what the members hold, less what can go to swap, can't be reached without a kill. v1
 * refuses such a limit, and a write that may not block does without (era limit_write_nonblock).
 */
static bool must_kill_for(const struct scene *s, const struct trial *t, const struct step *step,
			  int64_t freed)
{
	uint64_t limit;
	int memcg = step->cgroup < 0 ? -1 : scene_memcg(s, t->test->cgroups[step->cgroup].name);
	if (t->v1 || memcg < 0 || !streq(step->file, "memory.max") || parse_size(step->value, &limit, NULL) < 0 ||
	    (step->nonblock && t->era.limit_write_nonblock))
		return false;
	int64_t held = -freed;
	for (size_t i = 0; i < s->model.n_tasks; i++)
		if (model_memcg_below(&s->model, s->tasks[i].memcg, memcg) && s->tasks[i].mm == 0 && !was_moved(s, (int)i))
			held += s->tasks[i].pages.anon;
	return held - (int64_t)s->model.machine.total_swap > (int64_t)scene_pages(s, (int64_t)limit);
}

bool scene_must_oom(const struct scene *s, const struct trial *t, const struct episode *e, int64_t freed)
{
	const struct step *step = scene_trigger(t, e);
	if (step && step->op == STEP_SYSRQ)
		return streq(step->value, "f") && !freed;	/* it kills with memory free, too; once */
	if (step && step->op == STEP_SET)
		return must_kill_for(s, t, step, freed);
	int64_t min, max, wants;
	return growing(s, t, e, NULL, &min, &max, &wants) >= 0 && wants - freed > max;
}

/* The other tasks that grow in the episode may have taken anything up to all there was. */
static void project_rivals(struct scene *s, const struct trial *t, const struct episode *e, int task, int64_t most)
{
	for (size_t i = e->first_step; i < e->last_step; i++) {
		const struct step *step = &t->test->steps[i];
		int other = step->op == STEP_GROW ? scene_task_named(s, step->tasks[0]) : -1;
		if (other >= 0 && other != task && !is_hidden(t, step->tasks[0]))
			s->tasks[other].more += most + most / 512 + 2;
	}
}

static bool has_rivals(const struct trial *t, const struct episode *e)
{
	size_t n = 0;
	for (size_t i = e->first_step; i < e->last_step; i++)
		n += t->test->steps[i].op == STEP_GROW;
	return n > 1;
}

/* "pair" and "pair/1", "pair/1" and "pair/2". */
static bool related(const char *a, const char *b)
{
	size_t len = strcspn(a, "/");
	return len == strcspn(b, "/") && strncmp(a, b, len) == 0;
}

int64_t scene_frees(const struct scene *s, int task)
{
	const struct model_task *m = &s->tasks[task];
	const char *name = look_text(s->rows[task], "name");
	if (was_moved(s, task))
		return 0;
	for (size_t i = 0; name && i < s->model.n_tasks; i++) {
		const char *other = look_text(s->rows[i], "name");
		if ((int)i != task && other && related(name, other))
			return 0;
	}
	return m->pages.anon + m->pages.swap;
}

void scene_project(struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report, int64_t freed_min,
		   int64_t freed_max)
{
	int64_t min, max, wants;
	int task = growing(s, t, e, report, &min, &max, &wants);
	if (task < 0)
		return;
	struct model_task *m = &s->tasks[task];
	if (is_hidden(t, scene_trigger(t, e)->tasks[0]))
		return;
	min += freed_min;
	max += freed_max;
	/* It stops by itself at `to`; a page table or two come on top. */
	if (wants != INT64_MAX && max > wants + 64)
		max = wants + 64;
	if (has_rivals(t, e)) {
		min = 0;
		project_rivals(s, t, e, task, max);
	}
	if (min < 0)
		min = 0;
	if (min > max)
		min = max > 0 ? max : 0;
	m->pages.anon += min;
	m->pages.ptes += min / 512;
	m->more += max > min ? (max - min) + (max - min) / 512 + 2 : 0;
}
