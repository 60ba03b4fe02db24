// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders and findings, on machines made of a few lines. */
#include "audit/audit.h"
#include "audit/pods.h"
#include "base/util.h"
#include "tests/fake_root.h"
#include "tests/harness.h"

#define MIB(n) ((int64_t)(n) * 1024)	/* kB */

static const char *root;
static struct machine m;
static struct audit a;
static struct error err;

/* A machine of 4 GiB and 1 GiB swap with an init; the test adds to it and then calls look(). */
static void begin(void)
{
	root = fake_root();
	fake_process(&(struct fake_process){ .pid = 1, .comm = "systemd", .anon_kb = 9000, .score = -1 });
}

static void process(int pid, const char *comm, int64_t anon_kb, int adj, const char *cgroup)
{
	fake_process(&(struct fake_process){ .pid = pid, .ppid = 1, .comm = comm, .anon_kb = anon_kb, .adj = adj,
					     .cgroup = cgroup, .score = -1 });
}

static void look(struct audit_options o)
{
	o.near_percent = o.near_percent ? o.near_percent : 80;
	o.root = root;
	ck_assert_msg(machine_collect(root, &m, &err) == 0, "%s", err.text);
	ck_assert_msg(audit_make(&m, &o, &a, &err) == 0, "%s", err.text);
}

static void end(void)
{
	audit_free(&a);
	machine_free(&m);
	fake_end();
}

static const struct finding *finding(const char *id)
{
	for (size_t i = 0; i < a.n_findings; i++)
		if (streq(a.findings[i].id, id))
			return &a.findings[i];
	return NULL;
}

/* "b a": the victims of a ranking. */
static const char *order(const struct ranking *r)
{
	static char text[256];
	size_t n = 0;
	*text = '\0';
	for (size_t i = 0; i < r->series.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
				      m.tasks[r->series.steps[i].victim].comm);
	return text;
}

START_TEST(orders)
{
	const char *asked[] = { "/box/" };
	begin();
	fake_cgroup("/box", "104857600", "1000", 0);
	fake_cgroup("/full", "104857600", "104857000", 1);
	process(10, "small", MIB(10), 0, NULL);
	process(11, "large", MIB(100), 0, "/box");
	process(12, "raised", MIB(1), 500, "/full");
	process(13, "never", MIB(900), -1000, NULL);
	process(14, "mate", MIB(2), 0, "/full");
	look((struct audit_options){ .cgroups = asked, .n_cgroups = 1 });
	/* adj 500 is half of 5 GiB; mate dies with it, for /full is a group */
	ck_assert_str_eq(order(&a.global), "raised large small");
	ck_assert_uint_eq(a.global.series.steps[0].n_deaths, 2);
	ck_assert_uint_eq(a.place[4], 0);	/* never, in order of creation: systemd small large raised never mate */
	ck_assert_uint_eq(a.place[5], 1);
	ck_assert_str_eq(a.global.series.panic, "System is deadlocked on memory");
	ck_assert_uint_eq(a.n_cgroups, 2);
	ck_assert_str_eq(order(&a.cgroups[0]), "large");
	ck_assert_str_eq(order(&a.cgroups[1]), "raised");
	ck_assert_int_eq(a.cgroups[1].unit, (100 * 256 + 1024 * 256) / 1000);	/* limit and swap */
	end();
}
END_TEST

START_TEST(no_such_cgroup)
{
	const char *asked[] = { "/none" };
	begin();
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .cgroups = asked, .n_cgroups = 1, .near_percent = 80 }, &a, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/none"));
	end();
}
END_TEST

START_TEST(a_quiet_machine)
{
	begin();
	process(10, "sshd", MIB(5), -1000, NULL);
	process(11, "worker", MIB(100), 0, NULL);
	look((struct audit_options){ .most = 20 });
	for (size_t i = 0; i < a.n_findings; i++)
		ck_assert_msg(a.findings[i].severity == SEVERITY_NOTICE, "%s: %s", a.findings[i].id, a.findings[i].reason);
	end();
}
END_TEST

