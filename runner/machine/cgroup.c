// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree of memory cgroups, v1 or v2: where it is mounted, what limits it, who is in it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

#define DEPTH_MAX 64	/* deeper trees are not made by people; each level holds a descriptor */

struct place {			/* a path, and the index it has */
	const char *path;
	int index;
};

struct member {
	int pid;
	uint64_t at;
};

struct cgroup_tree {
	bool v2;
	char *inside;		/* what of the hierarchy is mounted: the fourth field of mountinfo, "/" for all of it */
	struct place *sorted;
	struct member *members;
	size_t n_members, room;
	size_t outside;		/* processes beyond the mount */
	struct root_buffer buffer;
};

/* Octal escapes of mountinfo (fs/seq_file.c:mangle_path), in place. */
static void unescape(char *s)
{
	char *to = s;
	for (; *s; to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to = *s++;
		}
	}
	*to = '\0';
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = list; p && (p = strstr(p, word)); p += n)
		if ((p == list || strchr(", \n", p[-1])) && (!p[n] || strchr(", \n", p[n])))
			return true;
	return false;
}

/* One line of mountinfo: "36 35 98:0 /inside /point rw,… shared:1 - cgroup2 cgroup2 rw,…". True: it is the tree. */
static bool read_mount(const char *root, char *line, struct cgroup_tree *t, char **point, struct machine *m)
{
	char *dash = strstr(line, " - ");
	char *field[5] = { NULL }, *save = NULL;
	if (!dash)
		return false;
	*dash = '\0';
	char *type = dash + 3, *options = type + strcspn(type, " ");
	if (*options)
		*options++ = '\0';
	bool v1 = streq(type, "cgroup") && has_word(options + strcspn(options, " "), "memory");
	if (!v1 && !streq(type, "cgroup2"))
		return false;
	field[0] = strtok_r(line, " ", &save);
	for (size_t i = 1; i < 5 && field[i - 1]; i++)
		field[i] = strtok_r(NULL, " ", &save);
	if (!field[4])
		return false;
	unescape(field[3]);
	unescape(field[4]);
	if (!v1) {
		CLEANUP_FREE char *controllers = root_text(root, "%s/cgroup.controllers", field[4]);
		if (!controllers || !has_word(controllers, "memory"))
			return false;
		m->localevents = strstr(options, "memory_localevents") != NULL;
	}
	t->v2 = !v1;
	t->inside = xstrdup(field[3]);
	*point = xstrdup(field[4]);
	return true;
}

static char *find_mount(const char *root, struct cgroup_tree *t, struct machine *m)
{
	char *point = NULL;
	CLEANUP_FREE char *text = root_text(root, "/proc/self/mountinfo");
	if (!text)	/* a copy of another machine's files */
		text = root_text(root, "/proc/1/mountinfo");
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line && !point;
	     line = strtok_r(NULL, "\n", &save))
		read_mount(root, line, t, &point, m);
	return point;
}

/* A number of a cgroup's file; "max" and what v1 has for it (PAGE_COUNTER_MAX pages, or more) are MACHINE_MAX. */
static bool number(struct cgroup_tree *t, int dir, const char *file, uint64_t *value)
{
	if (root_read(dir, file, &t->buffer) < 0)
		return false;
	*value = starts_with(t->buffer.text, "max") ? MACHINE_MAX : strtoull(t->buffer.text, NULL, 10);
	if (*value >= INT64_MAX / 4096 * UINT64_C(4096))
		*value = MACHINE_MAX;
	return true;
}

static int64_t line_of(const char *text, const char *key)
{
	size_t n = strlen(key);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0)
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return strtoll(line + n, NULL, 10);
	return MACHINE_UNKNOWN;
}

static void read_v2(struct cgroup_tree *t, int dir, struct machine_cgroup *g)
{
	uint64_t group = 0;
	number(t, dir, "memory.current", &g->current);
	number(t, dir, "memory.high", &g->high);
	number(t, dir, "memory.low", &g->low);
	number(t, dir, "memory.min", &g->min);
	number(t, dir, "memory.swap.current", &g->swap_current);
	number(t, dir, "memory.swap.max", &g->swap_limit);
	g->group = number(t, dir, "memory.oom.group", &group) && group;
	if (root_read(dir, "memory.events", &t->buffer) < 0)
		return;
	g->n_oom = line_of(t->buffer.text, "oom");
	g->n_oom_kill = line_of(t->buffer.text, "oom_kill");
	g->n_max = line_of(t->buffer.text, "max");
	g->n_high = line_of(t->buffer.text, "high");
}

