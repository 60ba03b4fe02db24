// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/trial.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "case/kinds.h"
#include "case/plan.h"
#include "judge/look.h"
#include "judge/records.h"

const char *trial_where(const struct where *w)
{
	static char text[512];
	if (!w || !w->file)
		return NULL;
	snprintf(text, sizeof(text), "%s:%d:%d", w->file, w->line, w->column);
	return text;
}

bool trial_check(struct trial *t, enum check_id id, const char *what, const struct where *w, const char *expected,
		 const char *seen, bool ok)
{
	const char *pattern = check_name(id), *star = strchr(pattern, '*');
	CLEANUP_FREE char *name = star ? xasprintf("%.*s%s%s", (int)(star - pattern), pattern, what ? what : "?", star + 1) :
					 xstrdup(pattern);
	result_check(t->r, name, ok, trial_where(w), expected, seen);
	t->r->checks[t->r->n_checks - 1].id = id;
	return ok;
}

bool trial_check_text(struct trial *t, enum check_id id, const char *what, const struct where *w, const char *expected,
		      const char *seen)
{
	return trial_check(t, id, what, w, expected, seen ? seen : "nothing", streq(expected, seen));
}

void trial_check_comm(struct trial *t, enum check_id id, const struct where *w, const char *wire, const char *logged)
{
	if (wire)
		trial_check(t, id, NULL, w, wire, logged, look_same(logged, wire));
}

bool trial_check_range(struct trial *t, enum check_id id, const char *what, const struct where *w, int64_t min,
		       int64_t max, int64_t seen)
{
	char expected[64], have[32];
	snprintf(have, sizeof(have), "%" PRId64, seen);
	if (min == max)
		snprintf(expected, sizeof(expected), "%" PRId64, min);
	else if (max == INT64_MAX)
		snprintf(expected, sizeof(expected), "at least %" PRId64, min);
	else
		snprintf(expected, sizeof(expected), "%" PRId64 " to %" PRId64, min, max);
	return trial_check(t, id, what, w, expected, have, seen >= min && seen <= max);
}

bool trial_check_int(struct trial *t, enum check_id id, const char *what, const struct where *w, int64_t expected,
		     int64_t seen)
{
	return trial_check_range(t, id, what, w, expected, expected, seen);
}

bool trial_capable(const struct trial *t, const char *capability)
{
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(t->seen->hello, "capabilities"), i, name)
		if (streq(json_string_value(name), capability))
			return true;
	return false;
}

const json_t *trial_told(const struct trial *t, const json_t *step)
{
	int64_t i = look_int(step, "i", -1);
	return i < 0 ? NULL : json_array_get(json_object_get(t->plan, "steps"), (size_t)i);
}

const json_t *trial_answer(const struct trial *t, size_t test_step, const char *op)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		if (look_int(trial_told(t, step), "src", -1) == (int64_t)test_step && streq(look_text(step, "op"), op))
			return step;
	return NULL;
}

bool trial_own_machine(const struct trial *t)
{
	return !streq(t->r->target, "host") && !streq(t->r->target, "ssh");
}

bool trial_grows(const struct trial *t, const struct episode *e, const char *wire_name)
{
	CLEANUP_FREE char *name = look_bytes(wire_name);
	for (size_t i = 0; name && i < e->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		if ((s->op != STEP_GROW && s->op != STEP_CALL) || !s->n_tasks)
			continue;
		size_t len = strlen(s->tasks[0]);
		if (strncmp(name, s->tasks[0], len) == 0 && (!name[len] || name[len] == '/'))
			return true;
	}
	return false;
}

bool trial_gives_back(const struct trial *t, const struct episode *e, const char *wire_name)
{
	int from = plan_snapshot_step(t->test, e->first_step);
	for (size_t i = from < 0 ? e->last_step : (size_t)from; i < e->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_CALL && look_same(s->tasks[0], wire_name) && call_gives_back(s->value))
			return true;
	}
	return false;
}

bool trial_sizes_move(const struct trial *t, const struct episode *e, const char *wire_name)
{
	CLEANUP_FREE char *name = look_bytes(wire_name);
	const struct test_task *task = name ? trial_task(t, name) : NULL;
	return (task && streq(task->kind, "init")) || trial_gives_back(t, e, wire_name);
}

const struct test_task *trial_task(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->test->n_tasks; i++)
		if (streq(t->test->tasks[i].name, name))
			return &t->test->tasks[i];
	return NULL;
}

int64_t trial_pid(const struct trial *t, const char *name)
{
	size_t i;
	json_t *snapshot, *step;
	json_array_foreach(t->seen->snapshots, i, snapshot) {
		const json_t *task = look_task(snapshot, name);
		if (task)
			return look_int(task, "pid", -1);
	}
	json_array_foreach(t->seen->steps, i, step)
		if (look_same(name, look_text(trial_told(t, step), "task")) && look_int(step, "pid", -1) >= 0)
			return look_int(step, "pid", -1);
	return -1;
}