START_TEST(sysctls)
{
	begin();
	fake_file("/proc/sys/vm/panic_on_oom", "2\n");
	fake_file("/proc/sys/vm/oom_dump_tasks", "0\n");
	fake_file("/proc/sys/vm/oom_kill_allocating_task", "1\n");
	fake_file("/proc/sys/vm/overcommit_memory", "2\n");
	fake_file("/proc/sys/vm/overcommit_ratio", "0\n");
	fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 1048576 kB\nSwapFree: 1000 kB\nCommitted_AS: 1048570 kB\n");
	process(10, "worker", MIB(100), 0, NULL);
	look((struct audit_options){ .most = 20 });
	ck_assert_int_eq(finding("panic-without-reboot")->severity, SEVERITY_CRITICAL);
	ck_assert_ptr_nonnull(finding("panic-on-any-oom"));
	ck_assert_ptr_nonnull(finding("no-task-table"));
	ck_assert_ptr_nonnull(finding("kills-allocating-task"));
	ck_assert_ptr_nonnull(finding("fork-refused"));
	ck_assert_ptr_nonnull(finding("swap-full"));
	ck_assert_int_eq(a.findings[0].severity, SEVERITY_CRITICAL);	/* worst first */
	end();
}
END_TEST

START_TEST(panic_with_reboot)
{
	begin();
	fake_file("/proc/sys/vm/panic_on_oom", "1\n");
	fake_file("/proc/sys/kernel/panic", "10\n");
	look((struct audit_options){ .most = 20 });
	ck_assert_ptr_null(finding("panic-without-reboot"));
	ck_assert_ptr_nonnull(finding("panic-on-oom"));
	end();
}
END_TEST

