// SPDX-License-Identifier: GPL-2.0-or-later
/* Who was chosen and who died: mm/oom_kill.c:dump_oom_summary(), oom_kill_process(), __oom_kill_process(),
 * oom_reap_task_mm(), mm/memcontrol.c:mem_cgroup_print_oom_group(). */
#include "klog/line.h"

static struct text until(struct text t, const char *end)
{
	return text_of(t.p, end ? (size_t)(end - t.p) : text_len(t));
}

static struct text after(struct text t, const char *at, size_t n)
{
	return text_of(at + n, (size_t)(t.end - at) - n);
}

static void kill_clear(struct oom_kill *k)
{
	*k = (struct oom_kill){ .pid = OOM_UNKNOWN, .uid = OOM_UNKNOWN, .total_vm_kb = OOM_UNKNOWN,
		.anon_rss_kb = OOM_UNKNOWN, .file_rss_kb = OOM_UNKNOWN, .shmem_rss_kb = OOM_UNKNOWN,
		.pgtables_kb = OOM_UNKNOWN, .oom_score_adj = OOM_UNKNOWN, .score = OOM_UNKNOWN,
		.seq = OOM_UNKNOWN, .usec = OOM_UNKNOWN, .pid_begins = OOM_UNKNOWN };
}

/* "key:123kB, key:123kB": a number cut off at the end of the line is not taken. */
static void sizes(struct text t, struct line *l)
{
	static const struct { const char *key; size_t at; bool kb; } fields[] = {
#define FIELD(key, member, kb) { key, offsetof(struct oom_kill, member), kb }
		FIELD("total-vm:", total_vm_kb, true), FIELD("anon-rss:", anon_rss_kb, true),
		FIELD("file-rss:", file_rss_kb, true), FIELD("shmem-rss:", shmem_rss_kb, true),
		FIELD("UID:", uid, false), FIELD("pgtables:", pgtables_kb, true),
		FIELD("oom_score_adj:", oom_score_adj, false), FIELD("vsz:", total_vm_kb, true),
		FIELD("vm:", total_vm_kb, true),
#undef FIELD
	};
	while (text_len(t)) {
		while (t.p < t.end && (*t.p == ' ' || *t.p == ',' || *t.p == '\t' || *t.p == '\n'))
			t.p++;
		size_t i, n = 0;
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			n = strlen(fields[i].key);
			if (text_starts_n(t, fields[i].key, n))
				break;
		}
		if (i == sizeof(fields) / sizeof(fields[0]))
			return;
		t.p += n;
		int64_t v;
		if (!text_int(&t, &v))
			return;
		if (fields[i].kb && !text_eat(&t, "kB"))
			return;
		*(int64_t *)((char *)&l->kill + fields[i].at) = v;
		l->got++;
	}
}

/* ", UID %d," up to where the line was broken. Returns whether it was; the pid is whole then. */
static bool uid_torn(struct text *t, int64_t *uid)
{
	static const char word[] = ", UID ";
	size_t n = text_len(*t);
	if (n && n < sizeof(word) && memcmp(t->p, word, n) == 0)
		return true;
	if (text_eat(t, ", UID ") && text_uid(t, uid))
		text_eat(t, ",");
	return false;
}

/* "%d (%s) total-vm:…", "%d (%s), UID %d, total-vm:…" (RHEL 7), "%d, UID %d, (%s) total-vm:…" (RHEL 6). The comm may
 * hold anything, so it ends at the last ')' before the last total-vm. */
