// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processes: four or five small files each, so this is where the time goes. Each is read once, through the process's
 * own directory: a pid that was taken over meanwhile can't mix two processes.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

#define PF_KTHREAD 0x00200000u	/* include/linux/sched.h */
#define CAP_SYS_ADMIN_BIT 21

struct reader {
	struct machine *m;
	struct cgroup_tree *tree;
	struct root_buffer buffer;
	size_t no_ns;		/* processes whose namespace may not be asked for */
	size_t no_policy;	/* … whose memory policy */
};

enum outcome { TASK_READ, TASK_NONE, TASK_VANISHED, TASK_REFUSED };

static enum outcome why_not(void)
{
	return errno == EACCES || errno == EPERM ? TASK_REFUSED : TASK_VANISHED;
}

/* pid (comm) state ppid … flags(9) … starttime(22) … startstack(28), which only who may trace it is told */
static enum outcome read_stat(struct reader *r, int dir, struct machine_task *t)
{
	if (root_read(dir, "stat", &r->buffer) < 0)
		return why_not();
	/* the comm may hold anything, parentheses and newlines too: it ends at the last one */
	char *open = strchr(r->buffer.text, '('), *close = strrchr(r->buffer.text, ')');
	char state;
	unsigned flags;
	unsigned long long start, stack;
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %c %d %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s %llu %*s %*s %*s %*s %*s %llu",
		   &state, &t->ppid, &flags, &t->threads, &start, &stack) != 6)
		return TASK_VANISHED;
	size_t len = (size_t)(close - open - 1);
	len = len < sizeof(t->comm) ? len : sizeof(t->comm) - 1;
	memcpy(t->comm, open + 1, len);
	t->comm[len] = '\0';
	t->start = start;
	t->stack = stack;
	if (flags & PF_KTHREAD)
		return TASK_NONE;
	/* a zombie leader whose threads live still has its memory (mm/oom_kill.c:find_lock_task_mm) */
	return (state == 'Z' || state == 'X') && t->threads < 2 ? TASK_NONE : TASK_READ;
}

static void read_nspid(const char *list, struct machine_task *t)
{
	int n = 0, last = t->pid;
	for (const char *p = list; *p && *p != '\n';) {
		char *end;
		last = (int)strtol(p, &end, 10);
		if (end == p)
			break;
		n++;
		p = end + strspn(end, "\t ");
	}
	t->ns_depth = n > 1 ? n - 1 : 0;
	t->ns_pid = last;
}

static void status_line(const char *key, size_t len, const char *value, struct machine_task *t)
{
	static const struct {
		const char *key;
		size_t at;
	} sizes[] = {
		{ "VmSize", offsetof(struct machine_task, vm_kb) },	{ "RssAnon", offsetof(struct machine_task, anon_kb) },
		{ "RssFile", offsetof(struct machine_task, file_kb) },	{ "RssShmem", offsetof(struct machine_task, shmem_kb) },
		{ "VmSwap", offsetof(struct machine_task, swap_kb) },	{ "VmPTE", offsetof(struct machine_task, pte_kb) },
		{ "VmPMD", offsetof(struct machine_task, pmd_kb) },	{ "VmLck", offsetof(struct machine_task, locked_kb) },
		{ "VmData", offsetof(struct machine_task, data_kb) },
		{ "HugetlbPages", offsetof(struct machine_task, hugetlb_kb) },
	};
	if (len == 3 && memcmp(key, "Uid", 3) == 0) {
		t->uid = (uint32_t)strtoul(value, NULL, 10);
	} else if (len == 5 && memcmp(key, "NSpid", 5) == 0) {
		read_nspid(value, t);
	} else if (len == 6 && memcmp(key, "CapEff", 6) == 0) {
		t->cap_sys_admin = strtoull(value, NULL, 16) >> CAP_SYS_ADMIN_BIT & 1;
	} else if (len == 17 && memcmp(key, "Mems_allowed_list", 17) == 0) {
		char list[256];
		snprintf(list, sizeof(list), "%.*s", (int)strcspn(value, "\n"), value);
		if (parse_mask(list, &t->mems, NULL) < 0)
			t->mems = UINT64_MAX;
	} else if (key[0] == 'V' || key[0] == 'R' || key[0] == 'H') {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			if (strlen(sizes[i].key) == len && memcmp(key, sizes[i].key, len) == 0)
				*(int64_t *)((char *)t + sizes[i].at) = strtoll(value, NULL, 10);
	}
}

/* True when the status tells of an mm. Before 4.5 there are no Rss*: VmRSS then stands for all of it. */
static bool parse_status(struct reader *r, struct machine_task *t)
{
	bool rss = false, mm = false;
	int64_t all = 0;
	for (const char *line = r->buffer.text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		size_t len = strcspn(line, ":\n");
		if (line[len] != ':')
			continue;
		const char *value = line + len + 1 + strspn(line + len + 1, "\t ");
		if (len == 6 && memcmp(line, "VmSize", 6) == 0)
			mm = true;
		rss = rss || (len == 7 && memcmp(line, "RssAnon", 7) == 0);
		if (len == 5 && memcmp(line, "VmRSS", 5) == 0)
			all = strtoll(value, NULL, 10);
		status_line(line, len, value, t);
	}
	if (mm && !rss)
		t->anon_kb = all;
	return mm;
}

