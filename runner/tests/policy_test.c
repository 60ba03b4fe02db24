// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of a policy: each kind seen to hold, to fail and to be undecidable. */
#include <fcntl.h>

#include "audit/policy_file.h"
#include "base/util.h"
#include "tests/fake_root.h"
#include "tests/harness.h"

static struct machine m;
static struct audit a;
static struct error err;

static void process(int pid, const char *comm, int64_t anon_kb, int adj, const char *cgroup)
{
	fake_process(&(struct fake_process){ .pid = pid, .ppid = 1, .comm = comm, .anon_kb = anon_kb, .adj = adj,
					     .cgroup = cgroup, .score = -1 });
}

/* The order of deaths is worker, worker, database; the guard never dies. */
static void begin(const char *release)
{
	const char *root = fake_root();
	fake_file("/proc/sys/kernel/osrelease", "%s\n", release);
	fake_cgroup("/system.slice/db.service", "max", "1", 0);
	fake_process(&(struct fake_process){ .pid = 1, .comm = "systemd", .anon_kb = 9000, .score = -1 });
	process(10, "worker", 400000, 0, NULL);
	process(11, "worker", 300000, 0, NULL);
	process(12, "database", 200000, -10, "/system.slice/db.service");
	process(13, "guard", 300000, -1000, NULL);
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .near_percent = 80 }, &a, &err), 0);
}

static void end(void)
{
	audit_free(&a);
	machine_free(&m);
	fake_end();
}

static enum verdict judge(const char *text)
{
	struct policy *p = policy_parse("p.yaml", text, strlen(text), &err);
	ck_assert_msg(p != NULL, "%s", err.text);
	ck_assert_uint_eq(policy_rules(p), 1);
	struct result *r = policy_judge(p, 0, &a);
	enum verdict v = r->verdict;
	result_free(r);
	policy_free(p);
	return v;
}

START_TEST(rules)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} table[] = {
		{ "outlives: [{who: database, whom: worker}]", VERDICT_PASS },
		{ "outlives: [{who: worker, whom: database}]", VERDICT_FAIL },
		{ "outlives: [{who: db, whom: work*}]", VERDICT_PASS },
		{ "outlives: [{who: /system.slice, whom: worker}]", VERDICT_PASS },
		{ "outlives: [{who: /system.slic, whom: worker}]", VERDICT_ERROR },
		{ "outlives: [{who: guard, whom: database}]", VERDICT_PASS },
		{ "outlives: [{who: database, whom: guard}]", VERDICT_FAIL },
		{ "outlives: [{who: worker, whom: worker}]", VERDICT_FAIL },
		{ "outlives: [{who: nobody, whom: worker}]", VERDICT_ERROR },
		{ "{optional: [nobody], outlives: [{who: worker, whom: nobody}]}", VERDICT_SKIP },
		{ "never_first: [database]", VERDICT_PASS },
		{ "never_first: [worker]", VERDICT_FAIL },
		{ "{first: 3, never_first: [database]}", VERDICT_FAIL },
		{ "{first: 2, never_first: [database]}", VERDICT_PASS },
		{ "survives: [guard]", VERDICT_PASS },
		{ "survives: [database]", VERDICT_FAIL },
		{ "adj: [{who: worker, is: 0}]", VERDICT_PASS },
		{ "adj: [{who: db.service, is: '<=-11'}]", VERDICT_FAIL },
		{ "adj: [{who: db.service, is: '<=-10'}]", VERDICT_PASS },
		{ "sysctls: [{name: vm.panic_on_oom, is: 0}]", VERDICT_PASS },
		{ "sysctls: [{name: vm.swappiness, is: '!=60'}]", VERDICT_FAIL },
		{ "sysctls: [{name: vm.swappines, is: 60}]", VERDICT_ERROR },
		{ "findings: {worst: notice}", VERDICT_FAIL },	/* guard is an unkillable hog */
		{ "findings: {worst: notice, allow: [unkillable-hog]}", VERDICT_PASS },
		{ "findings: {worst: warning}", VERDICT_PASS },
		{ "{critical: [db], findings: {worst: warning}}", VERDICT_PASS },
		{ "{critical: [no-db], findings: {worst: warning}}", VERDICT_ERROR },
		{ "{critical: [no-db], optional: [no-db], findings: {worst: warning}}", VERDICT_PASS },
		{ "{critical: [no-db], findings: {worst: notice}}", VERDICT_FAIL },
	};
	begin("6.1.0-40-amd64");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_msg(judge(table[i].text) == table[i].verdict, "%s", table[i].text);
	end();
}
END_TEST

