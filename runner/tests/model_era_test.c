// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "model/era.h"
#include "tests/harness.h"

static struct era of(const char *release)
{
	struct era era;
	era_from_release(release, &era);
	return era;
}

START_TEST(releases)
{
	static const struct {
		const char *release;
		bool known;
		uint64_t version;
		enum era_vendor vendor;
		unsigned abi;
		bool sublevel;
	} t[] = {
		{ "6.1.0-40-cloud-amd64", true, KVER(6, 1, 0), ERA_DEBIAN, 0, false },
		{ "5.10.262", true, KVER(5, 10, 262), ERA_MAINLINE, 0, true },
		{ "4.18.0-80.el8.x86_64", true, KVER(4, 18, 0), ERA_RHEL, 0, false },
		{ "3.10.0-1160.el7.x86_64", true, KVER(3, 10, 0), ERA_RHEL, 0, false },
		{ "5.4.0-216-generic", true, KVER(5, 4, 0), ERA_UBUNTU, 216, false },
		{ "6.12.117+deb12-cloud-amd64", true, KVER(6, 12, 117), ERA_DEBIAN, 0, true },
		{ "6.0.0-rc1+", true, KVER(6, 0, 0), ERA_MAINLINE, 0, true },
		{ "7.1-rc3", true, KVER(7, 1, 0), ERA_MAINLINE, 0, true },
		{ "6.18", true, KVER(6, 18, 0), ERA_MAINLINE, 0, true },
		{ "5.14.21-150500.55-default", true, KVER(5, 14, 21), ERA_SUSE, 0, false },
		{ "5.4.0-1103-azure", true, KVER(5, 4, 0), ERA_UBUNTU, 0, false },
		{ "6.8.0-1009-lowlatency", true, KVER(6, 8, 0), ERA_UBUNTU, 0, false },
		{ "6.1.0-13-armmp-lpae", true, KVER(6, 1, 0), ERA_DEBIAN, 0, false },
		{ "5.10.0-0.bpo.5-amd64", true, KVER(5, 10, 0), ERA_DEBIAN, 0, false },
		{ "6.1.0-0.deb11.13-cloud-amd64", true, KVER(6, 1, 0), ERA_DEBIAN, 0, false },
		{ "6.9.7-amd64", true, KVER(6, 9, 7), ERA_DEBIAN, 0, true },
		/* distributions that were not read */
		{ "5.10.0-216.0.0.115.oe2203sp4.x86_64", true, KVER(5, 10, 0), ERA_UNREAD, 0, false },
		{ "4.19.90-2107.6.0.0192.8.oe1.bclinux.x86_64", true, KVER(4, 19, 90), ERA_UNREAD, 0, true },
		{ "4.19.91-27.al7.x86_64", true, KVER(4, 19, 91), ERA_UNREAD, 0, true },
		{ "5.10.134-13.an8.aarch64", true, KVER(5, 10, 134), ERA_UNREAD, 0, true },
		{ "5.10.230-223.885.amzn2.x86_64", true, KVER(5, 10, 230), ERA_UNREAD, 0, true },
		{ "6.6.57.1-7.azl3", true, KVER(6, 6, 57), ERA_UNREAD, 0, true },
		{ "5.10.66-android12-9-00041-gfa9c9074531e", true, KVER(5, 10, 66), ERA_UNREAD, 0, true },
		{ "5.15.158-2-pve", true, KVER(5, 15, 158), ERA_UNREAD, 0, true },
		{ "6.4.0-150600.8.17-azure", true, KVER(6, 4, 0), ERA_UNREAD, 0, false },
		{ "5.4.0-9-somebodys", true, KVER(5, 4, 0), ERA_UNREAD, 0, false },
		/* who builds what is upstream */
		{ "6.5.6-300.fc39.x86_64", true, KVER(6, 5, 6), ERA_MAINLINE, 0, true },
		{ "6.12.0-65.fc42.x86_64", true, KVER(6, 12, 0), ERA_MAINLINE, 0, true },
		{ "6.1.1-arch1-1", true, KVER(6, 1, 1), ERA_MAINLINE, 0, true },
		{ "6.12.117-oomtests", true, KVER(6, 12, 117), ERA_MAINLINE, 0, true },
		{ "6.6.31+rpt-rpi-v8", true, KVER(6, 6, 31), ERA_MAINLINE, 0, true },
		{ "6.18.44-fc-v657", true, KVER(6, 18, 44), ERA_MAINLINE, 0, true },
		{ "", false, KVER(7, 3, 0), ERA_MAINLINE, 0, false },
		{ "bzImage", false, KVER(7, 3, 0), ERA_MAINLINE, 0, false },
		{ NULL, false, KVER(7, 3, 0), ERA_MAINLINE, 0, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct era era = of(t[i].release);
		ck_assert_msg(era.known == t[i].known && era.version == t[i].version && era.vendor == t[i].vendor &&
				      era.abi == t[i].abi && era.sublevel_known == t[i].sublevel,
			      "%s: known %d version %llx vendor %d abi %u", t[i].release ? t[i].release : "NULL", era.known,
			      (unsigned long long)era.version, era.vendor, era.abi);
	}
	ck_assert(of("8.0.0").beyond && !of("7.3.9").beyond && !of("7.2.0").beyond);
	ck_assert(of("7.4.0").ties_last);
	struct era unknown = of("bzImage");
	ck_assert(era_unsure(&unknown, "ties_last") && era_unsure(&unknown, "cpu_line_uid"));
	ck_assert(of("2.6.32-642.11.1.el6.x86_64").ancient && of("3.9.11").ancient && !of("3.10.0").ancient);
}
END_TEST

START_TEST(boundaries)
{
	static const struct {
		const char *release, *name;
		bool value, unsure;
	} t[] = {
		{ "5.2.21", "ties_last", false, false },
		{ "5.3.0", "ties_last", true, false },
		{ "5.3.0-rc2", "ties_last", true, true },
		{ "4.16.18", "root_bonus", true, false },
		{ "4.17.0", "root_bonus", false, false },
		{ "5.0.21", "child_sacrifice", true, false },
		{ "5.1.0", "child_sacrifice", false, false },
		{ "4.14.300", "pgtables_pmds", true, false },
		{ "3.19.8", "pgtables_pmds", false, false },
		{ "5.8.18", "signed_points", false, false },
		{ "5.9.0", "signed_points", true, false },
		/* backports */
		{ "5.4.0-216-generic", "signed_points", true, false },
		{ "5.4.0-100-generic", "signed_points", true, true },
		{ "5.4.100", "signed_points", false, true },
		{ "5.10.262", "unkillable_forced", false, false },
		{ "5.10.79", "unkillable_forced", true, false },
		{ "5.10.80", "unkillable_forced", false, false },
		{ "5.15.2", "dying_forced", true, false },
		{ "5.15.3", "dying_forced", false, false },
		{ "5.14.10", "dying_forced", true, true },
		{ "5.4.300", "dying_forced", true, false },
		{ "5.4.159", "fault_global_oom", true, false },
		{ "5.4.160", "fault_global_oom", false, false },
		{ "4.19.217", "fault_global_oom", true, false },
		{ "4.19.218", "fault_global_oom", false, false },
		{ "5.10.112", "reaper_delayed", false, false },
		{ "5.10.113", "reaper_delayed", true, false },
		{ "5.17.4", "reaper_delayed", false, false },
		{ "5.17.5", "reaper_delayed", true, false },
		{ "5.15.100", "reaper_delayed", false, true },
		{ "5.1.21", "v1_events_hierarchical", false, false },
		{ "5.2.1", "v1_events_hierarchical", true, false },
		{ "5.3.1", "v1_events_hierarchical", true, false },
		{ "5.4.41", "v1_events_hierarchical", true, false },
		{ "5.4.42", "v1_events_hierarchical", false, false },
		{ "5.7.0", "v1_events_hierarchical", false, false },
		{ "5.10.0-36-amd64", "unkillable_forced", false, true },
		{ "5.15.0-204-generic", "unkillable_forced", false, false },
		{ "5.4.0-216-generic", "unkillable_forced", true, false },
		{ "4.18.0", "unkillable_forced", false, false },
		{ "5.10.262", "reaper_delayed", true, false },
		{ "5.4.8", "killed_pgtables_bytes", true, false },
		{ "5.4.9", "killed_pgtables_bytes", false, false },
		{ "5.3.18", "killed_pgtables_bytes", false, false },
		{ "6.12.117", "status_exact", true, false },
		{ "6.12.38", "status_exact", false, false },
		{ "6.12.39", "status_exact", true, false },
		{ "6.5.13", "status_exact", false, false },
		{ "6.6.1", "status_exact", false, true },
		{ "6.6.99", "status_exact", true, false },
		{ "6.10.14", "status_exact", false, false },
		{ "6.11.0-29-generic", "status_exact", true, true },
		{ "6.14.0-37-generic", "status_exact", true, true },
		{ "6.14.8-2-pve", "status_exact", false, true },
		{ "6.15.9", "status_exact", false, true },
		{ "6.14.11", "memsw_failcnt_lost", false, false },
		{ "6.15.3", "memsw_failcnt_lost", true, false },
		{ "6.18.15", "memsw_failcnt_lost", true, true },
		{ "7.0.0-22-generic", "memsw_failcnt_lost", false, true },
		{ "7.2.5", "memsw_failcnt_lost", true, true },
		{ "7.2.6", "memsw_failcnt_lost", false, false },
		{ "7.2.13+deb14-cloud-amd64", "memsw_failcnt_lost", false, false },
		{ "7.3.0", "memsw_failcnt_lost", false, false },
		{ "6.15.3", "limit_write_nonblock", false, false },
		{ "6.14.0", "limit_write_nonblock", false, false },
		{ "6.17.1", "limit_write_nonblock", true, false },
		/* releases whose sources were read: on both sides of the boundary, or on one where there is no other */
		{ "5.3.1", "node_present", false, false },
		{ "5.4.0", "node_present", true, false },
		{ "4.3.0", "sysrq_no_panic", true, false },
		{ "4.3.0", "sharer_line", true, false },
		{ "4.6.2", "exiting_aborts", false, false },
		{ "4.6.2", "skip_flag", false, false },
		{ "4.7.4", "skip_flag", true, false },
		{ "4.13.4", "v1_oom_kill_counter", true, false },
		{ "5.17.0", "reaps_mlocked", false, false },
		{ "5.19.0", "reaps_mlocked", true, false },
		{ "5.9.2", "oom_adj_clamped", false, false },
		{ "6.0.1", "overcommit_logged", false, false },
		{ "6.1.0", "overcommit_logged", true, false },
		{ "6.9.0", "cpu_line_uid", false, false },
		{ "6.13.7", "limit_write_nonblock", false, false },
		/* vendors */
		{ "3.10.0-1160.el7.x86_64", "shmem_counter", true, false },
		{ "3.10.105", "shmem_counter", false, false },
		/* Red Hat's builds: read on both sides of each change */
		{ "4.18.0-193.28.1.el8_2.x86_64", "ties_last", false, false },
		{ "4.18.0-240.el8.x86_64", "ties_last", true, false },
		{ "4.18.0-211.el8.x86_64", "ties_last", false, true },
		{ "4.18.0-553.el8_10.x86_64", "root_bonus", false, false },
		{ "4.18.0-305.25.1.el8_4.x86_64", "signed_points", false, false },
		{ "4.18.0-348.el8.x86_64", "signed_points", true, false },
		{ "4.18.0-80.11.2.el8_0.x86_64", "child_sacrifice", true, false },
		{ "4.18.0-147.el8.x86_64", "child_sacrifice", false, false },
		{ "4.18.0-193.el8.x86_64", "group_scans_threads", true, false },
		{ "4.18.0-240.22.1.el8_3.x86_64", "group_scans_threads", false, false },
		{ "4.18.0-80.el8.x86_64", "group_scans_threads", false, false },
		{ "4.18.0-80.el8.x86_64", "unkillable_forced", false, false },
		{ "4.18.0-372.9.1.el8.x86_64", "unkillable_forced", true, false },
		{ "4.18.0-425.10.1.el8_7.x86_64", "unkillable_forced", true, false },
		{ "4.18.0-425.13.1.el8_7.x86_64", "unkillable_forced", false, false },
		{ "4.18.0-425.12.1.el8_7.x86_64", "unkillable_forced", true, true },
		{ "4.18.0-240.el8.x86_64", "overcommit_total", true, false },
		{ "4.18.0-348.el8.x86_64", "overcommit_total", false, false },
		{ "4.18.0-553.66.1.el8_10.x86_64", "overcommit_total", false, false },
		{ "4.18.0-553.67.1.el8_10.x86_64", "overcommit_total", false, true },
		{ "4.18.0-553.67.1.el8_10.x86_64", "signed_points", true, false },
		{ "4.18.0-553.67.1.el8_10.x86_64", "unkillable_forced", false, false },
		{ "4.18.0-553.8.1.el8_10.x86_64", "rss_percpu", false, false },
		{ "4.18.0-305.3.1.rt7.75.el8_4.x86_64", "signed_points", false, false },
		{ "4.18.0-553.5.1.lve.el8.x86_64", "signed_points", false, true },
		{ "4.18.0-40.el8.x86_64", "group_kill", false, true },
		{ "5.15.0-100.96.32.el8uek.x86_64", "rss_percpu", false, true },
		{ "6.5.1-1.el8.elrepo.x86_64", "status_exact", false, true },
		{ "5.14.0-503.el9.x86_64", "ties_last", true, false },
		{ "5.14.0-362.24.2.el9_3.x86_64", "rss_percpu", false, false },
		{ "5.14.0-427.13.1.el9_4.x86_64", "rss_percpu", true, false },
		{ "5.14.0-427.13.1.el9_4.x86_64", "rss_split", false, false },
		{ "5.14.0-427.13.1.el9_4.x86_64", "status_exact", false, false },
		{ "5.14.0-570.32.1.el9_6.x86_64", "status_exact", false, false },
		{ "5.14.0-600.1.1.el9_7.x86_64", "status_exact", false, true },
		{ "5.14.0-70.30.1.el9_0.aarch64", "reaper_delayed", false, false },
		{ "5.14.0-162.6.1.el9_1.aarch64", "reaper_delayed", true, false },
		{ "6.12.0-55.24.1.el10_0.x86_64", "status_exact", false, false },
		{ "6.12.0-211.el10.ppc64le", "status_exact", false, true },
		{ "5.10.0-216.0.0.115.oe2203sp4.x86_64", "node_present", true, false },
		{ "5.10.0-216.0.0.115.oe2203sp4.x86_64", "interleave_restricts", true, true },
		{ "5.10.134-13.an8.aarch64", "reaper_delayed", true, false },
		{ "5.10.134-13.an8.aarch64", "overkill_window", false, true },
		{ "5.10.0-kali9-amd64", "unkillable_forced", false, true },
		{ "5.10.0-36-amd64", "interleave_restricts", true, false },
		{ "5.4.0-1103-azure", "signed_points", true, true },
		{ "6.8.0-1009-lowlatency", "status_exact", true, true },
		{ "6.12.0-0.rc3.20241018git4d939780b705.31.fc42.x86_64", "overcommit_log_bytes", true, false },
		{ "5.9.0-0.rc3.1.fc34.x86_64", "signed_points", true, true },
		{ "5.3.18-lp152.1-default", "signed_points", false, true },
		{ "6.19.0", "rss_exact", false, false },
		{ "7.0.0", "rss_exact", true, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct era era = of(t[i].release);
		bool value;
		ck_assert_int_eq(era_find_behaviour(&era, t[i].name, &value), 0);
		ck_assert_msg(value == t[i].value && era_unsure(&era, t[i].name) == t[i].unsure, "%s %s: %d%s",
			      t[i].release, t[i].name, value, era_unsure(&era, t[i].name) ? " unsure" : "");
	}
}
END_TEST

START_TEST(refined)
{
	struct era era = of("5.10.0-36-amd64");
	ck_assert(era_unsure(&era, "unkillable_forced"));
	ck_assert(era_refine(&era, "#1 SMP Debian 5.10.262-1 (2026-08-01)"));
	ck_assert(!era_unsure(&era, "unkillable_forced") && !era.unkillable_forced);
	ck_assert(!era_refine(&era, "#1 SMP Debian 6.1.1-1"));
	ck_assert(!era_refine(&era, "#1 SMP PREEMPT_DYNAMIC"));
	ck_assert(!era_refine(&era, NULL));
	ck_assert_uint_eq(era.version, KVER(5, 10, 262));
}
END_TEST

START_TEST(overridden)
{
	struct era era = of("5.4.100");
	ck_assert_int_eq(era_override(&era, "signed_points", true), 0);
	ck_assert(era.signed_points && !era_unsure(&era, "signed_points"));
	ck_assert_int_eq(era_override(&era, "signed_pints", true), -1);
	ck_assert_int_eq(era_find_behaviour(&era, "signed_pints", NULL), -1);
	ck_assert_int_eq(era_find_behaviour(&era, "signed_points", NULL), 0);
}
END_TEST

/* Every bool from the first behaviour to the last is one row's, in order, and every row's range makes sense. */
START_TEST(table)
{
	size_t n;
	const struct era_behaviour *t = era_table(&n);
	size_t first = offsetof(struct era, ties_last), last = offsetof(struct era, cpu_line_uid);
	ck_assert_uint_eq(n, last - first + 1);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(t[i].offset == first + i, "%s is out of order", t[i].name);
		ck_assert_msg(t[i].since < t[i].until && t[i].unsure_from <= t[i].unsure_to, "%s", t[i].name);
		ck_assert_msg(t[i].since || t[i].until != ERA_NEVER, "%s never changed", t[i].name);
		ck_assert_msg(strstr(t[i].source, ":") || strstr(t[i].source, "/"), "%s: source", t[i].name);
		ck_assert_msg(strstr(era_behaviour_names(), t[i].name), "%s is not listed", t[i].name);
	}
}
END_TEST

TESTS("model_era", releases, boundaries, refined, overridden, table)
