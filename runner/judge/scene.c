// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/scene.h"

#include "base/bytes.h"
#include "base/util.h"
#include "judge/look.h"

uint64_t scene_pages(const struct scene *s, int64_t bytes)
{
	return bytes == INT64_MAX ? MODEL_NO_LIMIT : bytes < 0 ? 0 : (uint64_t)bytes / ((uint64_t)s->page_kb * 1024);
}

/* v1 says "no limit" with PAGE_COUNTER_MAX pages in bytes (mm/page_counter.c), which is more than any machine has. */
static uint64_t limit_pages(const struct scene *s, const json_t *cgroup, const char *file)
{
	int64_t bytes;
	if (!look_field(look_file(cgroup, file), NULL, &bytes))
		return MODEL_NO_LIMIT;
	return bytes >= INT64_MAX / 2 ? MODEL_NO_LIMIT : scene_pages(s, bytes);
}

/* The cgroup whose path is the longest proper prefix of this one's, or -1. */
static int parent_of(const struct scene *s, size_t n, const char *path)
{
	int best = -1;
	size_t best_len = 0;
	for (size_t i = 0; i < n; i++) {
		const char *p = look_text(s->cgroups[i], "path");
		size_t len = strlen(p);
		if (strncmp(p, path, len) == 0 && path[len] == '/' && (best < 0 || len > best_len)) {
			best = (int)i;
			best_len = len;
		}
	}
	return best;
}

static void add_memcgs(struct scene *s, const struct trial *t, const json_t *snapshot)
{
	const json_t *list = json_object_get(snapshot, "cgroups");
	size_t n = 0, i;
	json_t *c;
	s->memcgs = xcalloc(json_array_size(list), sizeof(*s->memcgs));
	s->cgroups = xcalloc(json_array_size(list), sizeof(*s->cgroups));
	json_array_foreach(list, i, c) {
		if (!look_text(c, "path"))
			continue;
		struct model_memcg *m = &s->memcgs[n];
		model_memcg_init(m);
		m->parent = parent_of(s, n, look_text(c, "path"));
		s->cgroups[n++] = c;
		m->limit = limit_pages(s, c, t->v1 ? "memory.limit_in_bytes" : "memory.max");
		m->swap_limit = limit_pages(s, c, "memory.swap.max");
		m->memsw_limit = limit_pages(s, c, "memory.memsw.limit_in_bytes");
		int64_t value;
		if (look_field(look_file(c, "memory.swappiness"), NULL, &value))
			m->swappiness = (int)value;
		m->group = look_field(look_file(c, "memory.oom.group"), NULL, &value) && value;
		m->oom_kill_disable = look_field(look_file(c, "memory.oom_control"), "oom_kill_disable", &value) && value;
	}
	s->model.memcgs = s->memcgs;
	s->model.n_memcgs = n;
}

int scene_memcg_at(const struct scene *s, const char *path)
{
	for (size_t i = 0; path && i < s->model.n_memcgs; i++)
		if (streq(look_text(s->cgroups[i], "path"), path))
			return (int)i;
	return -1;
}

const struct test_task *scene_case_task(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->test->n_tasks; i++) {
		size_t len = strlen(t->test->tasks[i].name);
		if (strncmp(name, t->test->tasks[i].name, len) == 0 && (!name[len] || name[len] == '/'))
			return &t->test->tasks[i];
	}
	return NULL;
}

/* "key=value key=value" */
static bool has_arg(const char *args, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = args; (p = strstr(p, key)); p += len)
		if ((p == args || p[-1] == ' ') && p[len] == '=')
			return true;
	return false;
}

static bool borrows_in_vfork(const struct test_task *c)
{
	return streq(c->kind, "vfork") && !has_arg(c->args, "own");
}

bool scene_in_vfork(const struct trial *t, const char *name)
{
	const struct test_task *c = scene_case_task(t, name);
	return c && streq(name + strlen(c->name), "/1") && borrows_in_vfork(c);
}

/* What only the case knows of a task: who shares an mm with whom by the kind's nature. */
static void add_nature(struct scene *s, struct model_task *m, const struct trial *t, const char *name, int *next_mm)
{
	const struct test_task *c = scene_case_task(t, name);	/* bytes */
	if (!c)
		return;
	if (streq(c->kind, "sharer") || borrows_in_vfork(c)) {
		if (!name[strlen(c->name)])
			++*next_mm;
		m->mm = *next_mm;
	}
	if (streq(c->kind, "init"))
		m->mm = s->mm_of_init = s->mm_of_init ? s->mm_of_init : ++*next_mm;
	m->in_vfork = scene_in_vfork(t, name);
}

/* Was a victim that had init's memory killed before the snapshot? Nobody with that memory is chosen then
 * (mm/oom_kill.c:__oom_kill_process). */
static bool init_is_skipped(const struct trial *t, const json_t *snapshot)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		if (text && starts_with(text, "oom killer ") && strstr(text, " has mm pinned by 1 (") &&
		    look_int(record, "seq", INT64_MAX) <= look_int(snapshot, "kmsg_seq", 0))
			return true;
	}
	return false;
}

