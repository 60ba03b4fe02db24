// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings about sysctls and swap. */
#include "audit/audit.h"
#include "base/bytes.h"
#include "base/util.h"
#include "model/overcommit.h"

static int64_t sysctl(const struct audit *a, const char *name)
{
	return machine_value(&a->machine->sysctl, name);
}

static int64_t meminfo(const struct audit *a, const char *name)
{
	return machine_value(&a->machine->meminfo, name);
}

static char *set(const char *name, const char *value)
{
	return xasprintf("sysctl -w %s=%s && echo '%s = %s' >> /etc/sysctl.d/60-oom.conf", name, value, name, value);
}

/* mm/oom_kill.c:check_panic_on_oom(), kernel/panic.c: kernel.panic is the seconds until a reboot, 0 never */
void find_panic(struct audit *a)
{
	int64_t panic = sysctl(a, "vm.panic_on_oom"), reboot = sysctl(a, "kernel.panic");
	if (panic > 0 && reboot == 0)
		finding_add(a, "panic-without-reboot", SEVERITY_CRITICAL, xstrdup("vm.panic_on_oom"),
			    xasprintf("vm.panic_on_oom is %d and kernel.panic is 0: the first OOM stops the machine for good",
				      (int)panic), set("kernel.panic", "10"));
	if (panic == 2)
		finding_add(a, "panic-on-any-oom", SEVERITY_CRITICAL, xstrdup("vm.panic_on_oom"),
			    xstrdup("vm.panic_on_oom is 2: an OOM in any limited cgroup, any container, panics the whole machine"),
			    set("vm.panic_on_oom", "1"));
	else if (panic == 1)
		finding_add(a, "panic-on-oom", SEVERITY_NOTICE, xstrdup("vm.panic_on_oom"),
			    xstrdup("vm.panic_on_oom is 1: a global OOM panics the machine, nobody is killed; the order below is what "
				    "it would be without"),
			    set("vm.panic_on_oom", "0"));
}

void find_allocating(struct audit *a)
{
	if (sysctl(a, "vm.oom_kill_allocating_task") <= 0)
		return;
	finding_add(a, "kills-allocating-task", SEVERITY_WARNING, xstrdup("vm.oom_kill_allocating_task"),
		    xstrdup("in a global OOM whoever asks for memory at that moment dies, whatever its size and oom_score_adj (but "
			    "-1000): the order below does not hold"),
		    set("vm.oom_kill_allocating_task", "0"));
}

void find_dump(struct audit *a)
{
	if (sysctl(a, "vm.oom_dump_tasks") == 0)
		finding_add(a, "no-task-table", SEVERITY_NOTICE, xstrdup("vm.oom_dump_tasks"),
			    xstrdup("the kernel's OOM report will lack the table of processes: nobody can tell afterwards why this one died"),
			    set("vm.oom_dump_tasks", "1"));
}

static int64_t pages(const struct audit *a, int64_t kb)
{
	return kb > 0 ? kb / (a->machine->page_size / 1024) : 0;
}

/* The process with the most private writable memory: the one whose fork asks for the most. */
static int largest(const struct audit *a)
{
	int best = -1;
	for (size_t i = 0; i < a->machine->n_tasks; i++)
		if (best < 0 || a->machine->tasks[i].data_kb > a->machine->tasks[best].data_kb)
			best = (int)i;
	return best;
}

void find_overcommit(struct audit *a)
{
	int64_t mode = sysctl(a, "vm.overcommit_memory"), kb = sysctl(a, "vm.overcommit_kbytes");
	int big = largest(a);
	if (mode != 2 || big < 0)
		return;
	int64_t huge = meminfo(a, "HugePages_Total"), huge_kb = meminfo(a, "Hugepagesize");
	struct model_vm vm = {
		.mode = 2, .ratio = (int)sysctl(a, "vm.overcommit_ratio"), .overcommit_kb = kb > 0 ? (uint64_t)kb : 0,
		.page_size = a->machine->page_size, .totalram = a->scene.machine.totalram,
		.total_swap = a->scene.machine.total_swap,
		.hugetlb = huge > 0 && huge_kb > 0 ? (uint64_t)pages(a, huge * huge_kb) : 0,
		.committed = (uint64_t)pages(a, meminfo(a, "Committed_AS")),
	};
	int64_t admin = sysctl(a, "vm.admin_reserve_kbytes"), user = sysctl(a, "vm.user_reserve_kbytes");
	vm.admin_reserve_kb = admin > 0 ? (uint64_t)admin : 0;
	vm.user_reserve_kb = user > 0 ? (uint64_t)user : 0;
	const struct machine_task *t = &a->machine->tasks[big];
	struct model_request r = {
		.total_vm = (uint64_t)pages(a, t->vm_kb), .cap_sys_admin = t->cap_sys_admin,
	};
	uint64_t left, wanted = (uint64_t)pages(a, t->data_kb);
	if (!model_overcommit_largest(&a->era, &vm, &r, &left) || left >= wanted)
		return;
	char has[32], can[32];
	finding_add(a, "fork-refused", SEVERITY_WARNING, audit_who(a, big),
		    xasprintf("vm.overcommit_memory is 2: a fork of it asks for up to %s, and %s are left: ENOMEM, with memory free",
			      format_size((uint64_t)t->data_kb * 1024, has),
			      format_size(left * (uint64_t)a->machine->page_size, can)),
		    xasprintf("raise vm.overcommit_ratio (now %d), add swap, or sysctl -w vm.overcommit_memory=0", vm.ratio));
}

void find_swap(struct audit *a)
{
	int64_t total = meminfo(a, "SwapTotal"), left = meminfo(a, "SwapFree");
	if (total == 0)
		finding_add(a, "no-swap", SEVERITY_NOTICE, xstrdup("swap"),
			    xstrdup("there is none: anonymous memory can't be moved away, and an OOM comes without a warning"),
			    xstrdup("a small swap file, or zram"));
	else if (total > 0 && left >= 0 && left < total / 20)
		finding_add(a, "swap-full", SEVERITY_WARNING, xstrdup("swap"),
			    xasprintf("%d %% of it is used: what swap could delay has been delayed", (int)(100 - left * 100 / total)),
			    xstrdup("see who is in it (for f in /proc/[0-9]*/status; do grep -H VmSwap $f; done | sort -k2n), or add some"));
}
