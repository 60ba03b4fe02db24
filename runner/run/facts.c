// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <time.h>
#include <zlib.h>

#include "base/util.h"
#include "kernel/config.h"
#include "output/keep.h"

/* Host or bytes that are no UTF-8 are no reason to lose the record. */
static json_t *text(const char *s)
{
	json_t *value = s ? json_string(s) : NULL;
	return value ? value : json_null();
}

static json_t *now_text(void)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(when);
}

/* The value of the first line of a /proc file that begins with `name`, or NULL. Malloced. */
static char *proc_value(const char *path, const char *name)
{
	CLEANUP_FREE char *all = read_whole_at(AT_FDCWD, path, 16 << 20, NULL);
	char *rest = all, *line;
	while ((line = strsep(&rest, "\n"))) {
		if (!starts_with(line, name))
			continue;
		const char *colon = strchr(line, ':');
		return colon ? xstrdup(colon + 1 + strspn(colon + 1, " \t")) : NULL;
	}
	return NULL;
}

static json_t *machine(void)
{
	struct utsname name = { 0 };
	uname(&name);
	CLEANUP_FREE char *memory = proc_value("/proc/meminfo", "MemTotal");
	CLEANUP_FREE char *cpu = proc_value("/proc/cpuinfo", "model name");
	json_t *m = json_object();
	json_object_set_new(m, "host", text(name.nodename));
	json_object_set_new(m, "machine", text(name.machine));
	json_object_set_new(m, "release", text(name.release));
	json_object_set_new(m, "cpu", text(cpu));
	json_object_set_new(m, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(m, "memory_kb", memory ? json_integer(strtoll(memory, NULL, 10)) : json_null());
	return m;
}

/* The options of the kernel's configuration that decide on what this suite looks at: "y", "m", a value; null: not set.
 * The whole is null when no configuration is to be found. */
static json_t *config(const struct kernel *kernel)
{
	static const char *const options[] = {
		"MEMCG", "MEMCG_V1", "MEMCG_SWAP", "MEMCG_SWAP_ENABLED", "CPUSETS", "CPUSETS_V1", "NUMA", "SMP", "SWAP", "ZRAM",
		"ZSWAP", "PSI", "PSI_DEFAULT_DISABLED", "LRU_GEN", "LRU_GEN_ENABLED", "TRANSPARENT_HUGEPAGE",
		"TRANSPARENT_HUGEPAGE_ALWAYS", "HUGETLB_PAGE", "KSM", "SHMEM", "PREEMPT", "PREEMPT_DYNAMIC", "PREEMPT_RT", "HZ",
		"FTRACE", "KASAN", "PROVE_LOCKING", "DEBUG_VM", "PAGE_POISONING", "INIT_ON_ALLOC_DEFAULT_ON", "PGTABLE_LEVELS",
		"CC_VERSION_TEXT",
	};
	CLEANUP_FREE char *all = kernel_config_read(kernel);
	if (!all)
		return json_null();
	json_t *found = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		CLEANUP_FREE char *value = kernel_config_value(all, options[i]);
		json_object_set_new(found, options[i], text(value));
	}
	return found;
}

static json_t *kernels(const struct facts_request *rq)
{
	json_t *all = json_array();
	for (size_t i = 0; i < rq->n_kernels; i++) {
		const struct kernel *k = &rq->kernels[i];
		json_t *kernel = json_object();
		json_object_set_new(kernel, "name", text(k->name));
		json_object_set_new(kernel, "release", text(k->release));
		json_object_set_new(kernel, "image", text(k->image));
		json_object_set_new(kernel, "config", config(k));
		json_array_append_new(all, kernel);
	}
	return all;
}

/* A CRC of the case file: it guards against a mistake, not against a liar. */
char *test_mark(const struct test *test)
{
	size_t len = 0;
	CLEANUP_FREE char *all = read_whole_at(AT_FDCWD, test->path, 16 << 20, &len);
	return xasprintf("%08lx", crc32(0, (const unsigned char *)all, (unsigned)len));
}

json_t *run_facts_new(const struct facts_request *rq)
{
	json_t *run = json_object(), *command = json_array(), *tests = json_array();
	for (int i = 0; i < rq->argc; i++)
		json_array_append_new(command, text(rq->argv[i]));
	for (size_t i = 0; i < rq->n_jobs; i++) {
		CLEANUP_FREE char *mark = test_mark(rq->jobs[i].test);
		json_t *test = json_object();
		json_object_set_new(test, "id", text(rq->jobs[i].test->id));
		json_object_set_new(test, "kernel", text(rq->jobs[i].kernel->name));
		json_object_set_new(test, "case", text(mark));
		json_array_append_new(tests, test);
	}
	CLEANUP_FREE char *engine = rq->target->engine ? rq->target->engine() : NULL;
	json_object_set_new(run, "schema", json_integer(RUN_SCHEMA));
	json_object_set_new(run, "oomtests", json_string(OOMTESTS_VERSION));
	json_object_set_new(run, "started", now_text());
	json_object_set_new(run, "command", command);
	json_object_set_new(run, "machine", machine());
	json_object_set_new(run, "target", json_string(rq->target->name));
	json_object_set_new(run, "engine", text(engine));
	/* oomload's pages are filled from this one; nothing else in a run is left to chance */
	json_object_set_new(run, "seed", json_integer(0));
	json_object_set(run, "asked", (json_t *)(uintptr_t)rq->asked);
	json_object_set_new(run, "kernels", kernels(rq));
	json_object_set_new(run, "tests", tests);
	return run;
}
