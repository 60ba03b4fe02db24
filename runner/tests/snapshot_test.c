// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a machine below a root, and saving and loading what was read. */
#include <sys/stat.h>

#include "base/util.h"
#include "machine/machine.h"
#include "tests/fake_root.h"
#include "tests/harness.h"

static struct machine m;
static struct error err;

static const struct machine_task *task(int pid)
{
	for (size_t i = 0; i < m.n_tasks; i++)
		if (m.tasks[i].pid == pid)
			return &m.tasks[i];
	ck_abort_msg("no process %d", pid);
	return NULL;
}

static bool lacks(const char *word)
{
	for (size_t i = 0; i < m.n_lacks; i++)
		if (strstr(m.lacks[i], word))
			return true;
	return false;
}

START_TEST(reads_what_is_there)
{
	const char *root = fake_root();
	fake_cgroup("/a.slice", "max", "1000", 0);
	fake_cgroup("/a.slice/b.service", "104857600", "52428800", 1);
	fake_file("/sys/fs/cgroup/a.slice/b.service/cgroup.procs", "20\n10\n");
	/* no memory controller below b.service: its tasks belong to b.service */
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1, .adj = -17, .comm = "a) b (c", .start = 500,
					     .anon_kb = 1000, .file_kb = 20, .swap_kb = 300, .pte_kb = 44, .threads = 3,
					     .cgroup = "/a.slice/b.service/inner", .score = 666 });
	fake_process(&(struct fake_process){ .pid = 20, .ppid = 10, .comm = "evil\033[2J\nPid: 1", .cgroup = "/a.slice/b.service",
					     .start = 400, .nspid = "20\t1", .score = -1 });
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_uint_eq(m.n_tasks, 2);
	ck_assert_int_eq(m.tasks[0].pid, 20);	/* the older one first */
	const struct machine_task *t = task(10);
	ck_assert_str_eq(t->comm, "a) b (c");
	ck_assert_int_eq(t->adj, -17);
	ck_assert_int_eq(t->threads, 3);
	ck_assert_int_eq(t->anon_kb, 1000);
	ck_assert_int_eq(t->swap_kb, 300);
	ck_assert_int_eq(t->pte_kb, 44);
	ck_assert_int_eq(t->score, 666);
	ck_assert_uint_eq(t->joined, 2);
	ck_assert_uint_eq(t->mems, 1);
	ck_assert(t->cap_sys_admin);
	ck_assert_str_eq(machine_path(&m, t->cgroup), "/a.slice/b.service");
	ck_assert_int_eq(m.cgroups[m.cgroups[t->cgroup].parent].limit == MACHINE_MAX, 1);
	ck_assert_uint_eq(m.cgroups[t->cgroup].limit, 104857600);
	ck_assert(m.cgroups[t->cgroup].group);
	ck_assert_int_eq(m.cgroups[t->cgroup].n_max, 3);
	t = task(20);
	ck_assert_str_eq(t->comm, "evil\033[2J\nPid: 1");
	ck_assert_int_eq(t->ns_depth, 1);
	ck_assert_int_eq(t->ns_pid, 1);
	ck_assert_int_eq(t->score, MACHINE_UNKNOWN);
	ck_assert_int_eq(m.cpus, 4);
	ck_assert_int_eq(machine_value(&m.meminfo, "MemTotal"), 4194304);
	ck_assert_int_eq(machine_value(&m.sysctl, "vm.panic_on_oom"), 0);
	ck_assert_int_eq(machine_value(&m.sysctl, "vm.no_such"), MACHINE_UNKNOWN);
	machine_free(&m);
	fake_end();
}
END_TEST

/* A directory without files is what a process leaves that ends between two reads. */
START_TEST(vanished_and_kernel_threads)
{
	const char *root = fake_root();
	char path[128];
	snprintf(path, sizeof(path), "%s/proc/77", root);
	mkdir(path, 0755);
	fake_file("/proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0 0 0 0 0 0 0 0\n");
	fake_file("/proc/3/stat", "3 (zombie) Z 1 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0 0 0 0 0 0 0 0\n");
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1 });
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_uint_eq(m.n_tasks, 1);
	ck_assert_uint_eq(m.vanished, 1);
	machine_free(&m);
	fake_end();
}
END_TEST

/* mm/oom_kill.c:find_lock_task_mm(): the leader has gone, a thread still has the memory */
START_TEST(zombie_leader_with_threads)
{
	const char *root = fake_root();
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1, .threads = 2 });
	fake_file("/proc/10/stat", "10 (x) Z 1 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 2 0 5 0 0 0 0 0 0 0 0 0\n");
	fake_file("/proc/10/status", "Name:\tx\nState:\tZ (zombie)\nNSpid:\t10\n");
	fake_file("/proc/10/task/11/status", "Name:\tx\nVmSize:\t 5000 kB\nRssAnon:\t 4000 kB\nNSpid:\t11\n");
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_uint_eq(m.n_tasks, 1);
	ck_assert_int_eq(m.tasks[0].anon_kb, 4000);
	machine_free(&m);
	fake_end();
}
END_TEST