static bool killed(struct text t, struct line *l)
{
	if (!text_int(&t, &l->kill.pid))
		return false;
	l->got = 1;
	if (uid_torn(&t, &l->kill.uid)) {
		l->cut = true;
		return true;
	}
	bool whole = text_len(t) > 0;	/* else it may have lost its last digits */
	text_blanks(&t);
	if (!text_len(t)) {
		if (!whole) {
			l->kill.pid_begins = l->kill.pid;
			l->kill.pid = OOM_UNKNOWN;
		}
		l->cut = true;
		return true;
	}
	if (!text_eat(&t, "("))
		return false;
	const char *size = text_rfind(t, " total-vm:");
	if (!size)
		size = text_rfind(t, " vsz:");
	if (!size)
		size = text_rfind(t, " vm:");
	const char *close = text_rfind(until(t, size), ")");
	if (!close) {
		l->cut = true;
		text_copy(t, l->kill.comm, OOM_COMM);
		return true;
	}
	l->got++;
	text_copy(until(t, close), l->kill.comm, OOM_COMM);
	struct text rest = after(t, close, 1);
	if (text_eat(&rest, ", UID ") && text_uid(&rest, &l->kill.uid))
		text_eat(&rest, ",");
	if (text_eat(&rest, " score "))	/* OpenVZ: "score %lu vm:%lukB, rss:%lukB, swap:%lukB", older without the score */
		text_int(&rest, &l->kill.score);
	sizes(rest, l);
	text_trim_end(&rest);
	l->kill.more = text_len(rest) && rest.end[-1] == ',';
	l->cut = !text_starts(rest, " vm:") && l->kill.oom_score_adj == OOM_UNKNOWN;
	return true;
}

/* "%d (%s) score %u or sacrifice child", older "score %lu or a child" and "and children". */
static bool choice(struct text t, struct line *l)
{
	if (!text_int(&t, &l->kill.pid))
		return false;
	if (!text_len(t))
		l->kill.pid = OOM_UNKNOWN;
	l->got = 1;
	if (uid_torn(&t, &l->kill.uid)) {
		l->cut = true;
		return true;
	}
	text_blanks(&t);
	if (text_len(t) && !text_eat(&t, "("))
		return false;
	static const char sharing[] = ") sharing same memory";
	const char *share = text_rfind(t, sharing);
	if (share) {
		l->kind = LINE_SHARING;
		l->n[0] = l->kill.pid;
		text_copy(until(t, share), l->kill.comm, OOM_COMM);
		return true;
	}
	const char *score = text_rfind(t, ") score ");
	text_copy(until(t, score), l->kill.comm, OOM_COMM);
	if (score) {
		struct text v = after(t, score, 8);
		l->got += 1 + text_int(&v, &l->kill.score);
	}
	l->cut = !score || l->kill.score == OOM_UNKNOWN;
	return true;
}

/* What stands before "Kill process": one of the kernel's words, or of a patched kernel's, but about memory. */
static bool prefix_of(struct text t, enum oom_kill_prefix *p)
{
	if (!text_len(t))
		*p = OOM_PREFIX_NONE;
	else if (text_is(t, "Out of memory: ") || text_is(t, "Out of Memory: "))
		*p = OOM_PREFIX_GLOBAL;
	else if (text_is(t, "Out of memory (oom_kill_allocating_task): "))
		*p = OOM_PREFIX_ALLOCATING_TASK;
	else if (text_is(t, "Memory cgroup out of memory: "))
		*p = OOM_PREFIX_MEMCG;
	else if (text_len(t) < 64 && t.end[-1] == ' ' && t.end[-2] == ':' &&
		 (text_starts(t, "Out of memory") || text_starts(t, "Memory cgroup out of memory") ||
		  text_starts(t, "No available memory") || text_starts(t, "oom")))
		*p = OOM_PREFIX_OTHER;
	else
		return false;
	return true;
}

static bool kill_line(struct text t, struct line *l)
{
	static const char *const words[] = { "Killed process ", "OOM killed process ", "Kill process ", "kill process " };
	for (size_t i = 0; i < 4; i++) {
		const char *at = text_find(t, words[i]);
		enum oom_kill_prefix p;
		if (!at || at - t.p > 64 || !prefix_of(until(t, at), &p))
			continue;
		kill_clear(&l->kill);
		l->kill.prefix = p;
		l->kind = i < 2 ? LINE_KILLED : LINE_CHOICE;
		struct text rest = after(t, at, strlen(words[i]));
		text_blanks(&rest);
		return i < 2 ? killed(rest, l) : choice(rest, l);
	}
	return false;
}

