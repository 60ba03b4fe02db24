// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/snapshot.h"

#include <fcntl.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "agent/zones.h"
#include "base/vmstat.h"

#define FILE_LIMIT (1 << 20)
#define KMSG_BATCHES 64	/* a log that is written faster than it is read has no end */

static const char *const files_v2[] = {
	"memory.current", "memory.max", "memory.swap.current", "memory.swap.max", "memory.events",
	"memory.events.local", "memory.swap.events", "memory.oom.group", "memory.high", "memory.low", "memory.min", "memory.peak",
	"cgroup.procs",
};
static const char *const files_v1[] = {
	"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt",
	"memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes", "memory.memsw.failcnt", "memory.oom_control",
	"memory.use_hierarchy", "memory.swappiness", "memory.kmem.usage_in_bytes", "cgroup.procs",
};
static const char *const sysctls[] = {
	"vm.panic_on_oom", "vm.oom_kill_allocating_task", "vm.oom_dump_tasks", "vm.overcommit_memory",
	"vm.overcommit_ratio", "vm.overcommit_kbytes", "vm.admin_reserve_kbytes", "vm.user_reserve_kbytes",
	"vm.min_free_kbytes", "vm.swappiness", "vm.watermark_scale_factor",
};
static const struct {
	const char *member, *key;
} status_kb[] = {
	{ "vm_kb", "VmSize" }, { "anon_kb", "RssAnon" }, { "file_kb", "RssFile" }, { "shmem_kb", "RssShmem" },
	{ "swap_kb", "VmSwap" }, { "pte_kb", "VmPTE" }, { "hugetlb_kb", "HugetlbPages" },
};

static json_t *meminfo(void)
{
	json_t *o = json_object();
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/meminfo", FILE_LIMIT, NULL);
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');
		if (colon) {
			*colon = '\0';
			json_object_set_new(o, line, json_integer(strtoll(colon + 1, NULL, 10)));
		}
	}
	return o;
}

/* Counters that are not 0, and oom_kill wherever the kernel has it. The levels are those that meminfo tells. */
static json_t *vmstat(void)
{
	json_t *o = json_object();
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/vmstat", FILE_LIMIT, NULL);
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		if (vmstat_is_level(line))
			continue;
		if (!streq(space + 1, "0") || streq(line, "oom_kill"))
			json_object_set_new(o, line, json_integer(strtoll(space + 1, NULL, 10)));
	}
	return o;
}

static json_t *sysctl_values(void)
{
	json_t *o = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		CLEANUP_FREE char *path = sysctl_path(sysctls[i]);
		CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 4096, NULL);
		if (text)
			json_object_set_new(o, sysctls[i], json_integer(strtoll(text, NULL, 10)));
	}
	return o;
}

static void put_sizes(json_t *o, const char *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_kb); i++) {
		int64_t kb = key_number(status, status_kb[i].key);
		if (kb >= 0)
			json_object_set_new(o, status_kb[i].member, json_integer(kb));
	}
}

static void put_number(json_t *o, const char *member, int64_t n)
{
	if (n != INT64_MIN)
		json_object_set_new(o, member, json_integer(n));
}

/* The path in the memory hierarchy, from lines "4:memory:/a" (v1) or "0::/a" (v2). */
static json_t *cgroup_of(const struct agent *a, pid_t pid)
{
	CLEANUP_FREE char *text = a->cgroups.memory ? proc_text(pid, "cgroup") : NULL;
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		list++;
		if (a->cgroups.v2 ? starts_with(line, "0:") && !*list : streq(list, "memory"))
			return json_text(path);
	}
	return json_null();
}

/* The score that belongs to the sizes in @status, or INT64_MIN: pages may have been dropped or swapped in between. */
static int64_t score_of(pid_t pid, pid_t tid, const char *status)
{
	int64_t score = proc_number(pid, "oom_score");
	CLEANUP_FREE char *again = proc_text(tid, "status");
	bool same = again && key_number(again, "VmRSS") == key_number(status, "VmRSS") &&
		    key_number(again, "VmSwap") == key_number(status, "VmSwap");
	return same ? score : INT64_MIN;
}

static json_t *task_row(const struct agent *a, pid_t pid)
{
	struct proc_stat st;
	const struct task *t = task_of_pid(a, pid);
	if ((!t && proc_without_mm(pid)) || proc_read_stat(pid, &st) < 0 || (!st.vsize && !t))
		return NULL;
	pid_t tid = proc_memory_thread(pid);
	struct proc_stat holder = st;
	CLEANUP_FREE char *status = proc_text(tid, "status");
	if (!status || (tid != pid && proc_read_stat(tid, &holder) < 0))
		return NULL;
	char state[2] = { st.state, '\0' };
	json_t *o = json_pack("{si si so so ss sI sb sI}", "pid", (int)pid, "ppid", (int)st.ppid, "comm",
			      json_text(st.comm), "name", json_text(t ? t->name : NULL), "state", state, "threads",
			      (json_int_t)st.threads, "mm", holder.vsize != 0, "start", (json_int_t)st.start);
	if (tid != pid)
		json_object_set_new(o, "thread", json_pack("{si so}", "pid", (int)tid, "comm", json_text(holder.comm)));
	json_object_set_new(o, "uid", json_integer(key_number(status, "Uid")));
	put_number(o, "adj", proc_number(pid, "oom_score_adj"));
	put_number(o, "score", score_of(pid, tid, status));
	put_sizes(o, status);
	CLEANUP_FREE char *mems = key_text(status, "Mems_allowed_list");
	json_object_set_new(o, "mems", json_text(mems));
	if (a->cgroups.cpuset && !a->cgroups.v2 && st.threads > 1)
		json_object_set_new(o, "mems_of_threads", json_integer((json_int_t)proc_mems_of_threads(pid)));
	json_object_set_new(o, "cgroup", cgroup_of(a, tid));
	if (st.state == 'D') {
		CLEANUP_FREE char *wchan = proc_text(pid, "wchan");
		json_object_set_new(o, "wchan", json_text(wchan));
		json_object_set_new(o, "switches", json_integer(key_number(status, "voluntary_ctxt_switches")));
	}
	return o;
}

