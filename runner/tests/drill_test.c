// SPDX-License-Identifier: GPL-2.0-or-later
/* What a drill would do: its case, its prediction, and when it refuses. That it does no harm is ci/tests/drill's part. */
#include "base/util.h"
#include "case/case.h"
#include "drill/guest.h"
#include "drill/service.h"
#include "tests/fake_root.h"
#include "tests/harness.h"

#define MIB(n) ((int64_t)(n) * 1024)	/* kB */

static struct machine m;
static struct audit a;
static struct drill d;
static struct error err;

static void process(int pid, const char *comm, int64_t anon_kb, int adj, const char *cgroup)
{
	fake_process(&(struct fake_process){ .pid = pid, .ppid = 1, .comm = comm, .anon_kb = anon_kb, .adj = adj,
					     .cgroup = cgroup, .score = -1 });
}

static void begin(void)
{
	const char *root = fake_root();
	fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 4000000 kB\nSwapTotal: 0 kB\n");
	fake_cgroup("/system.slice", "max", "1", 0);
	fake_cgroup("/system.slice/db.service", "1073741824", "1", 0);
	fake_process(&(struct fake_process){ .pid = 1, .comm = "systemd", .anon_kb = 9000, .score = -1 });
	process(10, "main", MIB(400), -500, "/system.slice/db.service");
	process(11, "a: [b]\n\033", MIB(200), 300, "/system.slice/db.service");
	process(12, "helper", MIB(40), -1000, "/system.slice/db.service");
	process(13, "else", MIB(100), 0, "/system.slice");
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .near_percent = 101 }, &a, &err), 0);
}

static void end(void)
{
	drill_free(&d);
	audit_free(&a);
	machine_free(&m);
	fake_end();
}

/* What it writes is a case that loads. */
static void check_case(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	drill_write(&d, f);
	fclose(f);
	struct case_file *c = case_parse("drill.yaml", text, len, &err);
	ck_assert_msg(c != NULL, "%s\n%s", err.text, text);
	case_free(c);
	free(text);
}

START_TEST(a_box)
{
	begin();
	ck_assert_int_eq(drill_box(&a, &(struct drill_options){ .what = "db", .memory = 128 << 20, .may_lower = true }, &d, &err), 0);
	ck_assert_uint_eq(d.n_tasks, 3);
	ck_assert_double_eq_tol(d.factor, 0.125, 0.001);	/* 1 GiB to 128 MiB */
	ck_assert_str_eq(d.tasks[0].name, "1-main");
	ck_assert_uint_eq(d.tasks[0].size, 50 << 20);
	ck_assert_str_eq(d.tasks[1].name, "2-a___b___");
	ck_assert_int_eq(d.tasks[2].adj, -1000);
	/* main leaks to 98 MiB, and counts -64; the other 25 MiB, and counts 38 more */
	ck_assert_str_eq(d.tasks[d.steps[0].victims[0]].name, "2-a___b___");
	ck_assert_uint_gt(d.leak_to, 98 << 20);
	check_case();
	end();
}
END_TEST

/* Without the capability all oom_score_adj are raised alike, and who can't be killed is left out. */
START_TEST(raised)
{
	begin();
	ck_assert_int_eq(drill_box(&a, &(struct drill_options){ .what = "/system.slice/db.service", .memory = 128 << 20 }, &d, &err), 0);
	ck_assert_uint_eq(d.n_tasks, 2);
	ck_assert_int_eq(d.tasks[0].adj, 0);
	ck_assert_int_eq(d.tasks[1].adj, 800);
	ck_assert_str_eq(d.tasks[d.steps[0].victims[0]].name, "2-a___b___");
	ck_assert_uint_eq(d.n_notes, 2);
	check_case();
	end();
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		struct drill_options o;
		const char *why;
	} table[] = {
		{ { .what = "none", .memory = 128 << 20 }, "no unit or memory cgroup" },
		{ { .what = "db", .memory = 128 << 20, .leak = "nobody" }, "no process \"nobody\"" },
		{ { .what = "db", .memory = 1 << 20 }, "do not fit" },
	};
	begin();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_int_eq(drill_box(&a, &table[i].o, &d, &err), -1);
		ck_assert_msg(strstr(err.text, table[i].why) != NULL, "%s", err.text);
		drill_free(&d);
	}
	ck_assert_int_eq(drill_box(&a, &(struct drill_options){ .what = "db", .memory = 128 << 20 }, &d, &err), 0);
	free(m.mount);
	m.mount = xstrdup("/nonexistent");
	ck_assert_int_eq(drill_prove(&d, &err), -1);
	ck_assert(geteuid() != 0 || strstr(err.text, "/nonexistent"));
	d.memory = UINT64_C(3) << 30;
	ck_assert_int_eq(drill_prove(&d, &err), -1);
	ck_assert(geteuid() != 0 || strstr(err.text, "are available"));
	end();
}
END_TEST