/* With counters that are wrong by up to 3 MiB here (4 CPUs) a difference of less is none. */
START_TEST(too_near_to_tell)
{
	begin("6.18.0");
	ck_assert_int_eq(judge("outlives: [{who: database, whom: worker}]"), VERDICT_PASS);
	end();
	const char *root = fake_root();
	fake_file("/proc/sys/kernel/osrelease", "6.18.0\n");
	process(10, "worker", 400004, 0, NULL);
	process(12, "database", 400000, 0, NULL);
	ck_assert_int_eq(machine_collect(root, &m, &err), 0);
	ck_assert_int_eq(audit_make(&m, &(struct audit_options){ .near_percent = 80 }, &a, &err), 0);
	ck_assert_int_eq(judge("outlives: [{who: database, whom: worker}]"), VERDICT_ERROR);
	ck_assert_int_eq(judge("outlives: [{who: worker, whom: database}]"), VERDICT_ERROR);
	end();
}
END_TEST

START_TEST(bad_files)
{
	static const struct {
		const char *text, *why;
	} table[] = {
		{ "surives: [x]", "p.yaml:1:1: unknown key \"surives\"; did you mean \"survives\"?" },
		{ "outlives: [{who: x}]", "p.yaml:1:12: " },
		{ "adj: [{who: x, is: low}]", "p.yaml:1:20: \"is\" is a whole number" },
		{ "sysctls:\n- {name: x, is: '>=1 '}", "p.yaml:2:17: \"is\" is a whole number" },
		{ "{first: 0, survives: [x]}", "p.yaml:1:9: " },
		{ "findings: {worst: bad}", "p.yaml:1:19: \"bad\" is no severity" },
		{ "findings: {worst: critical}", "allows all" },
		{ "findings: {allow: [throttled, no-swp]}", "p.yaml:1:31: no finding \"no-swp\", did you mean \"no-swap\"?" },
		{ "title: x", "no rule" },
		{ "", "p.yaml:1:1: the file is empty; it has nothing to check" },
		{ "- x", "p.yaml:1:1: this policy is a list" },
		{ "title: &a x", "no such thing is allowed in a policy file: write the value out" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_ptr_null(policy_parse("p.yaml", table[i].text, strlen(table[i].text), &err));
		ck_assert_msg(strstr(err.text, table[i].why) != NULL, "%s", err.text);
	}
}
END_TEST

/* What "allow" takes is what there is: in the sources, and in the docs. */
START_TEST(all_findings)
{
	CLEANUP_FREE char *docs = read_whole_at(AT_FDCWD, "docs/audit.md", 1 << 20, NULL);
	ck_assert_ptr_nonnull(docs);
	size_t n = 0, called = 0;
	for (; finding_ids[n]; n++) {
		CLEANUP_FREE char *quoted = xasprintf("`%s`", finding_ids[n]);
		ck_assert_msg(strstr(docs, quoted), "docs/audit.md lacks %s", quoted);
	}
	FILE *calls = popen("cat runner/audit/finding_*.c | sed -n 's/.*finding_add(a, \"\\([a-z-]*\\)\".*/\\1/p'", "r");
	char id[64];
	while (fgets(id, sizeof(id), calls)) {
		id[strcspn(id, "\n")] = '\0';
		size_t i = 0;
		while (i < n && !streq(finding_ids[i], id))
			i++;
		ck_assert_msg(i < n, "finding_ids lacks %s", id);
		called++;
	}
	pclose(calls);
	ck_assert_uint_eq(called, n);
}
END_TEST

TESTS("policy", rules, too_near_to_tell, bad_files, all_findings)