START_TEST(processes)
{
	const char *critical[] = { "mydatabase" };
	begin();
	process(10, "sshd", MIB(5), 0, "/system.slice/ssh.service");
	process(11, "mydatabase", MIB(1500), -800, NULL);
	process(12, "agent", MIB(1200), -1000, NULL);
	for (int i = 0; i < 8; i++)
		process(20 + i, "worker", MIB(10), 0, NULL);
	look((struct audit_options){ .critical = critical, .n_critical = 1 });
	const struct finding *f = finding("critical-unprotected");
	ck_assert_str_eq(f->subject, "sshd (pid 10)");
	ck_assert_ptr_nonnull(strstr(f->remedy, "/etc/systemd/system/ssh.service.d/oom.conf"));
	ck_assert_int_eq(f->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(finding("unkillable-hog")->subject, "agent (pid 12)");
	ck_assert_int_eq(finding("unkillable-hog")->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(finding("protected-hog")->subject, "mydatabase (pid 11)");
	ck_assert_ptr_null(finding("little-to-kill"));	/* the database can die */
	end();
	begin();
	process(11, "mydatabase", MIB(15), 0, NULL);
	process(12, "agent", MIB(1200), -1000, NULL);
	look((struct audit_options){ .critical = critical, .n_critical = 1 });
	ck_assert_str_eq(finding("critical-unprotected")->subject, "mydatabase (pid 11)");
	ck_assert_ptr_nonnull(finding("little-to-kill"));
	end();
}
END_TEST

START_TEST(cgroups)
{
	begin();
	fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 0 kB\n");
	fake_cgroup("/group", "max", "1000", 1);
	fake_cgroup("/tiny", "2097152", "1000", 0);
	fake_cgroup("/high", "max", "99000000", 0);
	fake_file("/sys/fs/cgroup/high/memory.high", "100000000\n");
	fake_cgroup("/min", "max", "4000000000", 0);
	fake_file("/sys/fs/cgroup/min/memory.min", "max\n");
	process(10, "a", MIB(1), 0, "/group");
	process(11, "b", MIB(1), 0, "/group");
	process(12, "c", MIB(1), 0, "/tiny");
	process(13, "d", MIB(1), 500, "/tiny");
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(finding("group-kill")->subject, "/group");
	ck_assert_str_eq(finding("adj-without-effect")->subject, "/tiny");
	ck_assert_str_eq(finding("throttled")->subject, "/high");
	ck_assert_int_eq(finding("min-starves")->severity, SEVERITY_CRITICAL);
	ck_assert_ptr_nonnull(finding("no-swap"));
	end();
	begin();	/* the same, as it should be */
	fake_cgroup("/group", "max", "1000", 1);
	fake_cgroup("/tiny", "41943040", "1000", 0);
	fake_cgroup("/high", "max", "50000000", 0);
	fake_file("/sys/fs/cgroup/high/memory.high", "100000000\n");
	process(10, "a", MIB(1), 0, "/group");
	process(12, "c", MIB(1), 0, "/tiny");
	process(13, "d", MIB(1), 500, "/tiny");
	look((struct audit_options){ .most = 20 });
	ck_assert_ptr_null(finding("group-kill"));
	ck_assert_ptr_null(finding("adj-without-effect"));
	ck_assert_ptr_null(finding("throttled"));
	ck_assert_ptr_null(finding("min-starves"));
	ck_assert_ptr_null(finding("no-swap"));
	end();
}
END_TEST

START_TEST(killers_and_kernels)
{
	begin();
	process(10, "earlyoom", MIB(1), -100, NULL);
	process(11, "systemd-oomd", MIB(1), -900, NULL);
	fake_file("/proc/sys/kernel/osrelease", "4.4.0-210-generic\n");
	look((struct audit_options){ .most = 20 });
	ck_assert_ptr_nonnull(strstr(finding("killers-fight")->subject, "systemd-oomd"));
	ck_assert_ptr_nonnull(finding("known-bug"));
	ck_assert_ptr_null(finding("user-space-killer"));
	end();
	begin();
	process(10, "nohang", MIB(1), -100, NULL);
	fake_file("/proc/sys/kernel/osrelease", "6.18.1\n");
	fake_file("/sys/devices/system/cpu/online", "0-127\n");
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(finding("user-space-killer")->subject, "nohang");
	ck_assert_ptr_null(finding("killers-fight"));
	/* 128 CPUs that hold back 255 pages each, of 4 counters: 510 MiB */
	ck_assert_ptr_nonnull(strstr(finding("inexact-rss")->reason, "510 MiB"));
	end();
	begin();
	fake_file("/proc/sys/kernel/osrelease", "6.18.1\n");
	look((struct audit_options){ .most = 20 });
	ck_assert_ptr_null(finding("inexact-rss"));
	end();
}
END_TEST

/* At a limit, and a group that is not whole; each beside one that is as it should be. */
START_TEST(limits)
{
	begin();
	fake_cgroup("/warn", "104857600", "100000000", 0);
	fake_cgroup("/notice", "104857600", "95000000", 0);
	fake_cgroup("/well", "104857600", "50000000", 0);
	fake_cgroup("/torn", "max", "1000", 1);
	process(10, "a", MIB(90), 0, "/warn");
	process(11, "b", MIB(80), 0, "/notice");
	process(12, "c", MIB(1), 0, "/torn");
	process(13, "d", MIB(1), -1000, "/torn");
	look((struct audit_options){ .most = 20 });
	ck_assert_ptr_null(finding("group-kill"));
	ck_assert_str_eq(finding("group-not-whole")->subject, "/torn");
	ck_assert_str_eq(finding("near-limit")->subject, "/warn");
	ck_assert_int_eq(finding("near-limit")->severity, SEVERITY_WARNING);
	ck_assert_ptr_nonnull(strstr(finding("near-limit")->reason, "a (pid 10) dies first"));
	size_t near = 0;
	for (size_t i = 0; i < a.n_findings; i++)
		near += streq(a.findings[i].id, "near-limit");
	ck_assert_uint_eq(near, 2);
	end();
}
END_TEST

START_TEST(oom_kill_disabled)
{
	begin();
	fake_file("/proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "limited", "free", "kills" };
		CLEANUP_FREE char *limit = xasprintf("/sys/fs/cgroup/memory/%s/memory.limit_in_bytes", names[i]);
		CLEANUP_FREE char *control = xasprintf("/sys/fs/cgroup/memory/%s/memory.oom_control", names[i]);
		fake_file(limit, i == 1 ? "9223372036854771712\n" : "41943040\n");
		fake_file(control, "oom_kill_disable %d\nunder_oom 0\noom_kill 0\n", i < 2);
	}
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(finding("oom-kill-disabled")->subject, "/limited");
	size_t n = 0;
	for (size_t i = 0; i < a.n_findings; i++)
		n += streq(a.findings[i].id, "oom-kill-disabled");
	ck_assert_uint_eq(n, 1);
	end();
}
END_TEST

#define UID "0c4e2576_ef09_41a2_9b1a_0123456789ab"

START_TEST(pods)
{
	ck_assert_int_eq(pod_class_of("/kubepods/besteffort/pod" UID "/x"), POD_BEST_EFFORT);
	ck_assert_int_eq(pod_class_of("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID ".slice/x"), POD_BURSTABLE);
	ck_assert_int_eq(pod_class_of("/kubepods.slice/kubepods-pod" UID ".slice/x"), POD_GUARANTEED);
	ck_assert_int_eq(pod_class_of("/kubepods.slice"), POD_NONE);
	ck_assert_int_eq(pod_class_of("/system.slice/x.service"), POD_NONE);
	ck_assert_int_eq(pod_request_kb(750, 4000000), 1000000);
	ck_assert_int_eq(pod_request_kb(1000, 4000000), -1);
	begin();
	process(10, "good", MIB(1), 999, "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID ".slice");
	process(11, "bad", MIB(1), 5, "/kubepods/besteffort/pod" UID);
	process(12, "pause", MIB(1), -998, "/kubepods/besteffort/pod" UID);
	fake_cgroup("/kubepods/besteffort/pod" UID, "max", "1", 0);
	fake_cgroup("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID ".slice", "max", "1", 0);
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(finding("pod-adj")->subject, "bad (pid 11)");
	size_t told = 0;
	for (size_t i = 0; i < a.n_findings; i++)
		told += streq(a.findings[i].id, "pod-adj");
	ck_assert_uint_eq(told, 1);
	end();
}
END_TEST

#define ID "0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab0123"

START_TEST(container_names)
{
	struct names names = { NULL, 0 };
	begin();
	fake_file("/var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}");
	fake_file("/var/lib/containers/storage/overlay-containers/containers.json",
		  "[{\"id\":\"1123456789ab\",\"names\":[\"pod-man\"]},{\"id\":7},3]");
	fake_file("/run/containerd/io.containerd.runtime.v2.task/k8s.io/2123456789ab/config.json",
		  "{\"annotations\":{\"io.kubernetes.cri.sandbox-namespace\":\"prod\",\"io.kubernetes.cri.sandbox-name\":\"db-0\","
		  "\"io.kubernetes.cri.container-name\":\"pg\"}}");
	fake_file("/run/containers/storage/overlay-containers/3123456789ab/userdata/config.json",
		  "{\"annotations\":{\"io.kubernetes.pod.namespace\":\"prod\",\"io.kubernetes.pod.name\":\"web-1\"}}");
	fake_file("/run/containerd/io.containerd.runtime.v2.task/default/4123456789ab/config.json",
		  "{\"annotations\":{\"nerdctl/name\":\"alone\"}}");
	fake_file("/var/lib/docker/containers/broken6789ab/config.v2.json", "{\"Name\":");
	names_read(root, &names);
	ck_assert_str_eq(names_of(&names, ID), "web");
	ck_assert_str_eq(names_of(&names, "1123456789ab"), "pod-man");
	ck_assert_str_eq(names_of(&names, "2123456789ab"), "prod/db-0/pg");
	ck_assert_str_eq(names_of(&names, "3123456789ab"), "prod/web-1/sandbox");
	ck_assert_str_eq(names_of(&names, "4123456789ab"), "alone");
	ck_assert_ptr_null(names_of(&names, "9123456789ab"));
	ck_assert_uint_eq(names.n, 5);
	names_free(&names);
	fake_cgroup("/system.slice/docker-" ID ".scope", "max", "1", 0);
	process(10, "nginx", MIB(1), 0, "/system.slice/docker-" ID ".scope");
	look((struct audit_options){ .most = 20 });
	CLEANUP_FREE char *where = audit_where(&a, 1);
	ck_assert_str_eq(where, "container web");
	end();
}
END_TEST

/* The kernel says 0 of a process that it would not choose, and the model must not know better. */
START_TEST(what_the_kernel_refuses)
{
	begin();
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1, .comm = "dying", .anon_kb = MIB(100), .score = 0 });
	fake_process(&(struct fake_process){ .pid = 11, .ppid = 1, .comm = "alive", .anon_kb = MIB(10), .score = 667 });
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(order(&a.global), "alive");
	ck_assert_uint_eq(a.n_differing, 0);
	end();
}
END_TEST

START_TEST(pid_namespaces)
{
	begin();
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1, .comm = "nsinit", .nspid = "10\t1", .anon_kb = MIB(9), .score = -1 });
	fake_process(&(struct fake_process){ .pid = 11, .ppid = 10, .comm = "inside", .nspid = "11\t2", .anon_kb = MIB(1), .score = -1 });
	fake_process(&(struct fake_process){ .pid = 12, .ppid = 1, .comm = "outside", .nspid = "12", .anon_kb = MIB(2), .score = -1 });
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(order(&a.global), "nsinit outside");
	ck_assert_uint_eq(a.global.series.steps[0].n_deaths, 2);
	ck_assert_int_eq(a.global.series.steps[0].deaths[1].how, HOW_PIDNS);
	end();
}
END_TEST

/* No byte of a name may reach a terminal as it is. */
START_TEST(hostile_names)
{
	char *text = NULL;
	size_t len;
	begin();
	process(10, "a\033[2J\nfinding", MIB(10), 0, NULL);
	look((struct audit_options){ .most = 20 });
	FILE *f = open_memstream(&text, &len);
	audit_print(&a, f);
	audit_print_json(&a, f);
	fclose(f);
	ck_assert_ptr_null(strchr(text, '\033'));
	ck_assert_ptr_nonnull(strstr(text, "\\x1b[2J\\n"));
	free(text);
	end();
}
END_TEST

/* Sentences fit a terminal, and no row ends in blanks, whether somebody dies along or not. */
START_TEST(in_80_columns)
{
	char *text = NULL, *rest, *line;
	size_t len;
	begin();
	process(10, "a", MIB(10), 0, NULL);
	look((struct audit_options){ .most = 20 });
	FILE *f = open_memstream(&text, &len);
	audit_print(&a, f);
	fclose(f);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		len = strlen(line);
		ck_assert_msg(len <= 80 && !(len && line[len - 1] == ' '), "too long, or blanks at its end: \"%s\"", line);
	}
	free(text);
	end();
}
END_TEST

/* Two nodes of 2 GiB: the whole machine, a cpuset, and bind policies, of which only those count that forbid. */
START_TEST(nodes)
{
	static const struct fake_process all[] = {
		{ .pid = 10, .comm = "free", .anon_kb = MIB(100), .mems = "0-1", .policy = "default" },
		{ .pid = 11, .comm = "bound", .anon_kb = MIB(90), .mems = "0-1", .policy = "bind=static:1" },
		{ .pid = 12, .comm = "set0", .anon_kb = MIB(80), .mems = "0", .policy = "default" },
		{ .pid = 13, .comm = "set1", .anon_kb = MIB(70), .mems = "1", .policy = "default" },
		{ .pid = 14, .comm = "prefers", .anon_kb = MIB(60), .mems = "0-1", .policy = "prefer:0" },
		{ .pid = 15, .comm = "bound0", .anon_kb = MIB(50), .mems = "0-1", .policy = "bind:0" },
		{ .pid = 16, .comm = "spread", .anon_kb = MIB(40), .mems = "0-1", .policy = "interleave:0" },
	};
	begin();
	fake_file("/sys/devices/system/node/has_memory", "0-1\n");
	fake_file("/proc/zoneinfo", "Node 0, zone Normal\n present 524288\n spanned 524288\nNode 1, zone Normal\n present 524288\n spanned 524288\n");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct fake_process p = all[i];
		p.ppid = 1;
		p.score = -1;
		fake_process(&p);
	}
	look((struct audit_options){ .most = 20 });
	ck_assert_str_eq(order(&a.global), "free bound set0 set1 prefers bound0 spread");
	ck_assert_uint_eq(a.n_numa, 4);
	/* in order of their first task, which is init for the first */
	ck_assert_int_eq(a.numa[0].constraint, CONSTRAINT_CPUSET);
	ck_assert_uint_eq(a.numa[0].nodes, 1);
	ck_assert_str_eq(order(&a.numa[0]), "free bound set0 prefers bound0 spread");
	ck_assert_int_eq(a.numa[1].constraint, CONSTRAINT_MEMORY_POLICY);
	ck_assert_uint_eq(a.numa[1].nodes, 2);
	/* a policy asks about policies only (mm/oom_kill.c:oom_cpuset_eligible), and interleave restricts nobody on 6.1 */
	ck_assert_str_eq(order(&a.numa[1]), "free bound set0 set1 prefers spread");
	ck_assert_uint_eq(a.numa[1].totalpages, 524288 + 262144);	/* the node, and all of swap */
	ck_assert_int_eq(a.numa[2].constraint, CONSTRAINT_CPUSET);
	ck_assert_str_eq(order(&a.numa[2]), "free bound set1 prefers bound0 spread");
	ck_assert_str_eq(order(&a.numa[3]), "free set0 set1 prefers bound0 spread");
	/* a snapshot keeps all of it */
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	ck_assert_int_eq(machine_save(&m, f, &err), 0);
	fclose(f);
	struct machine again;
	struct audit b;
	f = fmemopen(text, len, "r");
	ck_assert_msg(machine_load(f, "saved", &again, &err) == 0, "%s", err.text);
	fclose(f);
	ck_assert_int_eq(audit_make(&again, &(struct audit_options){ .near_percent = 80 }, &b, &err), 0);
	ck_assert_uint_eq(b.n_numa, 4);
	ck_assert_uint_eq(b.numa[1].series.n, 6);
	audit_free(&b);
	machine_free(&again);
	free(text);
	end();
}
END_TEST

TESTS("audit", in_80_columns, nodes, orders, no_such_cgroup, a_quiet_machine, sysctls, panic_with_reboot, processes, cgroups, killers_and_kernels, limits, oom_kill_disabled, pods,
      container_names, what_the_kernel_refuses, pid_namespaces, hostile_names)