/* Who is within 2 MiB of another is not called. */
START_TEST(too_near)
{
	const char *root = fake_root();
	fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 0 kB\n");
	fake_cgroup("/x.service", "268435456", "1", 0);
	process(10, "one", MIB(60), 0, "/x.service");
	process(11, "two", MIB(128), 0, "/x.service");
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .most = 1, .near_percent = 101 }, &a, &err), 0);
	/* one leaks until it has what two leaves: 64 MiB */
	ck_assert_int_eq(drill_box(&a, &(struct drill_options){ .what = "x", .memory = 128 << 20, .leak = "one" }, &d, &err), -1);
	ck_assert_msg(strstr(err.text, "too near") != NULL, "%s", err.text);
	drill_free(&d);
	ck_assert_int_eq(drill_box(&a, &(struct drill_options){ .what = "x", .memory = 128 << 20, .leak = "two" }, &d, &err), 0);
	ck_assert_str_eq(d.tasks[d.steps[0].victims[0]].name, "1-two");
	end();
}
END_TEST

/* The unit's share of swap, by the nearest limit above it; none where it would fill what is left. */
START_TEST(swap)
{
	static const struct {
		const char *own, *above;
		int64_t free_kb;
		uint64_t swap;
	} table[] = {
		{ "max", "max", MIB(1024), 128 << 20 },
		{ "268435456", "max", MIB(1024), 32 << 20 },
		{ "268435456", "134217728", MIB(1024), 16 << 20 },
		{ "0", "max", MIB(1024), 0 },
		{ "max", "max", MIB(255), 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *root = fake_root();
		fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 1048576 kB\nSwapFree: %d kB\n", (int)table[i].free_kb);
		fake_cgroup("/s", "max", "1", 0);
		fake_cgroup("/s/x.service", "1073741824", "1", 0);
		fake_file("/sys/fs/cgroup/s/memory.swap.max", "%s\n", table[i].above);
		fake_file("/sys/fs/cgroup/s/x.service/memory.swap.max", "%s\n", table[i].own);
		process(10, "one", MIB(400), 0, "/s/x.service");
		process(11, "two", MIB(100), 0, "/s/x.service");
		ck_assert_int_eq(machine_collect(root, &m, &err), 0);
		ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .most = 1, .near_percent = 101 }, &a, &err), 0);
		ck_assert_msg(drill_box(&a, &(struct drill_options){ .what = "x", .memory = 128 << 20 }, &d, &err) == 0, "%s", err.text);
		ck_assert_uint_eq(d.swap, table[i].swap);
		ck_assert_uint_gt(d.leak_to, (115 << 20) + table[i].swap);	/* all that two leaves */
		ck_assert_uint_eq(d.n_notes, table[i].free_kb < MIB(256) ? 1 : 0);
		check_case();
		end();
	}
}
END_TEST

START_TEST(a_guest)
{
	begin();
	ck_assert_int_eq(drill_guest(&a, &(struct drill_options){ .memory = 540 << 20, .most = 5 }, &d, &err), 0);
	ck_assert_double_eq_tol(d.factor, 0.125, 0.001);	/* 512 MiB of 4 GiB */
	ck_assert_uint_eq(d.n_tasks, 4);
	/* 300 thousandths of 512 MiB and 25; then 12; main counts less than nothing */
	ck_assert_uint_eq(d.n_steps, 3);
	ck_assert_str_eq(d.tasks[d.steps[0].victims[0]].name, "2-a___b___");
	ck_assert_str_eq(d.tasks[d.steps[1].victims[0]].name, "4-else");
	ck_assert_str_eq(d.tasks[d.steps[2].victims[0]].name, "1-main");
	/* else is in a cgroup that has another one below it */
	ck_assert_str_eq(d.cgroups[d.tasks[3].cgroup].name, "c1/own");
	ck_assert_uint_eq(d.cgroups[d.tasks[0].cgroup].limit, 134217728);
	check_case();
	end();
}
END_TEST