START_TEST(says_what_it_lacks)
{
	const char *root = fake_root();
	fake_file("/proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw,hidepid=invisible\n");
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert(lacks("hidepid"));
	ck_assert(lacks("cgroups"));
	ck_assert(!m.memory_v1 && !m.memory_v2);
	machine_free(&m);
	fake_end();
	ck_assert_int_eq(machine_collect("/nonexistent", &m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/proc"));
	machine_free(&m);
}
END_TEST

START_TEST(cgroup_v1)
{
	const char *root = fake_root();
	fake_file("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
					  "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	fake_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	fake_file("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "4194304\n");
	fake_file("/sys/fs/cgroup/memory/box/memory.memsw.limit_in_bytes", "8388608\n");
	fake_file("/sys/fs/cgroup/memory/box/memory.usage_in_bytes", "4096\n");
	fake_file("/sys/fs/cgroup/memory/box/memory.swappiness", "7\n");
	fake_file("/sys/fs/cgroup/memory/box/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 5\n");
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1 });
	fake_file("/proc/10/cgroup", "5:cpu:/box/x\n4:memory:/box/deeper\n0::/other\n");
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert(m.memory_v1);
	ck_assert_uint_eq(m.n_cgroups, 1);
	ck_assert_int_eq(m.tasks[0].cgroup, 0);
	ck_assert_uint_eq(m.cgroups[0].limit, 4194304);
	ck_assert_uint_eq(m.cgroups[0].swap_limit, 8388608);
	ck_assert_int_eq(m.cgroups[0].swappiness, 7);
	ck_assert(m.cgroups[0].oom_kill_disable);
	ck_assert_int_eq(m.cgroups[0].n_oom_kill, 5);
	machine_free(&m);
	fake_end();
}
END_TEST

static char *saved(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	ck_assert_int_eq(machine_save(&m, f, &err), 0);
	fclose(f);
	return text;
}

static int load(const char *text)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	int ret = machine_load(f, "snapshot", &m, &err);
	fclose(f);
	return ret;
}

START_TEST(saved_and_loaded)
{
	const char *root = fake_root();
	fake_cgroup("/a", "104857600", "52428800", 1);
	fake_process(&(struct fake_process){ .pid = 10, .ppid = 1, .adj = 300, .comm = "\377\001 \"x", .anon_kb = 5000, .cgroup = "/a" });
	fake_process(&(struct fake_process){ .pid = 11, .ppid = 10, .comm = "y" });
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	CLEANUP_FREE char *text = saved();
	machine_free(&m);
	ck_assert_msg(load(text) == 0, "%s", err.text);
	CLEANUP_FREE char *again = saved();
	ck_assert_str_eq(text, again);
	ck_assert_str_eq(task(10)->comm, "\377\001 \"x");
	ck_assert_uint_eq(m.cgroups[0].high, MACHINE_MAX);
	machine_free(&m);
	/* every prefix of it is noticed */
	for (size_t len = 1; len < strlen(text) - 1; len += 7) {
		CLEANUP_FREE char *torn = xasprintf("%.*s", (int)len, text);
		ck_assert_int_eq(load(torn), -1);
		machine_free(&m);
	}
	fake_end();
}
END_TEST

START_TEST(hostile_snapshots)
{
#define HEAD "{\"machine\":{\"format\":1,\"page_size\":4096,\"cpus\":1}}\n"
	static const struct {
		const char *text, *why;
	} table[] = {
		{ "\n", "no JSON" },
		{ "{\"task\":{}}\n", "not a snapshot" },
		{ "{\"machine\":{\"format\":2}}\n", "format" },
		{ "{\"machine\":{\"format\":1,\"page_size\":3,\"cpus\":1}}\n", "page_size" },
		{ "{\"machine\":{\"format\":1,\"page_size\":4096,\"cpus\":1,\"node\":[{\"id\":64}]}}\n", "node" },
		{ HEAD "{\"cgroup\":{\"path\":\"/a\",\"parent\":0}}\n", ":2: a cgroup" },
		{ HEAD "{\"cgroup\":{\"path\":\"a\"}}\n", "a cgroup" },
		{ HEAD "{\"cgroup\":{\"path\":7}}\n", "is no text" },
		{ HEAD "{\"task\":{\"pid\":1,\"comm\":\"0123456789012345\"}}\n", "15 bytes" },
		{ HEAD "{\"task\":{\"pid\":1,\"cgroup\":0}}\n", "a process" },
		{ HEAD "{\"task\":{\"pid\":1,\"adj\":1001}}\n", "a process" },
		{ HEAD "{\"task\":{\"pid\":1,\"anon_kb\":-1}}\n", "a process" },
		{ HEAD "{\"task\":{\"pid\":1,\"anon_kb\":9000000000000000000}}\n", "a process" },
		{ HEAD "{\"task\":{\"pid\":99999999999}}\n", "out of range" },
		{ HEAD "{\"task\":{\"pid\":\"1\"}}\n", "whole number" },
		{ HEAD "{\"task\":{\"pid\":1,\"mm\":5}}\n{\"end\":{\"cgroups\":0,\"tasks\":1}}\n", "mm" },
		{ HEAD "{\"end\":{\"cgroups\":0,\"tasks\":1}}\n", "missing" },
		{ HEAD, "end is missing" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_int_eq(load(table[i].text), -1);
		ck_assert_msg(strstr(err.text, table[i].why) != NULL, "%zu: %s", i, err.text);
		machine_free(&m);
	}
}
END_TEST

/* The machine this runs on: whatever it is, this process's parent (Check forks each test) is found with its numbers. */
START_TEST(this_machine)
{
	ck_assert_int_eq(machine_collect("", &m, &err), 0);
	const struct machine_task *t = task(getppid());
	ck_assert_uint_eq(t->uid, getuid());
	ck_assert_int_gt(t->anon_kb + t->file_kb, 100);
	machine_free(&m);
}
END_TEST

TESTS("snapshot", reads_what_is_there, vanished_and_kernel_threads, zombie_leader_with_threads, says_what_it_lacks, cgroup_v1,
      saved_and_loaded, hostile_snapshots, this_machine)