static void add_task(struct scene *s, const struct trial *t, const json_t *row, int *next_mm)
{
	size_t n = s->model.n_tasks;
	struct model_task *m = &s->tasks[n];
	model_task_init(m);
	s->rows[n] = row;
	int64_t k = s->page_kb;
	m->pid = look_int(row, "pid", -1);
	const char *comm = look_text(row, "comm");
	m->comm = comm ? comm : "?";	/* the agent did not say it */
	m->pages.anon = look_int(row, "anon_kb", 0) / k;
	m->pages.file = look_int(row, "file_kb", 0) / k;
	m->pages.shmem = look_int(row, "shmem_kb", 0) / k;
	m->pages.swap = look_int(row, "swap_kb", 0) / k;
	m->pages.ptes = look_int(row, "pte_kb", 0) / k;
	m->adj = (int)look_int(row, "adj", 0);
	m->memcg = scene_memcg_at(s, look_text(row, "cgroup"));
	m->threads = (int)look_int(row, "threads", 1);
	m->init = m->pid == 1;
	m->no_mm = json_is_false(json_object_get(row, "mm"));
	m->joined = n;
	const char *mems = look_text(row, "mems");
	uint64_t of_threads = (uint64_t)look_int(row, "mems_of_threads", 0);	/* one is enough (mm/oom_kill.c:oom_cpuset_eligible) */
	if (of_threads)
		m->mems = of_threads;
	else if (!mems || parse_mask(mems, &m->mems, NULL) < 0 || !m->mems)
		m->mems = MODEL_ALL_NODES;
	m->less = m->more = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, m->threads);
	/* PID 1's neighbours that are not the plan's (the agent on a host) keep CAP_SYS_ADMIN as root does. */
	m->cap_sys_admin = look_int(row, "uid", 0) == 0;
	CLEANUP_FREE char *name = look_bytes(look_text(row, "name"));
	if (name)
		add_nature(s, m, t, name, next_mm);
	s->model.n_tasks++;
}

/*
 * stress-ng's allocator is born after the snapshot: it sets its own oom_score_adj to 1000 whatever the case says, and takes
 * what there is.
 */
static void add_stress_ng(struct scene *s, const struct trial *t)
{
	const struct test_task *stress = trial_stress_ng(t);
	if (!stress)
		return;
	struct model_task *m = &s->tasks[s->model.n_tasks];
	model_task_init(m);
	m->pid = -1;
	m->comm = stress->name;
	m->adj = ADJ_MAX;
	m->memcg = stress->cgroup < 0 ? -1 : scene_memcg(s, t->test->cgroups[stress->cgroup].name);
	m->mems = MODEL_ALL_NODES;
	m->joined = s->model.n_tasks;
	m->more = (int64_t)s->model.machine.totalram;
	s->rows[s->model.n_tasks++] = NULL;
}

static int by_start(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	int64_t d = look_int(x, "start", 0) - look_int(y, "start", 0);
	if (!d)
		d = look_int(x, "pid", 0) - look_int(y, "pid", 0);
	return d < 0 ? -1 : d > 0;
}

/* Nobody is chosen who was killed in an earlier episode, nor who has his memory: MMF_OOM_SKIP is the mm's (mm/oom_kill.c:oom_badness). */
static void skip_killed_earlier(struct scene *s, const struct trial *t, const struct episode *e)
{
	for (size_t i = 0; i < s->model.n_tasks; i++) {
		if (!s->rows[i] || !trial_killed_earlier(t, e, s->rows[i]))
			continue;
		s->tasks[i].skip = true;
		for (size_t k = 0; s->tasks[i].mm > 0 && k < s->model.n_tasks; k++)
			s->tasks[k].skip |= s->tasks[k].mm == s->tasks[i].mm;
	}
}

static void add_tasks(struct scene *s, const struct trial *t, const struct episode *e)
{
	const json_t *snapshot = e->before, *list = json_object_get(snapshot, "tasks");
	size_t n = json_array_size(list);
	int next_mm = 0;
	s->tasks = xcalloc(n + 1, sizeof(*s->tasks));
	s->rows = xcalloc(n + 1, sizeof(*s->rows));
	CLEANUP_FREE const json_t **sorted = xcalloc(n, sizeof(*sorted));
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(list, i);
	qsort(sorted, n, sizeof(*sorted), by_start);
	for (size_t i = 0; i < n; i++)
		add_task(s, t, sorted[i], &next_mm);
	for (size_t i = 0; i < n && s->mm_of_init; i++)
		s->tasks[i].skip = s->tasks[i].mm == s->mm_of_init && init_is_skipped(t, snapshot);
	skip_killed_earlier(s, t, e);
	add_stress_ng(s, t);
	s->model.tasks = s->tasks;
}

/* Who asks for memory on behalf of others: by swapoff (mm/swapfile.c:try_to_unuse), and by undoing what KSM merged
 * (mm/ksm.c:run_store). */
