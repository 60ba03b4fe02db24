// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/kinds.h"

#include "base/util.h"
#include "case/files.h"

#define ARGS(...) (const char *const[]){ __VA_ARGS__, NULL }

static const struct kind_facts kinds[] = {
	{ .name = "anon", .keeps = true, .args = ARGS("ksm", "sparse", "mbind") },
	{ .name = "file", .in_kernel = true, .hidden = true, .args = ARGS("dir", "path", "dirty") },
	{ .name = "mapfile", .args = ARGS("dir", "path") },
	{ .name = "tmpfs", .in_kernel = true, .hidden = true, .keeps = true, .args = ARGS("dir", "path") },
	{ .name = "tmpfs-mapped", .keeps = true, .args = ARGS("dir", "path") },
	{ .name = "shm", .keeps = true },
	{ .name = "posixshm", .keeps = true },
	{ .name = "memfd", .keeps = true },
	{ .name = "memfd-unmapped", .in_kernel = true, .hidden = true, .keeps = true },
	{ .name = "cow", .keeps = true },
	{ .name = "mlock", .in_kernel = true, .keeps = true },
	{ .name = "secret", .keeps = true },
	{ .name = "pinned", .hidden = true, .keeps = true },
	{ .name = "brk", .keeps = true },
	{ .name = "stack", .keeps = true },
	{ .name = "hugetlb", .hidden = true, .args = ARGS("size", "noreserve") },
	{ .name = "pipe", .in_kernel = true, .hidden = true },	/* of these the kernel's own part is only estimated */
	{ .name = "sockets", .in_kernel = true, .hidden = true },
	{ .name = "tcp", .in_kernel = true, .in_pieces = true, .forced = true, .hidden = true, .args = ARGS("n") },
	{ .name = "udp", .in_kernel = true, .in_pieces = true, .forced = true, .hidden = true, .args = ARGS("n") },
	{ .name = "slab", .in_kernel = true, .hidden = true, .args = ARGS("object") },
	{ .name = "inodes", .in_kernel = true, .hidden = true, .args = ARGS("dir", "object") },
	{ .name = "stacks", .in_kernel = true, .in_pieces = true, .hidden = true, .args = ARGS("each") },
	{ .name = "rings", .in_kernel = true, .in_pieces = true, .hidden = true, .args = ARGS("order", "pipes") },
	{ .name = "pgtables" },
	{ .name = "children", .keeps = true, .many = true, .args = ARGS("n", "weights", "mem", "shared", "pidns") },
	{ .name = "threads", .keeps = true, .many = true, .args = ARGS("n", "weights", "pin") },
	{ .name = "zombie-leader", .keeps = true, .many = true },
	{ .name = "sharer", .keeps = true, .args = ARGS("n", "headless") },
	{ .name = "vfork", .args = ARGS("own", "sharers"), .keeps = true },
	{ .name = "stress-ng", .many = true },
	{ .name = "init", .hidden = true },
};

const char *const kind_common_args[] = { "thp", "fault", NULL };

