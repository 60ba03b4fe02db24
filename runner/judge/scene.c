// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/scene.h"

#include "base/bytes.h"
#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"

static uint64_t pages_of(const struct scene *s, int64_t bytes)
{
	return bytes == INT64_MAX ? MODEL_NO_LIMIT : (uint64_t)bytes / ((uint64_t)s->page_kb * 1024);
}

/* v1 says "no limit" with PAGE_COUNTER_MAX pages in bytes (mm/page_counter.c), which is more than any machine has. */
static uint64_t limit_pages(const struct scene *s, const json_t *cgroup, const char *file)
{
	int64_t bytes;
	if (!look_field(look_file(cgroup, file), NULL, &bytes))
		return MODEL_NO_LIMIT;
	return bytes >= INT64_MAX / 2 ? MODEL_NO_LIMIT : pages_of(s, bytes);
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

static int memcg_at(const struct scene *s, const char *path)
{
	for (size_t i = 0; path && i < s->model.n_memcgs; i++)
		if (streq(look_text(s->cgroups[i], "path"), path))
			return (int)i;
	return -1;
}

static const struct test_task *case_task(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->test->n_tasks; i++) {
		size_t len = strlen(t->test->tasks[i].name);
		if (strncmp(name, t->test->tasks[i].name, len) == 0 && (!name[len] || name[len] == '/'))
			return &t->test->tasks[i];
	}
	return NULL;
}

/* What only the case knows of a task: its policy, and who shares an mm with whom by the kind's nature. */
static void add_nature(struct model_task *m, const struct trial *t, const char *name, int *next_mm)
{
	const struct test_task *c = case_task(t, name);	/* bytes */
	if (!c)
		return;
	m->policy = c->policy;
	m->policy_nodes = c->policy_nodes;
	bool child = strchr(name + strlen(c->name), '/') != NULL;
	if (streq(c->kind, "sharer") || streq(c->kind, "vfork")) {
		if (!child)
			++*next_mm;
		m->mm = *next_mm;
	}
	m->in_vfork = child && streq(c->kind, "vfork");
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
	m->memcg = memcg_at(s, look_text(row, "cgroup"));
	m->threads = (int)look_int(row, "threads", 1);
	m->init = m->pid == 1;
	m->no_mm = json_is_false(json_object_get(row, "mm"));
	m->joined = n;
	const char *mems = look_text(row, "mems");
	if (!mems || parse_mask(mems, &m->mems, NULL) < 0 || !m->mems)
		m->mems = MODEL_ALL_NODES;
	m->less = m->more = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, m->threads);
	/* PID 1's neighbours that are not the plan's (the agent on a host) keep CAP_SYS_ADMIN as root does. */
	m->cap_sys_admin = look_int(row, "uid", 0) == 0;
	CLEANUP_FREE char *name = look_bytes(look_text(row, "name"));
	if (name)
		add_nature(m, t, name, next_mm);
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

static void add_tasks(struct scene *s, const struct trial *t, const json_t *snapshot)
{
	const json_t *list = json_object_get(snapshot, "tasks");
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
	add_stress_ng(s, t);
	s->model.tasks = s->tasks;
}

/* Who asks for memory on behalf of others: by swapoff (mm/swapfile.c:try_to_unuse), and by undoing what KSM merged
 * (mm/ksm.c:run_store). */
static bool makes_origin(const char *call)
{
	return starts_with(call, "swapoff ") || streq(call, "write /sys/kernel/mm/ksm/run 2");
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
	for (size_t i = 0, k = 0; i < t->test->n_steps && k <= e->k; i++) {
		const struct step *step = &t->test->steps[i];
		if (k == e->k && step->op == STEP_CALL && starts_with(step->value, "swapoff "))
			return 0;
		k += step->op == STEP_EXPECT;
	}
	return look_int(json_object_get(e->before, "meminfo"), "SwapTotal", 0);
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
			s->tasks[task].origin = makes_origin(step->value);
	}
}

