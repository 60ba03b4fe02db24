// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "agent/agent.h"
#include "agent/missing.h"
#include "agent/proc.h"
#include "agent/swap.h"
#include "agent/zones.h"
#include "base/bytes.h"
#include "base/capabilities.h"

static uint64_t effective(void)
{
	CLEANUP_FREE char *status = proc_text(getpid(), "status");
	CLEANUP_FREE char *caps = status ? key_text(status, "CapEff") : NULL;
	return caps ? strtoull(caps, NULL, 16) : 0;
}

json_t *capabilities(void)
{
	uint64_t mask = effective();
	json_t *list = json_array();
	for (size_t i = 0; i < n_capability_names; i++)
		if (mask >> i & 1)
			json_array_append_new(list, json_string(capability_names[i]));
	return list;
}

static void need_cgroup_file(struct agent *a, const char *file, json_t *missing)
{
	const struct scene_cgroup *cg = scene_cgroup(a, "bystander");
	if (!cg)
		return;	/* why there is none has been said */
	CLEANUP_FREE char *path = scene_path(a, cg, file);
	if (access(path, F_OK) == 0)
		return;
	CLEANUP_FREE char *need = xasprintf("cgroup file %s", file);
	need_missing(missing, need, "a cgroup of this kernel and hierarchy has no such file",
		     strstr(file, "swap") || strstr(file, "memsw") ?
			     "use a kernel with swap accounting (swapaccount=1 on the command line of older ones)" :
			     "use a newer kernel, or the other cgroup version");
}

static void need_path(const char *path, json_t *missing)
{
	if (access(path, F_OK) == 0)
		return;
	const char *why = strerror(errno);
	CLEANUP_FREE char *need = xasprintf("path %s", path);
	need_missing(missing, need, why, starts_with(path, "/proc/pressure") ?
						 "use a kernel with CONFIG_PSI, booted with psi=1" :
						 "use a kernel (or a machine) that has it");
}

static void need_capability(const char *name, json_t *missing)
{
	CLEANUP_FREE char *need = xasprintf("capability %s", name);
	int number = capability_number(name);
	if (number < 0)
		need_missing(missing, need, "there is no capability of that name", "correct the name");
	else if (!(effective() >> number & 1))
		need_missing(missing, need, "this process does not have it",
			     "run with it (as root outside a restricted container), or in a guest (-t vm)");
}

/* What is not there can't rise; who states that it doesn't would be right about nothing. */
static void need_vmstat(const char *field, json_t *missing)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/vmstat", 1 << 16, NULL);
	size_t len = strlen(field);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, field, len) == 0 && line[len] == ' ')
			return;
	CLEANUP_FREE char *need = xasprintf("vmstat %s", field);
	need_missing(missing, need, "/proc/vmstat has no such line", "correct the name, or use a kernel that counts it");
}

static void need_nodes(const char *text, json_t *missing)
{
	int64_t want;
	uint64_t have = 0;
	struct error err;
	CLEANUP_FREE char *need = xasprintf("%s NUMA nodes", text);
	if (parse_int(text, 1, 64, &want, &err) < 0) {
		need_missing(missing, need, err.text, "correct the plan");
		return;
	}
	CLEANUP_FREE char *list = read_whole_at(AT_FDCWD, "/sys/devices/system/node/has_memory", 4096, NULL);
	if (list && parse_mask(list, &have, NULL) < 0)
		have = 0;
	int count = list ? __builtin_popcountll(have) : 1;
	if (count >= want)
		return;
	CLEANUP_FREE char *why = xasprintf("this machine has %d with memory", count);
	need_missing(missing, need, why, "use a guest (-t vm), which is given its nodes");
}

static uint64_t present_bytes(void)
{
	json_t *zones = zones_read(), *zone;
	uint64_t pages = 0;
	size_t i;
	json_array_foreach(zones, i, zone)
		pages += (uint64_t)json_integer_value(json_object_get(zone, "present"));
	json_decref(zones);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t available_bytes(void)
{
	CLEANUP_FREE char *mem = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	int64_t kb = mem ? key_number(mem, "MemAvailable") : -1;
	return kb < 0 ? 0 : (uint64_t)kb << 10;
}

/*
 * What a machine in use must have; one that was made for the test has it. Where all of it is to run out (`exact`) the scene's
 * sizes are made for one of just this size; what firmware keeps (pages that are not present) is below a sixteenth of the smallest
 * machine there is a case for. Else there must be room, or the machine runs out before the cgroup does: cases are made to fit what
 * the hungriest kernel leaves of a machine of that size at boot, which is three quarters (6.1 with 256M).
 */
static void need_memory(const struct agent *a, const char *text, bool exact, json_t *missing)
{
	uint64_t want, have = exact ? present_bytes() : available_bytes();
	struct error err;
	char buf[32];
	CLEANUP_FREE char *need = xasprintf("a machine of %s%s", text, exact ? "" : ", or so much free");
	if (a->guest)
		return;
	if (parse_size(text, &want, &err) < 0) {
		need_missing(missing, need, err.text, "correct the plan");
		return;
	}
	if (exact ? have <= want && have >= want - want / 16 : have >= want - want / 4)
		return;
	CLEANUP_FREE char *why = xasprintf("this one has %s%s", format_size(have >> 20 << 20, buf), exact ? "" : " to give");
	need_missing(missing, need, why, exact ? "run in a guest (-t vm), or boot this machine with mem=" :
						 "run in a guest (-t vm), or end what takes the memory");
}

void needs_check(struct agent *a, const json_t *needs, json_t *missing)
{
	size_t i;
	json_t *n;
	json_array_foreach(needs, i, n) {
		const char *kind = json_string_value(json_object_get(n, "kind"));
		const char *text = json_string_value(json_object_get(n, "text"));
		if (!kind || !text)
			need_missing(missing, "needs", "an entry without \"kind\" or \"text\"", "correct the plan");
		else if (streq(kind, "cgroup_file"))
			need_cgroup_file(a, text, missing);
		else if (streq(kind, "path"))
			need_path(text, missing);
		else if (streq(kind, "capability"))
			need_capability(text, missing);
		else if (streq(kind, "swap"))
			swap_need(a, text, missing);
		else if (streq(kind, "vmstat"))
			need_vmstat(text, missing);
		else if (streq(kind, "nodes"))
			need_nodes(text, missing);
		else if (streq(kind, "memory") || streq(kind, "room"))
			need_memory(a, text, streq(kind, "memory"), missing);
		else
			need_missing(missing, kind, "the agent does not know this kind of need", "correct the plan");
	}
}