const struct kind_facts *kind_facts(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (streq(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

const char *const *kind_names(size_t *n)
{
	static const char *names[ARRAY_SIZE(kinds)];
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		names[i] = kinds[i].name;
	*n = ARRAY_SIZE(kinds);
	return names;
}

static const struct call_facts calls[] = {
	{ "mmap", OOM_PERHAPS, false },
	{ "mmapmax", OOM_NEVER, false },
	{ "asleft", OOM_NEVER, false },
	{ "mlock", OOM_PERHAPS, false },
	{ "lockable", OOM_SURELY, false },
	{ "munmap", OOM_NEVER, false },
	{ "moveaway", OOM_NEVER, false },
	{ "extend", OOM_NEVER, false },
	{ "mapfile", OOM_PERHAPS, false },
	{ "mergeable", OOM_NEVER, false },
	{ "mapshared", OOM_NEVER, false },
	{ "mapprivate", OOM_NEVER, false },
	{ "dontfork", OOM_NEVER, false },
	{ "wipeonfork", OOM_NEVER, false },
	{ "mapover", OOM_NEVER, false },
	{ "movefirst", OOM_NEVER, false },
	{ "movemiddle", OOM_NEVER, false },
	{ "fault", OOM_SURELY, false },
	{ "thinout", OOM_NEVER, false },
	{ "mprotect", OOM_PERHAPS, false },
	{ "readonly", OOM_NEVER, false },
	{ "writable", OOM_NEVER, false },
	{ "sbrk", OOM_PERHAPS, false },
	{ "mlockall", OOM_SURELY, false },
	{ "munlockall", OOM_NEVER, false },
	{ "pageout", OOM_NEVER, false },
	{ "touch", OOM_PERHAPS, false },
	{ "lazyfree", OOM_NEVER, false },
	{ "dontneed", OOM_NEVER, false },
	{ "hugepages", OOM_NEVER, false },
	{ "collapse", OOM_PERHAPS, false },
	{ "segment", OOM_PERHAPS, false },
	{ "segmentlock", OOM_PERHAPS, false },
	{ "segmentunlock", OOM_NEVER, false },
	{ "segmentremove", OOM_NEVER, false },
	{ "mappings", OOM_PERHAPS, false },
	{ "descriptor", OOM_PERHAPS, false },
	{ "signals", OOM_NEVER, false },
	{ "age", OOM_NEVER, false },
	{ "evict", OOM_NEVER, false },
	{ "setadj", OOM_NEVER, false },
	{ "setoldadj", OOM_NEVER, false },
	{ "getadj", OOM_NEVER, false },
	{ "getoldadj", OOM_NEVER, false },
	{ "getscore", OOM_NEVER, false },
	{ "fork", OOM_PERHAPS, false },
	{ "forks", OOM_PERHAPS, false },
	{ "forkmax", OOM_PERHAPS, true },
	{ "again", OOM_SURELY, true },	/* who is in it all the time may be the one who asks */
	{ "frozen", OOM_PERHAPS, true },
	{ "threaded", OOM_PERHAPS, false },
	{ "exec", OOM_PERHAPS, false },
	{ "kill", OOM_NEVER, false },
	{ "maxrss", OOM_NEVER, false },
	{ "mrelease", OOM_NEVER, false },
	{ "mreleaseof", OOM_NEVER, false },
	{ "ptrace", OOM_NEVER, false },
	{ "peek", OOM_NEVER, false },
	{ "untrace", OOM_NEVER, false },
	{ "userns", OOM_NEVER, false },
	{ "setuid", OOM_NEVER, false },
	{ "seteuid", OOM_NEVER, false },
	{ "setgroups", OOM_NEVER, false },
	{ "dropcap", OOM_NEVER, false },
	{ "rlimit_as", OOM_NEVER, false },
	{ "rlimit_data", OOM_NEVER, false },
	{ "rlimit_core", OOM_NEVER, false },
	{ "rlimit_memlock", OOM_NEVER, false },
	{ "rlimit_stack", OOM_NEVER, false },
	{ "realtime", OOM_NEVER, true },
	{ "ioflusher", OOM_NEVER, false },
	{ "cpu", OOM_NEVER, false },
	{ "write", OOM_PERHAPS, true },
	{ "writebad", OOM_NEVER, false },
	{ "refusals", OOM_NEVER, true },
	{ "fallocate", OOM_PERHAPS, true },
	{ "punch", OOM_NEVER, true },
	{ "truncate", OOM_NEVER, true },
	{ "read", OOM_NEVER, false },
	{ "lookups", OOM_PERHAPS, false },
	{ "unlink", OOM_NEVER, true },
	{ "remount", OOM_NEVER, true },
	{ "mount", OOM_NEVER, true },
	{ "mkdir", OOM_NEVER, true },
	{ "cgroupns", OOM_NEVER, false },
	{ "ipcns", OOM_NEVER, false },
	{ "open", OOM_NEVER, false },
	{ "reread", OOM_NEVER, false },
	{ "rewrite", OOM_PERHAPS, true },
	{ "pipe", OOM_PERHAPS, false },
	{ "missing", OOM_NEVER, false },
	{ "pin", OOM_NEVER, false },
	{ "readmem", OOM_PERHAPS, false },
	{ "writemem", OOM_PERHAPS, false },
	{ "release", OOM_NEVER, false },
	{ "notify", OOM_NEVER, false },
	{ "notifyforeign", OOM_NEVER, false },
	{ "notifyopen", OOM_NEVER, false },
	{ "notified", OOM_NEVER, false },
	{ "toldtwice", OOM_PERHAPS, false },
	{ "mutex", OOM_PERHAPS, false },
	{ "lock", OOM_NEVER, false },
	{ "set_mempolicy", OOM_NEVER, false },
	{ "mbind", OOM_NEVER, false },
	{ "homenode", OOM_NEVER, false },
	{ "migrate", OOM_PERHAPS, false },
	{ "swapon", OOM_NEVER, true },
	{ "swapoff", OOM_SURELY, true },
};

const struct call_facts *call_facts(const char *what)
{
	size_t len = strcspn(what, " ");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (strlen(calls[i].name) == len && memcmp(calls[i].name, what, len) == 0)
			return &calls[i];
	}
	return NULL;
}

static bool is_named(const char *what, const char *const *names, size_t n)
{
	size_t len = strcspn(what, " ");
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], what, len) == 0)
			return true;
	return false;
}