static void add_machine(struct scene *s, const json_t *snapshot)
{
	struct model_machine *m = &s->model.machine;
	const json_t *mem = json_object_get(snapshot, "meminfo"), *sysctl = json_object_get(snapshot, "sysctl");
	m->totalram = (uint64_t)(look_int(mem, "MemTotal", 0) / s->page_kb);
	m->total_swap = (uint64_t)(look_int(mem, "SwapTotal", 0) / s->page_kb);
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

void scene_open(struct scene *s, const struct trial *t, const json_t *snapshot)
{
	*s = (struct scene){ .page_kb = t->page_kb };
	model_scene_init(&s->model);
	model_machine_init(&s->model.machine);
	s->model.v1 = t->v1;
	s->model.order = ORDER_CREATED;
	add_machine(s, snapshot);
	add_memcgs(s, t, snapshot);
	add_tasks(s, t, snapshot);
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

/* The step of the episode that can bring the OOM: the last grow, limit, sysrq or call that surely asks, before its expect. */
static const struct step *trigger_step(const struct trial *t, const struct episode *e)
{
	const struct step *found = NULL;
	size_t k = 0;
	for (size_t i = 0; i < t->test->n_steps && k <= e->k; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_EXPECT)
			k++;
		else if (k == e->k && (s->op == STEP_GROW || (s->op == STEP_SET && !streq(s->file, "memory.oom_control")) ||
				       s->op == STEP_SYSRQ ||
				       (s->op == STEP_CALL && step_can_oom(s) == OOM_SURELY)))
			found = s;
	}
	return found;
}

/* Does it ask inside a system call, not by a page fault of user mode? Old kernels tell the two apart (syscall_charge_kills). */
static bool in_syscall(const struct trial *t, const struct step *step)
{
	if (step->op == STEP_CALL)
		return !starts_with(step->value, "fault");
	const struct test_task *task = step->op == STEP_GROW ? trial_task(t, step->tasks[0]) : NULL;
	const struct kind_facts *kind = task ? kind_facts(task->kind) : NULL;
	return kind && kind->in_kernel;
}

/* Index of the task that asks. */
static int who_asks(const struct scene *s, const struct episode *e, const struct step *step,
		    const struct oom_report *report)
{
	if (report && report->trigger.pid != OOM_UNKNOWN)
		return scene_task(s, report->trigger.pid);
	if (e->expect->trigger)
		return scene_task_named(s, e->expect->trigger);
	return step && (step->op == STEP_GROW || step->op == STEP_CALL) ? scene_task_named(s, step->tasks[0]) : -1;
}

bool scene_bound_to(const struct test_task *task, uint64_t *nodes)
{
	*nodes = task->policy_nodes;
	if (task->policy == POLICY_BIND)
		return true;
	const char *mbind = strstr(task->args, "mbind=");
	if (!mbind)
		return false;
	mbind += strlen("mbind=");
	CLEANUP_FREE char *list = strndup(mbind, strcspn(mbind, " "));
	return parse_mask(list, nodes, NULL) == 0;
}

static bool bound_to(const struct scene *s, const struct trial *t, int task, uint64_t *nodes)
{
	CLEANUP_FREE char *name = look_bytes(look_text(s->rows[task], "name"));
	const struct test_task *c = name ? case_task(t, name) : NULL;
	*nodes = 0;
	return c && scene_bound_to(c, nodes);
}

/* The memcg whose limit was hit: by the case, else by the report. */
static int whose_limit(const struct scene *s, const struct trial *t, const struct episode *e,
		       const struct oom_report *report)
{
	if (e->expect->memcg >= 0)
		return scene_memcg(s, t->test->cgroups[e->expect->memcg].name);
	return report ? memcg_at(s, report->oom_memcg) : -1;
}

void scene_oom(const struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report,
	       struct model_oom *oom)
{
	const struct step *step = trigger_step(t, e);
	model_oom_init(oom);
	oom->memcg = whose_limit(s, t, e, report);
	oom->current = who_asks(s, e, step, report);
	if (step && step->op == STEP_SYSRQ)
		oom->trigger = TRIGGER_SYSRQ;
	else if (step && step->op == STEP_SET)
		oom->trigger = TRIGGER_LIMIT_WRITE;
	else if (step && in_syscall(t, step))
		oom->trigger = TRIGGER_SYSCALL;
	if (oom->current < 0)
		return;
	const struct model_task *asks = &s->tasks[oom->current];
	oom->current_mems = asks->mems;
	oom->has_nodemask = bound_to(s, t, oom->current, &oom->nodemask);
}

/* Pages that the growing task can still take in its memcg: up to the limit, and what may be swapped or dropped. */
static void memcg_room(const struct scene *s, const struct trial *t, int memcg, int64_t *min, int64_t *max)
{
	const json_t *c = s->cgroups[memcg];
	const char *name = look_text(c, "name");
	int64_t used = 0, swapped = 0;
	look_field(look_file(c, t->v1 ? "memory.usage_in_bytes" : "memory.current"), NULL, &used);
	look_field(look_file(c, "memory.swap.current"), NULL, &swapped);
	int64_t limit = (int64_t)s->memcgs[memcg].limit, now = (int64_t)pages_of(s, used);
	int64_t total_swap = (int64_t)s->model.machine.total_swap, swap = total_swap;
	if (!t->v1 && s->memcgs[memcg].swap_limit != MODEL_NO_LIMIT)
		swap = (int64_t)s->memcgs[memcg].swap_limit - (int64_t)pages_of(s, swapped);
	if (t->v1 && s->memcgs[memcg].memsw_limit != MODEL_NO_LIMIT)
		swap = (int64_t)s->memcgs[memcg].memsw_limit - limit;
	if (swap > total_swap)
		swap = total_swap;
	if (swap < 0)
		swap = 0;
	(void)name;
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
	const struct test_task *c = case_task(t, name);
	return c && kind_facts(c->kind) && kind_facts(c->kind)->hidden;
}

/* The growing task, and by how many pages at least and at most it can grow; `wants` is what its `to` still asks for
 * (INT64_MAX: no end). -1 when the episode has none. */
static int growing(const struct scene *s, const struct trial *t, const struct episode *e, int64_t *min, int64_t *max,
		   int64_t *wants)
{
	const struct step *step = trigger_step(t, e);
	int task = step && step->op == STEP_GROW ? scene_task_named(s, step->tasks[0]) : -1;
	if (task < 0)
		return -1;
	const struct model_task *m = &s->tasks[task];
	int memcg = whose_limit(s, t, e, NULL);
	uint64_t nodes;
	if (memcg >= 0)
		memcg_room(s, t, memcg, min, max);
	else
		machine_room(s, e->before, bound_to(s, t, task, &nodes) ? nodes : m->mems, min, max);
	int64_t holds = is_hidden(t, step->tasks[0]) ? (int64_t)(case_task(t, step->tasks[0])->size / 1024) / s->page_kb :
						       m->pages.anon + m->pages.shmem + m->pages.file + m->pages.swap;
	*wants = step->bytes == NO_LIMIT || !step->bytes ? INT64_MAX :
							   (int64_t)(step->bytes / 1024) / s->page_kb - holds;
	return task;
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
		if (model_memcg_below(&s->model, s->tasks[i].memcg, memcg) && s->tasks[i].mm == 0)
			held += s->tasks[i].pages.anon;
	return held - (int64_t)s->model.machine.total_swap > (int64_t)pages_of(s, (int64_t)limit);
}

bool scene_must_oom(const struct scene *s, const struct trial *t, const struct episode *e, int64_t freed)
{
	const struct step *step = trigger_step(t, e);
	if (step && step->op == STEP_SYSRQ)
		return streq(step->value, "f") && !freed;	/* it kills with memory free, too; once */
	if (step && step->op == STEP_SET)
		return must_kill_for(s, t, step, freed);
	int64_t min, max, wants;
	return growing(s, t, e, &min, &max, &wants) >= 0 && wants - freed > max;
}

/* The other tasks that grow in the episode may have taken anything up to all there was. */
static void project_rivals(struct scene *s, const struct trial *t, const struct episode *e, int task, int64_t most)
{
	size_t k = 0;
	for (size_t i = 0; i < t->test->n_steps && k <= e->k; i++) {
		const struct step *step = &t->test->steps[i];
		k += step->op == STEP_EXPECT;
		int other = step->op == STEP_GROW && k == e->k ? scene_task_named(s, step->tasks[0]) : -1;
		if (other >= 0 && other != task && !is_hidden(t, step->tasks[0]))
			s->tasks[other].more += most + most / 512 + 2;
	}
}

static bool has_rivals(const struct trial *t, const struct episode *e)
{
	size_t k = 0, n = 0;
	for (size_t i = 0; i < t->test->n_steps && k <= e->k; i++) {
		k += t->test->steps[i].op == STEP_EXPECT;
		n += t->test->steps[i].op == STEP_GROW && k == e->k;
	}
	return n > 1;
}

void scene_project(struct scene *s, const struct trial *t, const struct episode *e, int64_t freed)
{
	int64_t min, max, wants;
	int task = growing(s, t, e, &min, &max, &wants);
	if (task < 0)
		return;
	struct model_task *m = &s->tasks[task];
	if (is_hidden(t, trigger_step(t, e)->tasks[0]))
		return;
	min += freed;
	max += freed;
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