/* "oom-kill:constraint=…,nodemask=…[,cpuset=…,mems_allowed=…][,oom_memcg=…|,global_oom],task_memcg=…,task=…,pid=…,uid=…":
 * paths and the comm may hold commas, so each is ended by the key that follows it. */
static bool selected(struct text t, struct line *l)
{
	if (!text_eat(&t, "oom-kill:constraint="))
		return false;
	l->kind = LINE_SELECTED;
	kill_clear(&l->kill);
	for (int c = OOM_CONSTRAINT_NONE; c <= OOM_CONSTRAINT_MEMCG; c++) {
		const char *name = oom_constraint_name((enum oom_constraint)c);
		size_t n = strlen(name);
		if (text_starts_n(t, name, n) && (text_len(t) == n || t.p[n] == ','))
			l->constraint = (enum oom_constraint)c;
	}
	l->got = l->constraint != OOM_CONSTRAINT_UNKNOWN;
	l->cut = true;
	const char *task_memcg = text_rfind(t, ",task_memcg=");
	/* without CONFIG_MEMCG the task follows the nodemask at once */
	const char *pid = text_rfind(t, ",pid="), *task = text_rfind(until(t, pid), ",task=");
	struct text head = until(t, task_memcg ? task_memcg : task);
	const char *oom_memcg = text_find(head, ",oom_memcg="), *global = text_find(head, ",global_oom");
	if (oom_memcg && (!global || oom_memcg < global)) {
		l->a = after(head, oom_memcg, 11);
		l->got++;
		head.end = oom_memcg;
	} else if (global) {
		l->global = true;
		l->got++;
		head.end = global;
	}
	const char *mems = text_rfind(head, ",mems_allowed=");
	if (mems) {
		l->mems_allowed = after(head, mems, 14);
		head.end = mems;
		l->got++;
	}
	const char *set = text_find(head, ",cpuset=");
	if (set) {
		l->cpuset = after(head, set, 8);
		head.end = set;
	}
	const char *nodemask = text_find(head, ",nodemask=");
	if (nodemask)
		l->nodemask = after(head, nodemask, 10);
	if (task_memcg && (!task || task > task_memcg))
		l->b = until(after(t, task_memcg, 12), task);
	if (!task || !pid)
		return true;
	l->got++;
	text_copy(text_of(task + 6, (size_t)(pid - task) - 6), l->kill.comm, OOM_COMM);
	struct text v = after(t, pid, 5);
	int64_t n;
	/* a pid at the very end may have lost digits: only ",uid=" behind it proves it whole */
	if (text_int(&v, &n) && text_eat(&v, ",uid=")) {
		l->kill.pid = n;
		l->got++;
		if (text_uid(&v, &l->kill.uid)) {
			l->got++;
			l->cut = false;
		}
	}
	return true;
}

static bool reaper(struct text t, struct line *l)
{
	if (!text_eat(&t, "oom_reaper: "))
		return false;
	l->n[0] = l->n[1] = l->n[2] = l->n[3] = OOM_UNKNOWN;
	if (text_eat(&t, "unable to reap pid:")) {
		l->kind = LINE_REAPED;
		return text_int(&t, &l->n[0]);
	}
	if (!text_eat(&t, "reaped process ") || !text_int(&t, &l->n[0]))
		return false;
	l->kind = LINE_REAPED;
	text_eat(&t, " (");
	const char *now = text_rfind(t, "), now ");
	l->a = until(t, now);
	l->n[1] = 0;
	if (now) {
		struct line sizes_of = { 0 };
		kill_clear(&sizes_of.kill);
		sizes(after(t, now, 7), &sizes_of);
		l->n[1] = sizes_of.kill.anon_rss_kb;
		l->n[2] = sizes_of.kill.file_rss_kb;
		l->n[3] = sizes_of.kill.shmem_rss_kb;
		if (l->n[1] == OOM_UNKNOWN)
			l->n[1] = 0;
	}
	return true;
}

