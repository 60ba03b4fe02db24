// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one table of the case format's keys: libcyaml loads by it, tree.c checks by it with exact positions, and a unit test
 * holds docs/case-format.md against it.
 */
#include "case/raw.h"

#define TEXT(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, TEXT_MAX)
#define TEXT_REQUIRED(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 0, TEXT_MAX)
#define LIST(key, type, member, entry, min, max)                                                                  \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, n_##member, entry, min, \
				   max)
#define PART(key, type, member, fields) \
	CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, fields)

static const cyaml_schema_value_t text = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, TEXT_MAX),
};

static const cyaml_schema_field_t axis_fields[] = {
	TEXT_REQUIRED("axis", struct raw_axis, axis),
	CYAML_FIELD_SEQUENCE_COUNT("values", CYAML_FLAG_POINTER, struct raw_axis, values, n_values, &text, 0, 1000),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t axis = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_axis, axis_fields) };

static const cyaml_schema_field_t machine_fields[] = {
	TEXT("memory", struct raw_machine, memory),
	TEXT("cpus", struct raw_machine, cpus),
	LIST("nodes", struct raw_machine, nodes, &text, 2, 8),
	TEXT("disk", struct raw_machine, disk),
	TEXT("cmdline", struct raw_machine, cmdline),
	TEXT("plug", struct raw_machine, plug),
	TEXT("balloon", struct raw_machine, balloon),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t sysctl_fields[] = {
	TEXT_REQUIRED("name", struct raw_setting, file),
	TEXT_REQUIRED("value", struct raw_setting, value),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t sysctl = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_setting, sysctl_fields),
};

static const cyaml_schema_field_t setting_fields[] = {
	TEXT_REQUIRED("file", struct raw_setting, file),
	TEXT_REQUIRED("value", struct raw_setting, value),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t setting = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_setting, setting_fields),
};

static const cyaml_schema_field_t cgroup_fields[] = {
	TEXT_REQUIRED("name", struct raw_cgroup, name),
	TEXT("limit", struct raw_cgroup, limit),
	TEXT("swap_limit", struct raw_cgroup, swap_limit),
	TEXT("high", struct raw_cgroup, high),
	TEXT("low", struct raw_cgroup, low),
	TEXT("min", struct raw_cgroup, min),
	TEXT("group", struct raw_cgroup, group),
	TEXT("oom_kill_disable", struct raw_cgroup, oom_kill_disable),
	TEXT("mems", struct raw_cgroup, mems),
	LIST("set", struct raw_cgroup, set, &setting, 1, 64),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t cgroup = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_cgroup, cgroup_fields),
};

static const cyaml_schema_field_t task_fields[] = {
	TEXT_REQUIRED("name", struct raw_task, name),
	TEXT("kind", struct raw_task, kind),
	TEXT("args", struct raw_task, args),
	TEXT("cgroup", struct raw_task, cgroup),
	TEXT("size", struct raw_task, size),
	TEXT("step", struct raw_task, step),
	TEXT("to", struct raw_task, to),
	TEXT("adj", struct raw_task, adj),
	TEXT("uid", struct raw_task, uid),
	TEXT("cpus", struct raw_task, cpus),
	TEXT("policy", struct raw_task, policy),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t task = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_task, task_fields) };

static const cyaml_schema_field_t counter_fields[] = {
	TEXT("cgroup", struct raw_counter, cgroup),
	TEXT("file", struct raw_counter, file),
	TEXT_REQUIRED("field", struct raw_counter, field),
	TEXT_REQUIRED("rises", struct raw_counter, rises),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t counter = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_counter, counter_fields),
};

static const cyaml_schema_field_t expect_fields[] = {
	LIST("victims", struct raw_expect, victims, &text, 0, 256),
	LIST("also_die", struct raw_expect, also_die, &text, 0, 256),
	TEXT("constraint", struct raw_expect, constraint),
	TEXT("memcg", struct raw_expect, memcg),
	TEXT("trigger", struct raw_expect, trigger),
	TEXT("end", struct raw_expect, end),
	TEXT("panic", struct raw_expect, panic),
	TEXT("overkill", struct raw_expect, overkill),
	TEXT("allocating_task", struct raw_expect, allocating_task),
	TEXT("no_report", struct raw_expect, no_report),
	TEXT("any_order", struct raw_expect, any_order),
	TEXT("ooms", struct raw_expect, ooms),
	LIST("counters", struct raw_expect, counters, &counter, 0, 64),
	LIST("log", struct raw_expect, log, &text, 0, 64),
	TEXT("when", struct raw_expect, when),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t expect = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_expect, expect_fields),
};