static void read_v1(struct cgroup_tree *t, int dir, struct machine_cgroup *g)
{
	uint64_t n;
	number(t, dir, "memory.usage_in_bytes", &g->current);
	number(t, dir, "memory.memsw.usage_in_bytes", &g->swap_current);
	number(t, dir, "memory.memsw.limit_in_bytes", &g->swap_limit);
	if (number(t, dir, "memory.swappiness", &n))
		g->swappiness = (int)n;
	if (number(t, dir, "memory.failcnt", &n))
		g->n_max = (int64_t)n;
	if (root_read(dir, "memory.oom_control", &t->buffer) < 0)
		return;
	g->oom_kill_disable = line_of(t->buffer.text, "oom_kill_disable") == 1;
	g->n_oom_kill = line_of(t->buffer.text, "oom_kill");
}

/* v2's cgroup.procs is in the order of the kernel's own scan (css_task_iter); v1's is sorted by pid. */
static void read_members(struct cgroup_tree *t, int dir)
{
	CLEANUP_FREE char *text = t->v2 ? read_whole_at(dir, "cgroup.procs", ROOT_FILE_LIMIT, NULL) : NULL;
	uint64_t at = 0;
	for (char *p = text, *end; p && *p; p = end + (*end == '\n')) {
		long pid = strtol(p, &end, 10);
		if (end == p)
			break;
		if (t->n_members == t->room) {
			t->room = t->room ? t->room * 2 : 1024;
			t->members = xrealloc(t->members, t->room, sizeof(*t->members));
		}
		t->members[t->n_members++] = (struct member){ (int)pid, ++at };
	}
}

/* Reads the cgroup in dir, if it has a memory controller. Its index, or `parent`. */
static int read_cgroup(struct cgroup_tree *t, struct machine *m, int dir, const char *path, int parent)
{
	struct machine_cgroup g = {
		.parent = parent, .high = MACHINE_MAX, .swap_limit = MACHINE_MAX, .n_oom = MACHINE_UNKNOWN,
		.n_oom_kill = MACHINE_UNKNOWN, .n_max = MACHINE_UNKNOWN, .n_high = MACHINE_UNKNOWN, .swappiness = 60,
	};
	if (!number(t, dir, t->v2 ? "memory.max" : "memory.limit_in_bytes", &g.limit))
		return parent;
	if (t->v2)
		read_v2(t, dir, &g);
	else
		read_v1(t, dir, &g);
	g.path = xstrdup(path);
	if ((m->n_cgroups & (m->n_cgroups - 1)) == 0)
		m->cgroups = xrealloc(m->cgroups, m->n_cgroups ? 2 * m->n_cgroups : 1, sizeof(*m->cgroups));
	m->cgroups[m->n_cgroups] = g;
	return (int)m->n_cgroups++;
}

struct child {
	char *name;
	uint64_t ino;
};

/* Inode numbers of kernfs are given in rising order, so they tell the order of creation (fs/kernfs/dir.c). */
static int by_ino(const void *a, const void *b)
{
	const struct child *x = a, *y = b;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static size_t children_of(int dir, struct child **out)
{
	struct child *all = NULL;
	size_t n = 0;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_type != DT_DIR || streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		if ((n & (n - 1)) == 0)
			all = xrealloc(all, n ? 2 * n : 1, sizeof(*all));
		all[n++] = (struct child){ xstrdup(e->d_name), e->d_ino };
	}
	if (d)
		closedir(d);
	if (n)
		qsort(all, n, sizeof(*all), by_ino);
	*out = all;
	return n;
}