bool trial_killed_earlier(const struct trial *t, const struct episode *e, const json_t *row)
{
	int64_t pid = look_int(row, "pid", -1), start = look_int(row, "start", -1);
	for (size_t k = 0; k < e->k; k++) {
		/* a process that began at another time has only got its number */
		if (look_int(look_task_pid(t->episodes[k].before, pid), "start", start) != start)
			continue;
		for (size_t i = 0; i < t->episodes[k].n_deaths; i++)
			if (t->episodes[k].deaths[i].tgid == pid)
				return true;
	}
	return false;
}

bool trial_is_rival(const struct trial *t, const struct episode *e, const struct oom_report *r, int64_t tgid)
{
	const json_t *task = look_task_pid(e->before, tgid);
	return task && tgid != trial_tgid(r, r->trigger.pid) && trial_grows(t, e, look_text(task, "name"));
}

bool trial_forces(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_tasks; i++)
		if (kind_facts(t->test->tasks[i].kind)->forced)
			return true;
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_CALL && call_forces(t->test->steps[i].value))
			return true;
	return false;
}

const struct test_task *trial_stress_ng(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_tasks; i++)
		if (streq(t->test->tasks[i].kind, "stress-ng"))
			return &t->test->tasks[i];
	return NULL;
}

/* Kernel records between two snapshots: a snapshot's kmsg_seq is the number of the last record read before it. */
static void find_records(struct trial *t, struct episode *e)
{
	/* null: there was no record yet */
	int64_t from = look_int(e->before, "kmsg_seq", -1), to = e->after ? look_int(e->after, "kmsg_seq", -1) : INT64_MAX;
	size_t n = json_array_size(t->seen->kmsg);
	e->first_record = n;
	e->last_record = n;
	for (size_t i = 0; i < n; i++) {
		int64_t seq = look_int(json_array_get(t->seen->kmsg, i), "seq", -1);
		if (seq > from && e->first_record == n)
			e->first_record = i;
		if (seq > to) {
			e->last_record = i;
			break;
		}
	}
}

static void take_report(struct oom_report *r, void *arg)
{
	struct episode *e = arg;
	e->reports = xrealloc(e->reports, e->n_reports + 1, sizeof(*e->reports));
	e->reports[e->n_reports++] = r;
}

void trial_parse(const struct trial *t, size_t from, size_t to, oom_sink sink, void *arg)
{
	struct klog *k = klog_new(sink, arg);
	for (size_t i = from; i < to; i++) {
		const json_t *record = json_array_get(t->seen->kmsg, i);
		size_t len;
		CLEANUP_FREE char *bytes = json_bytes_get(json_object_get(record, "text"), &len);
		if (!bytes)
			continue;
		klog_record(k, look_int(record, "seq", OOM_UNKNOWN), look_int(record, "t", OOM_UNKNOWN),
			    (int)look_int(record, "level", -1), json_is_true(json_object_get(record, "cont")) ? CONTINUES_SOME : CONTINUES_UNSAID, NULL, bytes, len);
	}
	klog_flush(k);
	klog_free(k);
}

/*
 * A kill is counted where the owner of the memory is (mm/oom_kill.c:__oom_kill_process, by mm->owner). Of those that share an mm
 * that is the first, as long as it lives; then the next one takes it over (kernel/exit.c:mm_update_next_owner), of a pair
 * whoever is left.
 */
static const char *owner_cgroup(const struct trial *t, const struct episode *e, const struct death *d)
{
	const json_t *row = look_task_pid(e->before, d->tgid);
	const char *slash = d->name ? strrchr(d->name, '/') : NULL;
	if (slash) {
		CLEANUP_FREE char *first = strndup(d->name, (size_t)(slash - d->name));
		const struct test_task *task = trial_task(t, first);
		const json_t *owner = task && streq(task->kind, "sharer") ? look_task(e->before, first) : NULL;
		if (json_is_true(json_object_get(owner, "mm")))
			row = owner;
	}
	return look_text(row, "cgroup");
}

/* The process whose first thread has ended and which the snapshot saw with this one; `pid` when there is none. */
static int64_t process_of(const json_t *snapshot, int64_t pid)
{
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(snapshot, "tasks"), i, task)
		if (look_int(json_object_get(task, "thread"), "pid", -1) == pid)
			return look_int(task, "pid", pid);
	return pid;
}

int64_t trial_tgid(const struct oom_report *report, int64_t pid)
{
	const struct oom_row *row = oom_report_row(report, pid);
	return row && row->value[OOM_COL_TGID] != OOM_UNKNOWN ? row->value[OOM_COL_TGID] : pid;
}