/* Ten processes that are alike in small: they die in the order of the originals all the same, to the last. */
START_TEST(a_crowd)
{
	const char *root = fake_root();
	fake_process(&(struct fake_process){ .pid = 1, .comm = "systemd", .anon_kb = 9000, .score = -1 });
	for (int i = 0; i < 10; i++)
		process(10 + i, "small", 300 + i * 13 % 10, i == 3 ? -1 : i == 4 ? 10 : 0, NULL);
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .near_percent = 101 }, &a, &err), 0);
	ck_assert_int_eq(drill_guest(&a, &(struct drill_options){ .memory = 540 << 20 }, &d, &err), 0);
	ck_assert_uint_eq(d.n_steps, 10);
	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(d.tasks[d.steps[i].victims[0]].source, a.global.series.steps[i].victim);
	ck_assert_uint_eq(d.n_notes, 1);
	/* however much of the guest its kernel takes for itself */
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i + 1 < 10; i++) {
			const struct drill_task *t = &d.tasks[d.steps[i].victims[0]], *next = &d.tasks[d.steps[i + 1].victims[0]];
			int64_t lead = (int64_t)(t->size - next->size) / 4096 + (t->adj - next->adj) * (int64_t)(guest_pages(&d, k) / 1000);
			ck_assert_msg(lead > 64, "%s leads by %ld pages only", t->name, (long)lead);
		}
	}
	drill_free(&d);
	/* no room for that: as far as it goes */
	ck_assert_int_eq(drill_guest(&a, &(struct drill_options){ .memory = 115 << 20 }, &d, &err), 0);
	ck_assert_uint_lt(d.n_steps, 10);
	ck_assert_int_eq(d.tasks[d.steps[0].victims[0]].source, a.global.series.steps[0].victim);
	end();
}
END_TEST

/* What systemd promises, setting by setting, and what it would be blamed for. */
START_TEST(promises)
{
	static const struct {
		const char *policy, *restart;
		struct service_seen seen;
		const char *wrong;	/* a part of the sentence; NULL: as it should be */
	} table[] = {
#define SEEN(k, e, l, r, n, m) { .killed = (char *)(k), .ended = (char *)(e), .left = (char *)(l), .result = (char *)(r), .restarts = (n), .main_killed = (m) }
		{ "stop", "no", SEEN("b", "a, c", "", "oom-kill", 0, false), NULL },
		{ "stop", "no", SEEN("b", "", "a, c", "success", 0, false), "are alive" },
		{ "stop", "no", SEEN("b", "a, c", "", "signal", 0, false), "not oom-kill" },
		{ "stop", "no", SEEN("b", "a, c", "", "oom-kill", 1, false), "was started again" },
		{ "stop", "on-failure", SEEN("b", "a, c", "", "success", 1, false), NULL },
		{ "stop", "on-abnormal", SEEN("b", "a, c", "", "oom-kill", 0, false), "not started again" },
		{ "stop", "on-success", SEEN("b", "a, c", "", "oom-kill", 0, false), NULL },
		{ "continue", "on-failure", SEEN("b", "", "a, c", "success", 0, false), NULL },
		{ "continue", "no", SEEN("b", "c", "a", "success", 0, false), "had left" },
		{ "continue", "no", SEEN("a", "b, c", "", "signal", 0, true), NULL },
		{ "continue", "no", SEEN("a", "b", "c", "signal", 0, true), "are alive" },
		{ "kill", "no", SEEN("a, b, c", "", "", "oom-kill", 0, true), NULL },
		{ "kill", "no", SEEN("a, b", "c", "", "oom-kill", 0, true), "did not kill all" },
		{ "kill", "no", SEEN("a, b", "", "c", "oom-kill", 0, true), "are alive" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct service s = { .policy = (char *)table[i].policy, .restart = (char *)table[i].restart };
		const char *wrong = service_judge(&s, &table[i].seen);
		ck_assert_msg(table[i].wrong ? wrong && strstr(wrong, table[i].wrong) : !wrong, "row %zu: %s", i, wrong ? wrong : "nothing");
	}
}
END_TEST

TESTS("drill", promises, a_box, raised, refusals, too_near, swap, a_guest, a_crowd)