static void walk(struct cgroup_tree *t, struct machine *m, int dir, const char *path, int parent, int depth)
{
	/* the hierarchy's own root has no limit, but the root of a container's view has */
	bool top = !*path;
	int self = parent;
	if (!top || t->v2 || !streq(t->inside, "/"))
		self = read_cgroup(t, m, dir, top ? "/" : path, parent);
	read_members(t, dir);
	if (depth == DEPTH_MAX) {
		machine_lack(m, "cgroups below %s: more than %d levels", path, DEPTH_MAX);
		return;
	}
	struct child *all;
	size_t n = children_of(dir, &all);
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FD int fd = openat(dir, all[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		CLEANUP_FREE char *below = xasprintf("%s/%s", path, all[i].name);
		if (fd >= 0)
			walk(t, m, fd, below, self, depth + 1);
		free(all[i].name);
	}
	free(all);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

static int by_pid(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

struct cgroup_tree *cgroup_tree_read(const char *root, struct machine *m)
{
	struct cgroup_tree *t = xcalloc(1, sizeof(*t));
	CLEANUP_FREE char *point = find_mount(root, t, m);
	CLEANUP_FREE char *path = xasprintf("%s%s", root, point ? point : "/");
	CLEANUP_FD int dir = point ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0) {
		if (point)
			machine_lack(m, "cgroups: %s can't be opened: %s", path, strerror(errno));
		else
			machine_lack(m, "cgroups: no cgroup tree with a memory controller is mounted");
		return t;
	}
	m->mount = TAKE_PTR(path);
	m->memory_v2 = t->v2;
	m->memory_v1 = !t->v2;
	walk(t, m, dir, "", -1, 0);
	t->sorted = xcalloc(m->n_cgroups, sizeof(*t->sorted));
	for (size_t i = 0; i < m->n_cgroups; i++)
		t->sorted[i] = (struct place){ m->cgroups[i].path, (int)i };
	if (m->n_cgroups)
		qsort(t->sorted, m->n_cgroups, sizeof(*t->sorted), by_path);
	if (t->n_members)
		qsort(t->members, t->n_members, sizeof(*t->members), by_pid);
	return t;
}

/* The path of the line "0::PATH" (v2) or "4:…memory…:PATH" (v1), in place. */
static char *path_in(const struct cgroup_tree *t, char *text)
{
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (t->v2 ? starts_with(line, "0:") && !list[1] : has_word(list + 1, "memory"))
			return path;
	}
	return NULL;
}

int cgroup_tree_of(struct cgroup_tree *t, const struct machine *m, char *text)
{
	char *path = t->inside ? path_in(t, text) : NULL;
	if (!path)
		return -1;
	size_t n = strlen(t->inside);
	if (!streq(t->inside, "/")) {	/* a part of the hierarchy is mounted, and this namespace sees the whole path */
		if (starts_with(path, t->inside) && (path[n] == '/' || !path[n]))
			path += n;
	}
	if (starts_with(path, "/..")) {
		t->outside++;
		return -1;
	}
	for (;;) {
		struct place key = { *path ? path : "/", 0 }, *found;
		found = m->n_cgroups ? bsearch(&key, t->sorted, m->n_cgroups, sizeof(key), by_path) : NULL;
		if (found)
			return found->index;
		char *slash = strrchr(path, '/');
		if (!slash || streq(path, "/"))
			return -1;
		slash[slash == path] = '\0';	/* tasks of a cgroup without the controller belong to the one above */
	}
}

uint64_t cgroup_tree_joined(const struct cgroup_tree *t, int pid)
{
	struct member key = { pid, 0 }, *found;
	found = t->n_members ? bsearch(&key, t->members, t->n_members, sizeof(key), by_pid) : NULL;
	return found ? found->at : 0;
}

void cgroup_tree_done(struct cgroup_tree *t, struct machine *m)
{
	if (t->outside)
		machine_lack(m, "the cgroups of %zu processes: they are outside of this cgroup namespace", t->outside);
	free(t->inside);
	free(t->sorted);
	free(t->members);
	free(t->buffer.text);
	free(t);
}

void machine_read_cgroups(const char *root, struct machine *m)
{
	*m = (struct machine){ .page_size = 4096, .cpus = 1 };
	cgroup_tree_done(cgroup_tree_read(root, m), m);
}
