// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kubernetes: the class of a pod stands in its cgroup's path, and the kubelet's formula says which oom_score_adj its
 * containers have (pkg/kubelet/qos/policy.go): guaranteed -997, best effort 1000, burstable
 * 1000 - 1000 * memory request / capacity, within 3 to 999.
 */
#include "audit/pods.h"

#include "audit/audit.h"
#include "base/util.h"
#include "explain/explain.h"

#define MANY 10

enum pod_class pod_class_of(const char *path)
{
	const char *kube = strstr(path, "kubepods");
	if (!kube)
		return POD_NONE;
	if (strstr(kube, "besteffort"))
		return POD_BEST_EFFORT;
	if (strstr(kube, "burstable"))
		return POD_BURSTABLE;
	return strstr(kube + strlen("kubepods"), "pod") ? POD_GUARANTEED : POD_NONE;
}

const char *pod_class_name(enum pod_class c)
{
	static const char *const names[] = { "none", "best effort", "burstable", "guaranteed" };
	return names[c];
}

bool pod_adj_range(enum pod_class c, int *min, int *max)
{
	static const int range[][2] = {
		[POD_BEST_EFFORT] = { 1000, 1000 }, [POD_BURSTABLE] = { 3, 999 }, [POD_GUARANTEED] = { -997, -997 },
	};
	if (c == POD_NONE)
		return false;
	*min = range[c][0];
	*max = range[c][1];
	return true;
}

int64_t pod_request_kb(int adj, int64_t memtotal_kb)
{
	return adj >= 3 && adj <= 998 ? (1000 - adj) * memtotal_kb / 1000 : -1;
}

void find_pods(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_tasks; i++) {
		const struct machine_task *t = &a->machine->tasks[i];
		int min, max;
		enum pod_class c = pod_class_of(machine_path(a->machine, t->cgroup));
		/* the sandbox has -998, node-critical pods -997 in every class */
		bool known = t->adj == -998 || t->adj == -997;
		if (!pod_adj_range(c, &min, &max) || (t->adj >= min && t->adj <= max) || known || ++told > MANY)
			continue;
		char *where = audit_where(a, (int)i);
		finding_add(a, "pod-adj", SEVERITY_WARNING, audit_who(a, (int)i),
			    xasprintf("its pod is %s (%s), for which the kubelet sets oom_score_adj %d%s%s, and it has %d",
				      pod_class_name(c), where, min, min == max ? "" : " to ",
				      min == max ? "" : "999", t->adj),
			    xstrdup("see what in the container writes oom_score_adj; restarting the pod sets it again"));
		free(where);
	}
}