struct rows {
	struct agent *a;
	pid_t *pids;
	size_t n, room;
};

static void collect(pid_t pid, void *arg)
{
	struct rows *r = arg;
	if (r->n == r->room) {
		r->room = r->room ? r->room * 2 : 256;
		r->pids = xrealloc(r->pids, r->room, sizeof(pid_t));
	}
	r->pids[r->n++] = pid;
}

/* On a machine in use, where only the scene runs out of memory: what is in the scene's cgroups, and the plan's tasks
 * wherever they are. */
static void collect_own(struct rows *r)
{
	for (size_t i = 0; i < r->a->tasks.n; i++)
		if (task_alive(r->a->tasks.all[i]))
			collect(r->a->tasks.all[i]->pid, r);
	for (size_t i = 0; i < r->a->cgroups.n; i++) {
		CLEANUP_FREE char *path = scene_path(r->a, r->a->cgroups.all[i], "cgroup.procs");
		CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, FILE_LIMIT, NULL);
		for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
		     line = strtok_r(NULL, "\n", &save))
			collect((pid_t)strtol(line, NULL, 10), r);
	}
}

static int by_pid(const void *x, const void *y)
{
	pid_t a = *(const pid_t *)x, b = *(const pid_t *)y;
	return (a > b) - (a < b);
}

static json_t *task_rows(struct agent *a)
{
	struct rows r = { .a = a };
	json_t *list = json_array();
	if (a->guest || json_is_true(json_object_get(a->plan, "everybody")))
		proc_each(collect, &r);
	else
		collect_own(&r);
	if (r.n)
		qsort(r.pids, r.n, sizeof(pid_t), by_pid);
	for (size_t i = 0; i < r.n; i++) {
		json_t *row = i && r.pids[i] == r.pids[i - 1] ? NULL : task_row(a, r.pids[i]);
		if (row)
			json_array_append_new(list, row);
	}
	free(r.pids);
	return list;
}

static void put_file(struct agent *a, const struct scene_cgroup *cg, json_t *files, const char *file)
{
	CLEANUP_FREE char *path = scene_path(a, cg, file);
	size_t len;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, FILE_LIMIT, &len);
	if (text)
		json_object_set_new(files, file, wire_bytes(text, len));
}

static json_t *cgroup_rows(struct agent *a, bool stat)
{
	json_t *list = json_array();
	const char *const *names = a->cgroups.v2 ? files_v2 : files_v1;
	size_t n = a->cgroups.v2 ? ARRAY_SIZE(files_v2) : ARRAY_SIZE(files_v1);
	for (size_t i = 0; i < a->cgroups.n; i++) {
		const struct scene_cgroup *cg = a->cgroups.all[i];
		if (cg->removed)
			continue;
		json_t *files = json_object();
		for (size_t k = 0; k < n; k++)
			put_file(a, cg, files, names[k]);
		if (stat)
			put_file(a, cg, files, "memory.stat");
		json_array_append_new(list, json_pack("{so so so}", "name", json_text(cg->name), "path",
						      json_text(cg->rel), "files", files));
	}
	return list;
}

void snapshot_send(struct agent *a, const char *label, bool stat)
{
	tasks_scan(a);
	for (int i = 0; i < KMSG_BATCHES && kmsg_read(a); i++)
		;
	json_t *seq = a->kmsg.seq >= 0 ? json_integer(a->kmsg.seq) : json_null();
	json_t *s = json_pack("{so so so so so so}", "label", json_text(label), "t", json_now(), "kmsg_seq", seq,
			      "tasks", task_rows(a), "cgroups", cgroup_rows(a, stat), "meminfo", meminfo());
	json_object_set_new(s, "vmstat", vmstat());
	json_object_set_new(s, "zones", zones_read());
	json_object_set_new(s, "sysctl", sysctl_values());
	wire_send(&a->wire, "snapshot", s);
}

json_t *snapshot_score(const struct task *t)
{
	if (!task_alive(t))
		return NULL;
	int64_t score = proc_number(t->pid, "oom_score"), adj = proc_number(t->pid, "oom_score_adj");
	CLEANUP_FREE char *status = proc_text(proc_memory_thread(t->pid), "status");
	if (!status || score == INT64_MIN)
		return NULL;
	json_t *o = json_object();
	put_number(o, "score", score);
	put_number(o, "adj", adj);
	put_sizes(o, status);
	return o;
}
