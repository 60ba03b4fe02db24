// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory policies stand in numa_maps, mapping by mapping; one without a policy of its own shows the task's
 * (fs/proc/task_mmu.c:show_numa_map). The first mapping is that of the program, for which nobody calls mbind(). Only
 * its line is read: each costs a walk of its page tables.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/bytes.h"
#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

/* "00400000 bind:0-1 file=…", "… bind=static:1 …", "… prefer (many):0 …" (mm/mempolicy.c:mpol_to_str). What only prefers restricts nobody, nor
 * does weighted interleave (mempolicy_in_oom_domain). */
static int parse(const char *line, uint64_t *nodes)
{
	char word[32], list[256];
	int n = 0;
	*nodes = 0;
	if (sscanf(line, "%*s %31[a-z]%n", word, &n) != 1)
		return MACHINE_ANY_NODE;
	int policy = streq(word, "bind") ? MACHINE_BIND : streq(word, "interleave") ? MACHINE_INTERLEAVE : MACHINE_ANY_NODE;
	const char *at = line + n;
	at += strcspn(at, ": ");
	if (policy == MACHINE_ANY_NODE || *at != ':')
		return MACHINE_ANY_NODE;
	snprintf(list, sizeof(list), "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
	return parse_mask(list, nodes, NULL) < 0 ? MACHINE_ANY_NODE : policy;
}

static int read_one(int dir, const char *path, int *policy, uint64_t *nodes)
{
	char line[512];
	CLEANUP_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (n < 0)
		return -1;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	*policy = parse(line, nodes);
	return 0;
}

/* One thread that may go elsewhere is enough to make the process eligible (mm/oom_kill.c:oom_cpuset_eligible). */
static void add_threads(int dir, struct machine_task *t)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *e; d && t->policy && (e = readdir(d));) {
		char path[64];
		int policy;
		uint64_t nodes;
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "task/%.20s/numa_maps", e->d_name);
		if (read_one(dir, path, &policy, &nodes) < 0)
			continue;
		t->policy = policy == t->policy ? policy : MACHINE_ANY_NODE;
		t->policy_nodes |= nodes;
	}
	if (d)
		closedir(d);
}

int policy_read(int dir, struct machine_task *t)
{
	if (read_one(dir, "numa_maps", &t->policy, &t->policy_nodes) < 0)
		return errno == EACCES || errno == EPERM ? -1 : 0;
	if (t->policy && t->threads > 1)
		add_threads(dir, t);
	return 0;
}