/* The status of the first thread that still has the mm, for a leader that has gone ahead. */
static bool threads_status(struct reader *r, int dir, struct machine_task *t)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	bool found = false;
	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		char path[64];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "task/%.20s/status", e->d_name);
		found = root_read(dir, path, &r->buffer) >= 0 && parse_status(r, t);
	}
	if (d)
		closedir(d);
	return found;
}

static bool small_number(struct reader *r, int dir, const char *file, int *value)
{
	char *end;
	if (root_read(dir, file, &r->buffer) < 0)
		return false;
	*value = (int)strtol(r->buffer.text, &end, 10);
	return end != r->buffer.text;
}

/* /proc/PID/ns/pid is "pid:[4026531836]". It may be read by who may trace the process. */
static void read_namespace(struct reader *r, int dir, struct machine_task *t)
{
	char link[64];
	unsigned long long inode;
	if (!t->ns_depth)
		return;
	ssize_t n = readlinkat(dir, "ns/pid", link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = '\0';
	if (sscanf(link, "pid:[%llu]", &inode) == 1)
		t->pidns = inode;
	else
		r->no_ns++;
}

static enum outcome read_task(struct reader *r, int dir, struct machine_task *t)
{
	enum outcome o = read_stat(r, dir, t);
	if (o != TASK_READ)
		return o;
	if (root_read(dir, "status", &r->buffer) < 0)
		return why_not();
	if (!parse_status(r, t) && !(t->threads > 1 && threads_status(r, dir, t)))
		return TASK_NONE;
	if (!small_number(r, dir, "oom_score_adj", &t->adj))
		return why_not();
	if (!small_number(r, dir, "oom_score", &t->score))
		t->score = MACHINE_UNKNOWN;
	if (root_read(dir, "cgroup", &r->buffer) >= 0)
		t->cgroup = cgroup_tree_of(r->tree, r->m, r->buffer.text);
	t->joined = cgroup_tree_joined(r->tree, t->pid);
	read_namespace(r, dir, t);
	if (r->m->nodes && policy_read(dir, t) < 0)
		r->no_policy++;
	return TASK_READ;
}

static void read_pid(struct reader *r, int proc, const char *name)
{
	struct machine *m = r->m;
	CLEANUP_FD int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct machine_task t = { .pid = (int)strtol(name, NULL, 10), .cgroup = -1, .mems = UINT64_MAX };
	t.ns_pid = t.pid;
	switch (dir < 0 ? why_not() : read_task(r, dir, &t)) {
	case TASK_READ:
		if ((m->n_tasks & (m->n_tasks - 1)) == 0)
			m->tasks = xrealloc(m->tasks, m->n_tasks ? 2 * m->n_tasks : 1, sizeof(*m->tasks));
		m->tasks[m->n_tasks++] = t;
		break;
	case TASK_VANISHED:
		m->vanished++;
		break;
	case TASK_REFUSED:
		m->unreadable++;
		break;
	case TASK_NONE:
		break;
	}
}

/* hidepid of the /proc that was read: without the right to see them, other users' processes are not even listed. */
static bool is_hidden(const char *root)
{
	CLEANUP_FREE char *text = root_text(root, "/proc/self/mountinfo");
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *proc = strstr(line, " - proc "), *hidepid = proc ? strstr(proc, "hidepid=") : NULL;
		if (strstr(line, " /proc ") && hidepid && !strchr("0o", hidepid[strlen("hidepid=")]))
			return true;
	}
	return false;
}

static void say_lacks(const char *root, struct reader *r)
{
	struct machine *m = r->m;
	bool seen_init = false;
	for (size_t i = 0; i < m->n_tasks; i++)
		seen_init = seen_init || m->tasks[i].pid == 1;
	if (is_hidden(root) && (m->unreadable || !seen_init))
		machine_lack(m, "other users' processes: /proc is mounted with hidepid; run as root, or as a member of its gid=");
	else if (m->unreadable)
		machine_lack(m, "%zu processes that may not be read; run as root", m->unreadable);
	if (r->no_ns)
		machine_lack(m, "the PID namespaces of %zu processes, which tell who dies with whom; run as root", r->no_ns);
	if (r->no_policy)
		machine_lack(m, "the memory policies of %zu processes, which tell who can die for memory bound to some nodes; run as root",
			     r->no_policy);
}

int tasks_read(const char *root, struct machine *m, struct cgroup_tree *tree)
{
	struct reader r = { .m = m, .tree = tree };
	CLEANUP_FREE char *path = xasprintf("%s/proc", root);
	DIR *proc = opendir(path);
	if (!proc)
		return -1;
	for (struct dirent *e; (e = readdir(proc));)
		/* who looks is gone before anything happens */
		if (isdigit((unsigned char)e->d_name[0]) && (*root || strtol(e->d_name, NULL, 10) != getpid()))
			read_pid(&r, dirfd(proc), e->d_name);
	closedir(proc);
	say_lacks(root, &r);
	free(r.buffer.text);
	return 0;
}