static void drop_strangers(struct trial *t, struct episode *e)
{
	size_t kept = 0;
	for (size_t r = 0; r < e->n_reports; r++) {
		if (trial_strangers_report(t, e->reports[r]))
			oom_report_free(e->reports[r]);
		else
			e->reports[kept++] = e->reports[r];
	}
	e->n_reports = kept;
}

/*
 * The process of a thread that a group kill names. A leader that the kill has ended already stands in the scan once more, among
 * the dying, as long as a thread of it lives (kernel/cgroup/cgroup.c:css_task_iter_advance), and the line shows a thread that
 * still has the mm (mm/oom_kill.c:__oom_kill_process). That is once: a kernel that names more of its threads is wrong. The
 * table has leaders only: whose it is tells the mm. -1: nobody's.
 */
static int64_t dying_leader(const struct episode *e, size_t report, const struct oom_kill *line)
{
	int64_t leader = -1;
	for (size_t i = 0; i < e->n_deaths && leader < 0; i++) {
		const struct death *d = &e->deaths[i];
		if (d->report == report && streq(d->line->comm, line->comm) && d->line->total_vm_kb == line->total_vm_kb &&
		    look_int(look_task_pid(e->before, d->tgid), "threads", 1) > 1)
			leader = d->tgid;
	}
	for (size_t i = 0; i < e->n_deaths; i++)
		if (e->deaths[i].report == report && e->deaths[i].tgid == leader && e->deaths[i].pid != leader)
			return -1;
	return leader;
}

static void add_death(struct trial *t, struct episode *e, size_t r, size_t i)
{
	const struct oom_report *report = e->reports[r];
	const struct oom_kill *line = &report->kills[i];
	struct death d = { .pid = line->pid, .tgid = trial_tgid(report, line->pid), .line = line, .report = r,
			   .reported = report->has_header };
	int64_t leader = !oom_report_row(report, line->pid) && report->group_memcg && i > 0 ? dying_leader(e, r, line) : -1;
	if (leader >= 0)
		d.tgid = leader;
	if (d.tgid == d.pid)
		d.tgid = process_of(e->before, d.pid);
	const struct test_task *stress = trial_stress_ng(t);
	d.name = look_bytes(look_name(t->seen, d.tgid));
	d.ours = d.name != NULL;
	/* Which of its processes it was has no meaning to a case: it is the task that dies. */
	if (stress && starts_with(line->comm, "stress-ng")) {
		free(d.name);
		d.name = xstrdup(stress->name);
		d.ours = false;
	}
	if (!d.name)
		d.name = xasprintf("%s (pid %" PRId64 ")", line->comm, line->pid);
	d.by_group = report->group_memcg && i > 0;
	d.cgroup = owner_cgroup(t, e, &d);
	if (!d.cgroup)
		d.cgroup = report->task_memcg;
	for (size_t j = 0; j < e->n_deaths; j++)
		d.again |= e->deaths[j].tgid == d.tgid;
	e->deaths = xrealloc(e->deaths, e->n_deaths + 1, sizeof(*e->deaths));
	e->deaths[e->n_deaths++] = d;
}

/* An oom_score_adj that a step of the episode writes from outside is what the task has when the killer looks. */
static void add_written_adj(struct trial *t, struct episode *e)
{
	static const char end[] = "/oom_score_adj";
	for (size_t i = e->first_step; i < e->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		size_t len = s->op == STEP_WRITE ? strlen(s->file) : 0;
		if (len < sizeof(end) || !starts_with(s->file, "/proc/@") || !streq(s->file + len + 1 - sizeof(end), end) ||
		    look_text(trial_answer(t, i, "write"), "errno"))
			continue;
		CLEANUP_FREE char *name = strndup(s->file + strlen("/proc/@"), len + 1 - sizeof(end) - strlen("/proc/@"));
		json_t *row = (json_t *)look_task(e->before, name);
		if (!row)
			continue;
		json_object_set_new(row, "adj", json_integer(strtoll(s->value, NULL, 10)));
		json_object_del(row, "score");	/* it was read before */
	}
}

static void find_timeout(struct trial *t, struct episode *e)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		if (look_int(trial_told(t, step), "episode", -1) != (int64_t)e->k)
			continue;
		if (json_is_true(json_object_get(step, "timeout"))) {
			e->timed_out = true;
			e->timed_out_op = look_text(step, "op");
			return;
		}
	}
}

bool trial_cut_short(const struct episode *e)
{
	return e->timed_out || !e->after;
}

static bool is_bug(const struct trial *t, const struct episode *e)
{
	return t->test->bug_here && t->test->bug_right && e->k + 1 == t->n_episodes;
}