static bool makes_origin(const char *call)
{
	return starts_with(call, "swapoff ") || streq(call, "write /sys/kernel/mm/ksm/run 2");
}

/* Is the step the last that asks for memory in its episode? Who waits for the answer to an earlier one has it by then. */
static bool asks_last(const struct test *t, size_t i)
{
	while (++i < t->n_steps && t->steps[i].op != STEP_EXPECT)
		if (scene_asks(&t->steps[i]))
			return false;
	return true;
}

/* The episode that begins or ends with a snapshot, or -1. */
static int episode_of(const json_t *snapshot)
{
	const char *label = look_text(snapshot, "label");
	int episode = -1;
	if (label && sscanf(label, "before-%d", &episode) != 1)
		sscanf(label, "after-%d", &episode);
	return episode;
}

int64_t scene_swap_total_kb(const struct trial *t, const struct episode *e)
{
	for (size_t i = e->first_step; i < e->last_step; i++) {
		const struct step *step = &t->test->steps[i];
		if (step->op == STEP_CALL && starts_with(step->value, "swapoff "))
			return 0;
	}
	int64_t kb = look_int(json_object_get(e->before, "meminfo"), "SwapTotal", 0);
	return kb > 0 ? kb : 0;
}

bool scene_swaps(const struct episode *e)
{
	return look_int(json_object_get(e->before, "meminfo"), "SwapTotal", 0) > 0;
}

bool scene_zswaps(const struct episode *e)
{
	return look_int(json_object_get(e->after, "vmstat"), "zswpout", 0) > 0;
}

/*
 * What the steps made of the tasks. Who was moved stands behind those who were in the cgroup before
 * (kernel/cgroup/cgroup.c:css_set_move_task).
 */
static void add_history(struct scene *s, const struct trial *t, const json_t *snapshot)
{
	int episode = episode_of(snapshot), k = 0;
	for (size_t i = 0; i < t->test->n_steps && k <= episode; i++) {
		const struct step *step = &t->test->steps[i];
		k += step->op == STEP_EXPECT;
		int task = step->op == STEP_MOVE || step->op == STEP_CALL ? scene_task_named(s, step->tasks[0]) : -1;
		if (task >= 0 && step->op == STEP_MOVE)
			s->tasks[task].joined = s->model.n_tasks + i;
		if (task >= 0 && step->op == STEP_CALL && k == episode)
			s->tasks[task].origin = makes_origin(step->value) && (step->background || asks_last(t->test, i));
	}
}

static void add_machine(struct scene *s, const json_t *snapshot)
{
	struct model_machine *m = &s->model.machine;
	const json_t *mem = json_object_get(snapshot, "meminfo"), *sysctl = json_object_get(snapshot, "sysctl");
	m->totalram = look_pages(mem, "MemTotal", s->page_kb);
	m->total_swap = look_pages(mem, "SwapTotal", s->page_kb);
	/* none larger than 256 KiB exists; a machine may say anything */
	m->page_size = (int)(s->page_kb > 0 && s->page_kb <= 256 ? s->page_kb : 4) * 1024;
	m->swappiness = (int)look_int(sysctl, "vm.swappiness", m->swappiness);
	m->panic_on_oom = (int)look_int(sysctl, "vm.panic_on_oom", 0);
	m->kill_allocating_task = look_int(sysctl, "vm.oom_kill_allocating_task", 0) != 0;
	size_t i;
	json_t *zone;
	json_array_foreach(json_object_get(snapshot, "zones"), i, zone) {
		int64_t node = look_int(zone, "node", -1), present = look_int(zone, "present", 0);
		if (node < 0 || node > 63 || present <= 0)
			continue;
		m->nodes |= UINT64_C(1) << node;
		m->node_pages[node] += (uint64_t)present;
	}
}

void scene_open(struct scene *s, const struct trial *t, const struct episode *e)
{
	const json_t *snapshot = e->before;
	*s = (struct scene){ .page_kb = t->page_kb };
	model_scene_init(&s->model);
	model_machine_init(&s->model.machine);
	s->model.v1 = t->v1;
	s->model.order = ORDER_CREATED;
	add_machine(s, snapshot);
	add_memcgs(s, t, snapshot);
	add_tasks(s, t, e);
	scene_add_calls(s, t, e);
	add_history(s, t, snapshot);
}

void scene_close(struct scene *s)
{
	free(s->tasks);
	free(s->rows);
	free(s->memcgs);
	free(s->cgroups);
}

int scene_task(const struct scene *s, int64_t pid)
{
	for (size_t i = 0; i < s->model.n_tasks; i++)
		if (s->tasks[i].pid == pid)
			return (int)i;
	return -1;
}

int scene_task_named(const struct scene *s, const char *name)
{
	for (size_t i = 0; name && i < s->model.n_tasks; i++)
		if (look_same(name, look_text(s->rows[i], "name")))
			return (int)i;
	return -1;
}

int scene_memcg(const struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->model.n_memcgs; i++)
		if (streq(look_text(s->cgroups[i], "name"), name))
			return (int)i;
	return -1;
}
