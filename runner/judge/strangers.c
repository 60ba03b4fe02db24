// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine in use has other limits, other processes, other OOMs than the scene's. What is surely not the scene's is left
 * out; what mixes the two can't be held against the kernel. In a machine of the test's own all is the scene's.
 */
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/* The scene's root in a path, "/oomtests-PID-N" (its bystander's name goes on behind that), and its length. NULL: none. */
static const char *root_in(const char *path, size_t *len)
{
	const char *root = path ? strstr(path, "/oomtests-") : NULL;
	if (!root)
		return NULL;
	const char *p = root + strlen("/oomtests-");
	p += strspn(p, "0123456789");
	if (*p == '-')
		p += 1 + strspn(p + 1, "0123456789");
	*len = (size_t)(p - root);
	return root;
}

/* Is the cgroup in the scene's root? Above that may be a container's. */
static bool in_scene(const struct trial *t, const char *path)
{
	const json_t *begin = look_snapshot(t->seen, "begin");
	size_t len, n;
	const char *root = root_in(look_text(json_array_get(json_object_get(begin, "cgroups"), 0), "path"), &len);
	const char *there = root_in(path, &n);
	return root && there && n == len && strncmp(root, there, len) == 0 && (!there[n] || there[n] == '/');
}

static bool is_ours(const struct trial *t, const struct oom_report *r, int64_t pid, const char *comm)
{
	return look_name(t->seen, trial_tgid(r, pid)) || (trial_stress_ng(t) && starts_with(comm, "stress-ng"));
}

static bool touches_ours(const struct trial *t, const struct oom_report *r)
{
	bool ours = is_ours(t, r, r->trigger.pid, r->trigger.comm);
	for (size_t i = 0; i < r->n_kills; i++)
		ours |= is_ours(t, r, r->kills[i].pid, r->kills[i].comm);
	return ours;
}

/* The OOM that the case is about, by where memory ran out. Of "Killed process" lines without a report only who died is known. */
static bool is_meant(const struct trial *t, const struct oom_report *r)
{
	if (r->memcg || r->oom_memcg)
		return in_scene(t, r->oom_memcg ? r->oom_memcg : r->stats_memcg);
	return t->test->machine_wide || !r->has_header;
}

static void disturb(struct trial *t, const struct oom_report *r, const char *what)
{
	if (t->disturbed)
		return;
	if (r->oom_memcg)
		t->disturbed = xasprintf("%s: memory ran out in %s, which is not of the scene", what, r->oom_memcg);
	else
		t->disturbed = xasprintf("%s: the machine ran out of memory, not the scene", what);
}

bool trial_strangers_report(struct trial *t, const struct oom_report *r)
{
	if (trial_own_machine(t))
		return false;
	bool ours = touches_ours(t, r), meant = is_meant(t, r);
	if (ours && !meant)
		disturb(t, r, "a task of the scene asked or was killed");
	for (size_t i = 0; meant && t->test->machine_wide && i < r->n_kills; i++)
		if (!is_ours(t, r, r->kills[i].pid, r->kills[i].comm))
			disturb(t, r, "a process that is not of the scene was killed");
	return !ours && (!meant || !r->has_header);
}

bool trial_strangers_kill(const struct trial *t, const char *text)
{
	const char *pid = strstr(text, "Killed process ");
	return !trial_own_machine(t) && pid && !look_name(t->seen, strtoll(pid + strlen("Killed process "), NULL, 10));
}
