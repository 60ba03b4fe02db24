// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/hello.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

#include "agent/agent.h"
#include "agent/needs.h"
#include "agent/proc.h"

#define PROTOCOL 1

static json_t *first_line(const char *path)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 4096, NULL);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return json_text(text);
}

/* What a mounted cgroup2 tree offers; null where none is mounted, as in a guest before its plan. */
static json_t *controllers_v2(void)
{
	static const char *const places[] = { "/sys/fs/cgroup/cgroup.controllers",
					      "/sys/fs/cgroup/unified/cgroup.controllers" };
	CLEANUP_FREE char *text = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !text; i++)
		text = read_whole_at(AT_FDCWD, places[i], 4096, NULL);
	if (!text)
		return json_null();
	json_t *list = json_array();
	for (char *save = NULL, *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		json_array_append_new(list, json_text(word));
	return list;
}

void hello_send(struct agent *a)
{
	struct utsname u;
	cpu_set_t cpus;
	CLEANUP_FREE char *mem = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	uname(&u);
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	json_t *h = json_pack("{si so so so sI si so sI si si}", "protocol", PROTOCOL, "release", json_text(u.release),
			      "version", json_text(u.version), "machine", json_text(u.machine), "page_size",
			      (json_int_t)sysconf(_SC_PAGESIZE), "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN), "nodes",
			      first_line("/sys/devices/system/node/has_memory"), "boot_us",
			      (json_int_t)(now_ns() / 1000), "nproc", CPU_COUNT(&cpus), "pid", (int)getpid());
	json_object_set_new(h, "memtotal_kb", json_integer(mem ? key_number(mem, "MemTotal") : -1));
	json_object_set_new(h, "swaptotal_kb", json_integer(mem ? key_number(mem, "SwapTotal") : -1));
	json_object_set_new(h, "controllers_v2", controllers_v2());
	json_object_set_new(h, "capabilities", capabilities());
	json_object_set_new(h, "lru_gen", first_line("/sys/kernel/mm/lru_gen/enabled"));
	json_object_set_new(h, "modules_failed", a->modules_failed ? json_incref(a->modules_failed) : json_array());
	json_object_set_new(h, "agent", json_string(OOMTESTS_VERSION));
	wire_send(&a->wire, "hello", h);
}
