// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
#include "case/case.h"
#include "case/when.h"
#include "tests/harness.h"

/* Expands a case that must be right. */
static struct test_list expand(const char *text, const char *release)
{
	struct error err = { 0 };
	struct test_list list = { 0 };
	struct case_file *c = case_parse("a/cases/b/t.yaml", text, strlen(text), &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_msg(case_expand(c, release, &list, &err) == 0, "%s", err.text);
	case_free(c);
	return list;
}

START_TEST(ids_and_order)
{
	struct test_list l = expand("title: x $n $$5 ${m}th\nmatrix:\n  - {axis: n, values: [a, b]}\n  - {axis: m, values: [1, 2, 3]}\n"
				    "tasks: [{name: t$n}]\ntrigger: t$n\nexpect: [{victims: [t$n], when: n = a}, {}]\n", NULL);
	static const char *const ids[] = { "b/t[n=a,m=1]", "b/t[n=a,m=2]", "b/t[n=a,m=3]",
					   "b/t[n=b,m=1]", "b/t[n=b,m=2]", "b/t[n=b,m=3]" };
	ck_assert_uint_eq(l.n, ARRAY_SIZE(ids));
	for (size_t i = 0; i < l.n; i++)
		ck_assert_str_eq(l.tests[i]->id, ids[i]);
	ck_assert_str_eq(l.tests[2]->title, "x a $5 3th");
	ck_assert_str_eq(l.tests[5]->tasks[0].name, "tb");
	ck_assert_uint_eq(l.tests[2]->steps[2].expect->n_victims, 1);
	ck_assert_str_eq(l.tests[2]->steps[2].expect->victims[0], "ta");
	ck_assert_uint_eq(l.tests[5]->steps[2].expect->n_victims, 0);
	ck_assert_uint_eq(l.tests[5]->n_steps, 3);
	test_list_free(&l);
}
END_TEST

START_TEST(id_of_a_path)
{
	static const struct {
		const char *path, *id;
	} rows[] = {
		{ "cases/memcg/a.yaml", "memcg/a" }, { "/x/cases/y/cases/z/a.yaml", "z/a" }, { "/tmp/a.yaml", "a" },
		{ "lower-cases/a.yaml", "a" },	     { "a", "a" },			     { "cases/a.yaml.yaml", "a.yaml" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct case_file *c = case_parse(rows[i].path, "title: x", 8, NULL);
		ck_assert_str_eq(case_id(c), rows[i].id);
		case_free(c);
	}
}
END_TEST

START_TEST(builtin_axes)
{
	struct test_list l = expand("title: x\nmatrix:\n  - {axis: memory, values: [256M, 1G]}\n  - {axis: cpus, values: [2]}\n"
				    "swap: zram\nswap_size: 64M\ncgroup: v1\ntasks: [{name: t, size: 25%}]\ntrigger: t\nexpect: [{}]\n",
				    NULL);
	const struct test *t = l.tests[1];
	ck_assert_uint_eq(l.n, 2);
	ck_assert_uint_eq(t->shape.memory, 1 << 30);
	ck_assert_int_eq(t->shape.cpus, 2);
	ck_assert_int_eq(t->swap, SWAP_ZRAM);
	ck_assert_uint_eq(t->swap_size, 64 << 20);
	ck_assert(!t->shape.disk);
	ck_assert_int_eq(t->hierarchy, HIERARCHY_V1);
	ck_assert(t->uses_cgroups);
	/* a quarter of the machine, in whole pages */
	ck_assert_uint_eq(t->tasks[0].size, (((UINT64_C(1) << 30) / 100) * 25) & ~UINT64_C(4095));
	ck_assert_uint_eq(l.tests[0]->tasks[0].size, (((UINT64_C(256) << 20) / 100) * 25) & ~UINT64_C(4095));
	ck_assert_uint_eq(t->tasks[0].step, 1 << 20);
	ck_assert_uint_eq(t->tasks[0].to, NO_LIMIT);
	ck_assert_int_eq(t->tasks[0].adj, ADJ_UNSET);
	test_list_free(&l);
}
END_TEST

static const struct expectation *expectation(const struct test *t, size_t number)
{
	for (size_t i = 0; i < t->n_steps; i++) {
		if (t->steps[i].op == STEP_EXPECT && number-- == 0)
			return t->steps[i].expect;
	}
	ck_abort_msg("no such expectation");
}

/* What an expectation leaves open follows from who asks, and from where. */
START_TEST(completion)
{
	struct test_list l = expand("title: x\nmachine: {nodes: [128M, 128M]}\n"
				    "cgroups: [{name: a, limit: 32M}, {name: a/b, limit: 16M}, {name: c}, {name: d, mems: 1}, {name: e, limit: 2G}]\n"
				    "tasks:\n"
				    "  - {name: in-a, cgroup: a/b}\n  - {name: in-c, cgroup: c}\n  - {name: in-d, cgroup: d}\n"
				    "  - {name: bound, policy: bind 1}\n  - {name: in-e, cgroup: e}\n"
				    "steps:\n"
				    "  - fill: [in-a, in-c, in-d, bound, in-e]\n"
				    "  - grow: in-a\n  - expect: {victims: [in-a]}\n"	/* 0: two limits */
				    "  - grow: in-c\n  - expect: {victims: [in-c]}\n"	/* 1: none */
				    "  - grow: in-d\n  - expect: {victims: [in-d]}\n"	/* 2: cpuset */
				    "  - grow: bound\n  - expect: {victims: [bound]}\n"	/* 3: policy */
				    "  - grow: in-e\n  - expect: {victims: [in-e]}\n"	/* 4: a limit above all memory is none */
				    "  - set: {cgroup: c, file: memory.max, value: 4M}\n  - expect: {victims: [in-c]}\n"	/* 5 */
				    "  - grow: in-c\n  - expect: {victims: [in-c]}\n"	/* 6: now it has a limit */
				    "  - move: {task: bound, cgroup: c}\n"
				    "  - grow: bound\n  - expect: {victims: [bound]}\n"	/* 7: and so has whoever moves in */
				    "  - sysrq: f\n  - expect: {victims: [in-c]}\n"	/* 8 */
				    "  - grow: in-c\n  - expect: {}\n"	/* 9: nobody dies */
				    "  - grow: in-c\n  - grow: in-a\n  - expect: {victims: [in-c], memcg: c}\n"	/* 10 */
				    "  - sysrq: f\n  - sysrq: f\n  - expect: {victims: [in-c, in-a]}\n", NULL);	/* 11 */
	static const struct {
		enum constraint constraint;
		int memcg;
		const char *trigger;
	} want[] = {
		{ CONSTRAINT_MEMCG, -1, "in-a" },	   { CONSTRAINT_NONE, -1, NULL },
		{ CONSTRAINT_CPUSET, -1, NULL },	   { CONSTRAINT_MEMORY_POLICY, -1, NULL },
		{ CONSTRAINT_NONE, -1, NULL },	   { CONSTRAINT_MEMCG, 2, "agent" },
		{ CONSTRAINT_MEMCG, 2, "in-c" },	   { CONSTRAINT_MEMCG, 2, "bound" },
		{ CONSTRAINT_NONE, -1, "kworker" },  { CONSTRAINT_ANY, -1, NULL },
		{ CONSTRAINT_MEMCG, 2, NULL },		   { CONSTRAINT_NONE, -1, "kworker" },
	};
	const struct test *t = l.tests[0];
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const struct expectation *e = expectation(t, i);
		ck_assert_msg(e->constraint == want[i].constraint, "%zu: constraint %d", i, e->constraint);
		ck_assert_msg(e->memcg == want[i].memcg, "%zu: memcg %d", i, e->memcg);
		ck_assert_msg(streq(e->trigger, want[i].trigger), "%zu: trigger %s", i, e->trigger ? e->trigger : "any");
		ck_assert(e->ooms_min == -1 && e->ooms_max == -1);
	}
	ck_assert(t->dangerous);
	test_list_free(&l);
}
END_TEST

#define BOX "title: x\ncgroups: [{name: b, limit: 8M}]\ntasks: [{name: t, cgroup: b}]\n"

START_TEST(danger)
{
	static const struct {
		const char *text;
		bool dangerous;
	} rows[] = {
		{ BOX "trigger: t\nexpect: [{victims: [t]}]\n", false },
		{ BOX "trigger: t\nexpect: [{victims: [t]}]\ndangerous: true\n", true },
		{ BOX "trigger: t\nexpect: [{victims: [t]}]\nsysctl: [{name: vm.panic_on_oom, value: 0}]\n", true },
		{ BOX "trigger: t\nexpect: [{victims: [t]}]\nsysctl: [{name: vm.panic_on_oom, value: 0}]\ndangerous: false\n", false },
		{ BOX "trigger: t\nexpect: [{victims: [t]}]\nswap: zram\n", true },
		{ BOX "steps: [{fill: [t]}, {sysrq: f}, {expect: {victims: [t]}}]\n", true },
		{ BOX "steps: [{fill: [t]}, {write: {path: /tmp/x, value: 1}}]\n", true },
		{ BOX "steps: [{fill: [t]}, {call: {task: t, what: mmap 4M}}]\n", false },
		{ BOX "steps: [{fill: [t]}, {call: {task: t, what: write /tmp/x 1}}]\n", true },
		{ BOX "steps: [{fill: [t]}, {set: {cgroup: b, file: memory.max, value: max}}, {grow: t}, {expect: {}}]\n", true },
		{ "title: x\ntasks: [{name: t}]\nsteps: [{fill: [t]}, {call: {task: t, what: mmap 4M}}]\n", false },
		{ "title: x\ntasks: [{name: t}]\nsteps: [{fill: [t]}, {call: {task: t, what: mmap 4M populate}}]\n", true },
		{ "title: x\ntasks: [{name: t}]\nsteps: [{fill: [t]}, {score: [t]}]\n", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct test_list l = expand(rows[i].text, NULL);
		ck_assert_msg(l.tests[0]->dangerous == rows[i].dangerous, "%s", rows[i].text);
		test_list_free(&l);
	}
}
END_TEST

START_TEST(conditional_steps_and_bugs)
{
	static const char text[] = BOX "steps:\n  - fill: [t]\n"
				       "  - {set: {cgroup: b, file: memory.oom.group, value: 1}, when: kernel >= 4.19}\n"
				       "  - grow: t\n  - expect: {victims: [t], end: dead}\n"
				       "bug: {commit: abc123, when: kernel >= 5.0 and kernel < 5.3, expect: {end: filled}}\n";
	struct test_list l = expand(text, "4.18.0-1");
	ck_assert_uint_eq(l.tests[0]->n_steps, 3);
	ck_assert(!l.tests[0]->bug_here);
	ck_assert_str_eq(l.tests[0]->bug_commit, "abc123");
	ck_assert_int_eq(expectation(l.tests[0], 0)->end, END_DEAD);
	test_list_free(&l);
	l = expand(text, "5.2.21");
	ck_assert_uint_eq(l.tests[0]->n_steps, 4);
	ck_assert(l.tests[0]->bug_here);
	ck_assert_int_eq(expectation(l.tests[0], 0)->end, END_FILLED);
	ck_assert_uint_eq(expectation(l.tests[0], 0)->n_victims, 0);
	test_list_free(&l);
}
END_TEST

/* Names are bytes: what YAML can say, a task can be called. */
START_TEST(hostile_names)
{
	struct test_list l = expand("title: x\ntasks:\n  - {name: \"a\\nb\\x1b[2J\"}\n  - {name: 'x)=/%s 0'}\n  - {name: \"\\xe4\\u2028\"}\n"
				    "  - {name: kid, kind: children, args: n=2 mem=anon}\n"
				    "trigger: \"a\\nb\\x1b[2J\"\nexpect: [{victims: ['x)=/%s 0', kid/2], also_die: [kid]}]\n", NULL);
	ck_assert_str_eq(l.tests[0]->tasks[0].name, "a\nb\033[2J");
	ck_assert_str_eq(l.tests[0]->tasks[1].name, "x)=/%s 0");
	ck_assert_str_eq(l.tests[0]->tasks[2].name, "ä\u2028");
	ck_assert_str_eq(expectation(l.tests[0], 0)->victims[1], "kid/2");
	test_list_free(&l);
}
END_TEST

/* A thousand tests are allowed, one more is not; nor is a matrix that would make a huge file huge a thousand times. */
START_TEST(limits)
{
	char text[20000];
	for (int n = 1000; n <= 1001; n++) {
		int len = sprintf(text, "title: x\ntasks: [{name: t}]\ntrigger: t\nexpect: [{}]\nmatrix:\n  - {axis: a, values: [%d]}\n"
				  "  - {axis: b, values: [", 0);
		for (int i = 0; i < n && i < 1000; i++)
			len += sprintf(text + len, "%s%d", i ? "," : "", i);
		sprintf(text + len, "]}\n%s", n > 1000 ? "  - {axis: c, values: [1, 2]}\n" : "");
		struct error err = { 0 };
		struct test_list l = { 0 };
		struct case_file *c = case_parse("t.yaml", text, strlen(text), &err);
		ck_assert_msg(c != NULL, "%s", err.text);
		ck_assert_int_eq(case_expand(c, NULL, &l, &err), n > 1000 ? -1 : 0);
		ck_assert_uint_eq(l.n, n > 1000 ? 0 : 1000);
		if (n > 1000)
			ck_assert_str_eq(err.text, "t.yaml:5:1: the matrix makes more than 1000 tests; take values out, or split the case");
		test_list_free(&l);
		case_free(c);
	}
}
END_TEST

START_TEST(conditions)
{
	static const struct {
		const char *condition, *release;
		bool holds;
	} rows[] = {
		{ "kernel >= 6.1", "6.1.5", true },	    { "kernel >= 6.1", "6.0.19", false },
		{ "kernel = 6.1", "6.1.5", true },	    { "kernel = 6.1.5", "6.1.5-2-amd64", true },
		{ "kernel = 6.1.5", "6.1.50", false },	    { "kernel > 6.1", "6.1.5", false },
		{ "kernel <= 6.1", "6.1.5", true },	    { "kernel < 6.1", "6.1.5", false },
		{ "kernel >= 5.10", "5.9.1", false },	    { "kernel >= 5.10", "5.10.0-38-cloud-amd64", true },
		{ "kernel != 6.1", "6.12.1", true },	    { "not kernel >= 6.1", "6.12.1", false },
		{ "kernel >= 6.12", "6.12.0-rc3+", true },  { "kernel>=6.1 and kernel<6.12", "6.6.1", true },
		{ "kernel >= 6.1", NULL, true },	    { "kernel < 6.1", NULL, false },
		{ "reaper", "4.19.0", true },	    { "reaper", "4.4.0", false },
		{ "not reaper and kernel < 5", "4.4.0", true }, { "kernel >= 4", "10.1", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct when_context context = { .release = rows[i].release };
		struct error err = { 0 };
		bool holds = !rows[i].holds;
		ck_assert_msg(when_holds(rows[i].condition, &context, &holds, NULL, &err) == 0, "%s: %s", rows[i].condition, err.text);
		ck_assert_msg(holds == rows[i].holds, "%s on %s", rows[i].condition, rows[i].release);
	}
}
END_TEST

/* Needs that the kernel and the target decide. */
START_TEST(unmet_needs)
{
	static const char text[] = BOX "trigger: t\nexpect: [{}]\n"
				       "needs: [kernel >= 5.19, era reaper, guest, target vm, cgroup file memory.peak, path /x, not kernel >= 7]\n";
	struct test_list l = expand(text, "4.4.0");
	static const struct {
		const char *release, *target, *needs;
		bool throw_away;
	} rows[] = {
		{ "6.1.0-1", "vm", "", true },
		{ "4.4.0", "vm", "kernel >= 5.19|era reaper|", true },
		{ "7.0.0", "host", "guest|target vm|not kernel >= 7|", false },
		{ NULL, "uml", "target vm|", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *missing = test_unmet_needs(l.tests[0], rows[i].release, rows[i].throw_away, rows[i].target), *m;
		char said[200] = "";
		size_t j;
		json_array_foreach(missing, j, m) {
			snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s|", json_string_value(json_object_get(m, "need")));
			ck_assert(json_is_string(json_object_get(m, "why")) && json_is_string(json_object_get(m, "how")));
		}
		ck_assert_str_eq(said, rows[i].needs);
		json_decref(missing);
	}
	test_list_free(&l);
}
END_TEST

/* A disk is overwritten in a virtual machine only, whatever else the case says of targets. */
START_TEST(written_disks_need_a_machine_of_their_own)
{
	static const char text[] = "title: x\ntasks: [{name: t, kind: file, args: \"path=/dev/sdb dirty=1\"}]\nneeds: [target host]\n"
				   "trigger: t\nexpect: [{}]\n";
	struct test_list l = expand(text, "6.1.0");
	json_t *missing = test_unmet_needs(l.tests[0], "6.1.0", false, "host");
	ck_assert_uint_eq(json_array_size(missing), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(missing, 0), "need")), "target vm");
	json_decref(missing);
	test_list_free(&l);
}
END_TEST

TESTS("case_expand", ids_and_order, id_of_a_path, builtin_axes, completion, danger, conditional_steps_and_bugs,
      hostile_names, limits, conditions, unmet_needs,
      written_disks_need_a_machine_of_their_own)