static const cyaml_schema_field_t set_fields[] = {
	TEXT_REQUIRED("cgroup", struct raw_target, cgroup),
	TEXT_REQUIRED("file", struct raw_target, file),
	TEXT_REQUIRED("value", struct raw_target, value),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t write_fields[] = {
	TEXT_REQUIRED("path", struct raw_target, path),
	TEXT_REQUIRED("value", struct raw_target, value),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t read_fields[] = {
	TEXT("cgroup", struct raw_target, cgroup),
	TEXT("file", struct raw_target, file),
	TEXT("path", struct raw_target, path),
	TEXT("field", struct raw_target, field),
	TEXT_REQUIRED("is", struct raw_target, is),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t signal_fields[] = {
	TEXT_REQUIRED("task", struct raw_target, task),
	TEXT_REQUIRED("signal", struct raw_target, signal),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t move_fields[] = {
	TEXT_REQUIRED("task", struct raw_target, task),
	TEXT_REQUIRED("cgroup", struct raw_target, cgroup),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t call_fields[] = {
	TEXT_REQUIRED("task", struct raw_target, task),
	TEXT_REQUIRED("what", struct raw_target, what),
	TEXT("is", struct raw_target, is),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t wait_fields[] = {
	TEXT("task", struct raw_target, task),
	TEXT("for", struct raw_target, until),
	TEXT("cgroup", struct raw_target, cgroup),
	TEXT("file", struct raw_target, file),
	TEXT("path", struct raw_target, path),
	TEXT("field", struct raw_target, field),
	TEXT("is", struct raw_target, is),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t step_fields[] = {
	LIST("start", struct raw_step, start, &text, 1, 256),
	LIST("fill", struct raw_step, fill, &text, 1, 256),
	TEXT("grow", struct raw_step, grow),
	PART("set", struct raw_step, set, set_fields),
	PART("write", struct raw_step, write, write_fields),
	PART("read", struct raw_step, read, read_fields),
	PART("signal", struct raw_step, signal, signal_fields),
	PART("move", struct raw_step, move, move_fields),
	TEXT("freeze", struct raw_step, freeze),
	TEXT("thaw", struct raw_step, thaw),
	TEXT("rmdir", struct raw_step, rmdir),
	TEXT("sysrq", struct raw_step, sysrq),
	TEXT("host", struct raw_step, host),
	TEXT("commit", struct raw_step, commit),
	PART("call", struct raw_step, call, call_fields),
	LIST("score", struct raw_step, score, &text, 1, 256),
	PART("wait", struct raw_step, wait, wait_fields),
	PART("expect", struct raw_step, expect, expect_fields),
	TEXT("step", struct raw_step, step),
	TEXT("to", struct raw_step, to),
	TEXT("result", struct raw_step, result),
	TEXT("nonblock", struct raw_step, nonblock),
	TEXT("background", struct raw_step, background),
	TEXT("owed", struct raw_step, owed),
	TEXT("when", struct raw_step, when),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t step = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_step, step_fields) };

static const cyaml_schema_field_t bug_fields[] = {
	TEXT_REQUIRED("commit", struct raw_bug, commit),
	TEXT_REQUIRED("when", struct raw_bug, when),
	CYAML_FIELD_MAPPING_PTR("expect", CYAML_FLAG_POINTER, struct raw_bug, expect, expect_fields),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t case_fields[] = {
	TEXT_REQUIRED("title", struct raw_case, title),
	TEXT("why", struct raw_case, why),
	LIST("source", struct raw_case, source, &text, 0, 64),
	LIST("tags", struct raw_case, tags, &text, 0, 64),
	LIST("fixes", struct raw_case, fixes, &text, 0, 64),
	LIST("matrix", struct raw_case, matrix, &axis, 0, 16),
	LIST("needs", struct raw_case, needs, &text, 0, 64),
	PART("machine", struct raw_case, machine, machine_fields),
	TEXT("cgroup", struct raw_case, cgroup),
	TEXT("swap", struct raw_case, swap),
	TEXT("swap_size", struct raw_case, swap_size),
	LIST("sysctl", struct raw_case, sysctl, &sysctl, 0, 64),
	LIST("cgroups", struct raw_case, cgroups, &cgroup, 0, 256),
	LIST("tasks", struct raw_case, tasks, &task, 0, 256),
	TEXT("trigger", struct raw_case, trigger),
	LIST("steps", struct raw_case, steps, &step, 1, 1000),
	LIST("expect", struct raw_case, expect, &expect, 1, 64),
	TEXT("dangerous", struct raw_case, dangerous),
	PART("bug", struct raw_case, bug, bug_fields),
	TEXT("seconds", struct raw_case, seconds),
	CYAML_FIELD_END
};

const cyaml_schema_value_t case_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_case, case_fields) };