bool trial_bug_victims(const struct trial *t, const struct episode *e)
{
	const struct expectation *x = e->expect, *right = t->test->bug_right;
	if (!is_bug(t, e))
		return false;
	bool same = x->n_victims == right->n_victims;
	for (size_t i = 0; same && i < x->n_victims; i++)
		same = streq(x->victims[i], right->victims[i]);
	return !same;
}

bool trial_bug_counts(const struct trial *t, const struct episode *e, const char *field)
{
	for (size_t i = 0; is_bug(t, e) && i < e->expect->n_counters; i++)
		if (streq(e->expect->counters[i].field, field))
			return true;
	return false;
}

/* The episode that begins at test->steps[first] and ends with the `expect' at [last]. */
static void open_episode(struct trial *t, struct episode *e, size_t k, size_t first, size_t last)
{
	char label[32];
	*e = (struct episode){ .k = k, .expect = t->test->steps[last].expect, .first_step = first, .last_step = last };
	snprintf(label, sizeof(label), "before-%zu", k);
	e->before = look_snapshot(t->seen, label);
	snprintf(label, sizeof(label), "after-%zu", k);
	e->after = look_snapshot(t->seen, label);
	find_records(t, e);
	trial_parse(t, e->first_record, e->last_record, take_report, e);
	drop_strangers(t, e);
	for (size_t r = 0; r < e->n_reports; r++)
		for (size_t i = 0; i < e->reports[r]->n_kills; i++)
			add_death(t, e, r, i);
	find_timeout(t, e);
	add_written_adj(t, e);
}

void trial_era(const struct observation *seen, const char *release, struct era *era)
{
	const char *hello = look_text(seen->hello, "release"), *version = look_text(seen->hello, "version");
	era_from_release(hello ? hello : release, era);
	if (version)
		era_refine(era, version);
	const json_t *status_exact = json_object_get(seen->hello, "status_exact");
	if (json_is_boolean(status_exact))
		era_override(era, "status_exact", json_is_true(status_exact));
}

int trial_open(struct trial *t, const struct test *test, const struct observation *seen, const char *release, const struct era *era,
	       struct result *r)
{
	*t = (struct trial){ .test = test, .seen = &t->with_whole, .with_whole = *seen, .r = r };
	t->with_whole.kmsg = records_whole(seen->kmsg);
	const char *hello = look_text(seen->hello, "release");
	t->release = hello ? hello : release;
	if (!t->release)
		return -1;
	if (era)
		t->era = *era;
	else
		trial_era(seen, release, &t->era);
	t->v1 = test->hierarchy == HIERARCHY_V1;
	t->local_events = !t->era.events_hierarchical;
	for (size_t i = 0; i < test->n_steps; i++)
		if (test->steps[i].op == STEP_CALL && starts_with(test->steps[i].value, "remount "))
			t->local_events = !t->era.events_hierarchical || strstr(test->steps[i].value, "memory_localevents");
	int64_t cpus = look_int(seen->hello, "cpus", 1);
	t->ncpus = cpus < 1 ? 1 : cpus > 8192 ? 8192 : (int)cpus;	/* the largest NR_CPUS (arch/x86/Kconfig) */
	t->page_kb = look_int(seen->hello, "page_size", 4096) / 1024;
	if (t->page_kb < 1 || t->page_kb > 1024)	/* the largest is hexagon's */
		t->page_kb = 4;
	t->plan = plan_make(test, "oomtests", 1.0);
	for (size_t i = 0, first = 0; i < test->n_steps; i++) {
		if (test->steps[i].op != STEP_EXPECT)
			continue;
		t->episodes = xrealloc(t->episodes, t->n_episodes + 1, sizeof(*t->episodes));
		open_episode(t, &t->episodes[t->n_episodes], t->n_episodes, first, i);
		t->n_episodes++;
		first = i + 1;
	}
	trial_find_reports_due(t);
	return 0;
}

void trial_close(struct trial *t)
{
	for (size_t k = 0; k < t->n_episodes; k++) {
		struct episode *e = &t->episodes[k];
		for (size_t i = 0; i < e->n_deaths; i++)
			free(e->deaths[i].name);
		for (size_t i = 0; i < e->n_reports; i++)
			oom_report_free(e->reports[i]);
		free(e->deaths);
		free(e->reports);
	}
	free(t->episodes);
	free(t->disturbed);
	free(t->outside);
	free(t->known_bug);
	json_decref(t->plan);
	json_decref(t->with_whole.kmsg);
}

int64_t trial_times_logged(const struct trial *t, size_t from, size_t to, const char *words)
{
	int64_t n = 0;
	for (size_t i = from; i < to && i < json_array_size(t->seen->kmsg); i++) {
		const char *text = look_text(json_array_get(t->seen->kmsg, i), "text");
		n += text && strstr(text, words);
	}
	return n;
}

bool trial_logged(const struct trial *t, size_t from, size_t to, const char *words)
{
	return trial_times_logged(t, from, to, words);
}
