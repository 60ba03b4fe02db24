// SPDX-License-Identifier: GPL-2.0-or-later
/* What does not belong to a process or a cgroup. */
#include <errno.h>
#include <time.h>

#include "base/bytes.h"
#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

static const char *const sysctls[] = {
	"kernel/panic", "kernel/panic_on_oops", "kernel/pid_max", "kernel/threads-max", "kernel/sysrq", "vm/admin_reserve_kbytes",
	"vm/min_free_kbytes", "vm/oom_dump_tasks", "vm/oom_kill_allocating_task", "vm/overcommit_kbytes",
	"vm/overcommit_memory", "vm/overcommit_ratio", "vm/panic_on_oom", "vm/swappiness", "vm/user_reserve_kbytes",
	"vm/watermark_scale_factor",
};

static char *one_line(char *text)
{
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static void read_meminfo(const char *root, struct machine *m)
{
	CLEANUP_FREE char *text = root_text(root, "/proc/meminfo");
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		machine_pair_add(&m->meminfo, line, strtoll(colon + 1, NULL, 10));
	}
}

static void read_sysctls(const char *root, struct machine *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		CLEANUP_FREE char *text = one_line(root_text(root, "/proc/sys/%s", sysctls[i]));
		int64_t value;
		if (!text || parse_int(text, INT64_MIN, INT64_MAX, &value, NULL) < 0)
			continue;
		CLEANUP_FREE char *name = xstrdup(sysctls[i]);
		*strchr(name, '/') = '.';
		machine_pair_add(&m->sysctl, name, value);
	}
}

static struct machine_node *node_of(struct machine *m, int id)
{
	for (size_t i = 0; i < m->n_nodes; i++)
		if (m->node[i].id == id)
			return &m->node[i];
	m->node = xrealloc(m->node, m->n_nodes + 1, sizeof(*m->node));
	m->node[m->n_nodes] = (struct machine_node){ .id = id };
	return &m->node[m->n_nodes++];
}

/* /proc/zoneinfo: "Node 0, zone   DMA32", then "present N", "spanned N" (mm/vmstat.c:zoneinfo_show_print) */
static void read_nodes(const char *root, struct machine *m)
{
	CLEANUP_FREE char *mask = one_line(root_text(root, "/sys/devices/system/node/has_memory"));
	if (!mask || parse_mask(mask, &m->nodes, NULL) < 0)
		m->nodes = 0;
	CLEANUP_FREE char *text = root_text(root, "/proc/zoneinfo");
	int id = -1;
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char word[32];
		int node;
		long long n;
		if (sscanf(line, "Node %d, zone", &node) == 1)
			id = node >= 0 && node < 64 ? node : -1;
		else if (id >= 0 && sscanf(line, " %31s %lld", word, &n) == 2 && streq(word, "present"))
			node_of(m, id)->present += (uint64_t)n;
		else if (id >= 0 && sscanf(line, " %31s %lld", word, &n) == 2 && streq(word, "spanned"))
			node_of(m, id)->spanned += (uint64_t)n;
	}
	/* the mask is only there with CONFIG_NUMA, and one node constrains nobody */
	if ((m->nodes & (m->nodes - 1)) == 0)
		m->nodes = 0;
}

/* "0-3,8" to a number; not a mask, for a machine may have more than 64 */
static int count_list(const char *text)
{
	int n = 0;
	while (*text) {
		char *end;
		long a = strtol(text, &end, 10), b = a;
		if (end == text)
			break;
		if (*end == '-')
			b = strtol(end + 1, &end, 10);
		n += (int)(b - a + 1);
		text = *end == ',' ? end + 1 : end;
		if (*text == '\n')
			break;
	}
	return n > 0 ? n : 1;
}

void facts_read(const char *root, struct machine *m)
{
	m->release = one_line(root_text(root, "/proc/sys/kernel/osrelease"));
	m->version = one_line(root_text(root, "/proc/sys/kernel/version"));
	m->arch = one_line(root_text(root, "/proc/sys/kernel/arch"));	/* since 6.1 */
	m->time = (int64_t)time(NULL);
	if (!*root)
		m->page_size = (int)sysconf(_SC_PAGESIZE);
	CLEANUP_FREE char *online = root_text(root, "/sys/devices/system/cpu/online");
	if (online)
		m->cpus = count_list(online);
	else
		machine_lack(m, "the number of CPUs, and with it how exact the kernel's counters are: no /sys");
	if (!m->release)
		machine_lack(m, "the kernel's release: the newest rules are assumed");
	read_meminfo(root, m);
	read_sysctls(root, m);
	read_nodes(root, m);
	CLEANUP_FREE char *lru = root_text(root, "/sys/kernel/mm/lru_gen/enabled");
	m->mglru = lru && strtol(lru, NULL, 0) & 1;
	CLEANUP_FREE char *ttl = root_text(root, "/sys/kernel/mm/lru_gen/min_ttl_ms");
	if (ttl)
		m->min_ttl_ms = strtoll(ttl, NULL, 10);
}