const char *call_made(const char *what)
{
	static const char *const makers[] = { "again", "frozen", "threaded", "toldtwice" };
	while (is_named(what, makers, ARRAY_SIZE(makers)) && what[strcspn(what, " ")])
		what += strcspn(what, " ") + 1;
	return what;
}

bool call_forces(const char *what)
{
	return starts_with(call_made(what), "signals ");
}

bool call_gives_back(const char *what)
{
	static const char *const names[] = { "munmap", "dontneed", "lazyfree", "pageout", "mapover", "exec" };
	return is_named(call_made(what), names, ARRAY_SIZE(names));
}

const char *const *call_names(size_t *n)
{
	static const char *names[ARRAY_SIZE(calls)];
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		names[i] = calls[i].name;
	*n = ARRAY_SIZE(calls);
	return names;
}

static const char *const policies[] = { "default", "bind", "preferred", "interleave" };

const char *policy_name(enum policy_mode mode)
{
	return policies[mode];
}

enum policy_mode policy_named(const char *text)
{
	size_t len = strcspn(text, " =");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		if (strlen(policies[i]) == len && memcmp(policies[i], text, len) == 0)
			return (enum policy_mode)i;
	return POLICY_DEFAULT;
}

enum can_oom step_can_oom(const struct step *s)
{
	switch (s->op) {
	case STEP_GROW:
	case STEP_SYSRQ:
		return OOM_SURELY;
	case STEP_SET:
		return cgroup_file_can_oom(s->file) ? OOM_SURELY : OOM_NEVER;
	case STEP_WRITE: /* a sysctl prepares; it belongs into the snapshot */
		return streq(s->file, "/proc/sysrq-trigger")   ? (streq(s->value, "f") ? OOM_SURELY : OOM_NEVER) :
		       starts_with(s->file, "/proc/sys/") ? OOM_NEVER :
							    OOM_PERHAPS;
	case STEP_HOST: /* what it takes away may be missed */
		if (starts_with(s->value, "balloon shows "))
			return OOM_NEVER;
		return starts_with(s->value, "balloon ") || streq(s->value, "unplug") ? OOM_PERHAPS : OOM_NEVER;
	case STEP_CALL: /* mmap and mprotect only map, unless they are told to fill as well */
		return strstr(s->value, " populate") || strstr(s->value, " locked") ? OOM_SURELY :
										      call_facts(s->value)->can_oom;
	default:
		return OOM_NEVER;
	}
}
