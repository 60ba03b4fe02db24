// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/hello.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
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

#define TOUCHED 64	/* pages: twice the smallest batch of a per-CPU counter (lib/percpu_counter.c:compute_batch_value) */

/*
 * Does /proc/PID/status sum the per-CPU parts of its counters? Then RssAnon rises with each page that is touched; else
 * once in a batch of 32 or more, or of 64 faults (before 6.2). null: neither, or it is not told. The pages are mapped one by one,
 * so that each comes by itself, also where all of the agent's memory is locked.
 */
static json_t *status_exact(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages[TOUCHED];
	int rises = 0, n;
	int64_t last = -1;
	for (n = 0; n < TOUCHED; n++) {
		pages[n] = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages[n] == MAP_FAILED)
			break;
		*(volatile char *)pages[n] = 1;
		CLEANUP_FREE char *status = proc_text(getpid(), "status");
		int64_t now = status ? key_number(status, "RssAnon") : -1;
		rises += now > last;
		last = now;
	}
	for (int i = 0; i < n; i++)
		munmap(pages[i], page);
	if (n < TOUCHED || last < 0 || (rises > TOUCHED / 4 && rises < TOUCHED - TOUCHED / 4))
		return json_null();
	return json_boolean(rises > TOUCHED / 2);
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
	json_object_set_new(h, "status_exact", status_exact());
	json_object_set_new(h, "modules_failed", a->modules_failed ? json_incref(a->modules_failed) : json_array());
	json_object_set_new(h, "agent", json_string(OOMTESTS_VERSION));
	wire_send(&a->wire, "hello", h);
}