static bool group(struct text t, struct line *l)
{
	if (!text_eat(&t, "Tasks in "))
		return false;
	const char *end = text_rfind(t, " are going to be killed");
	if (!end)
		return false;
	l->kind = LINE_GROUP;
	l->a = until(t, end);
	return true;
}

static bool others(struct text t, struct line *l)
{
	const char *at;
	if (text_starts(t, "Out of memory and no killable processes")) {
		l->kind = LINE_NO_KILLABLE;
	} else if (text_eat(&t, "Kernel panic - not syncing: ")) {
		static const char *const about[] = { "Out of memory", "out of memory", "System is deadlocked on memory" };
		l->kind = LINE_PANIC;
		l->a = t;
		for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
			size_t n = strlen(about[i]) < text_len(t) ? strlen(about[i]) : text_len(t);
			l->got += memcmp(t.p, about[i], n) == 0 ? (int)text_len(t) : 0;
		}
		/* "…: system-wide panic_on_oom is enabled", "… and no killable processes..." */
		l->cut = l->got && !text_rfind(t, "enabled") && !text_rfind(t, "on memory") && !text_rfind(t, "processes");
	} else if (text_eat(&t, "oom killer ") && text_int(&t, &l->n[0]) && text_find(t, " has mm pinned by ")) {
		l->kind = LINE_PINNED;
	} else if ((text_eat(&t, "Out of memory: OOM victim ") ||
		    text_eat(&t, "Memory cgroup out of memory: OOM victim ")) &&
		   text_int(&t, &l->n[0]) && text_rfind(t, "is already exiting")) {
		l->kind = LINE_EXITING;
	} else if (text_eat(&t, "oom_kill_process: ") && text_int(&t, &l->n[0])) {
		l->kind = LINE_SUPPRESSED;
	} else if ((text_starts(t, "sysrq: ") || text_starts(t, "SysRq : ")) &&
		   (at = text_find(t, "Manual OOM execution"))) {
		l->kind = LINE_SYSRQ;
	} else {
		return false;
	}
	return true;
}

/* The whole text is the beginning of a line whose rest stands in the next one. */
static bool half(struct text t, struct line *l)
{
	static const char *const words[] = {
		"Out of memory: Killed process ", "Out of memory: Kill process ", "Killed process ", "Kill process ",
		"Memory cgroup out of memory: Killed process ", "Memory cgroup out of memory: Kill process ",
		"Out of memory (oom_kill_allocating_task): Kill process ", "Out of memory and no killable processes",
		"Out of memory (oom_kill_allocating_task): Killed process ", "Kernel panic - not syncing: ",
		"oom-kill:constraint=", "memory: usage ", "memory+swap: usage ", "Memory cgroup stats for ", "oom_reaper: reaped process ",
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_len(t) >= 8 && text_len(t) <= strlen(words[i]) && memcmp(t.p, words[i], text_len(t)) == 0)
			l->kind = LINE_HALF;
	if ((text_starts(t, "Out of memory in UB ") && !text_find(t, "process")) ||
	    (text_starts(t, "Memory cgroup stats for /") && !text_find(t, ":")) ||
	    (text_starts(t, "Task in /") && !text_find(t, " limit of ")) ||
	    (text_starts(t, "Tasks in /") && !text_find(t, " to be killed")))
		l->kind = LINE_HALF;
	l->cut = l->kind == LINE_HALF;
	return l->cut;
}

bool line_kill_parse(struct text t, struct line *l)
{
	return selected(t, l) || reaper(t, l) || group(t, l) || others(t, l) || kill_line(t, l) || half(t, l);
}
