// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/kinds.h"

#include "base/bytes.h"
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
	{ "mmap", OOM_PERHAPS, false, "SIZE" },
	{ "mmapmax", OOM_NEVER, false, NULL },
	{ "asleft", OOM_NEVER, false, NULL },
	{ "mlock", OOM_PERHAPS, false, NULL },
	{ "lockable", OOM_SURELY, false, "SIZE" },
	{ "munmap", OOM_NEVER, false, NULL },
	{ "moveaway", OOM_NEVER, false, NULL },
	{ "extend", OOM_NEVER, false, "SIZE" },
	{ "mapfile", OOM_PERHAPS, false, "PATH" },
	{ "mergeable", OOM_NEVER, false, NULL },
	{ "mapshared", OOM_NEVER, false, "PATH" },
	{ "mapprivate", OOM_NEVER, false, "PATH" },
	{ "dontfork", OOM_NEVER, false, NULL },
	{ "wipeonfork", OOM_NEVER, false, NULL },
	{ "mapover", OOM_NEVER, false, NULL },
	{ "movefirst", OOM_NEVER, false, NULL },
	{ "movemiddle", OOM_NEVER, false, NULL },
	{ "fault", OOM_SURELY, false, NULL },
	{ "thinout", OOM_NEVER, false, NULL },
	{ "mprotect", OOM_PERHAPS, false, "SIZE" },
	{ "readonly", OOM_NEVER, false, NULL },
	{ "writable", OOM_NEVER, false, NULL },
	{ "sbrk", OOM_PERHAPS, false, "SIZE" },
	{ "mlockall", OOM_SURELY, false, NULL },
	{ "munlockall", OOM_NEVER, false, NULL },
	{ "pageout", OOM_NEVER, false, NULL },
	{ "touch", OOM_PERHAPS, false, NULL },
	{ "lazyfree", OOM_NEVER, false, NULL },
	{ "dontneed", OOM_NEVER, false, NULL },
	{ "hugepages", OOM_NEVER, false, NULL },
	{ "collapse", OOM_PERHAPS, false, NULL },
	{ "segment", OOM_PERHAPS, false, "SIZE" },
	{ "segmentlock", OOM_PERHAPS, false, NULL },
	{ "segmentunlock", OOM_NEVER, false, NULL },
	{ "segmentremove", OOM_NEVER, false, NULL },
	{ "mappings", OOM_PERHAPS, false, "N" },
	{ "descriptor", OOM_PERHAPS, false, "N" },
	{ "signals", OOM_NEVER, false, "N" },
	{ "age", OOM_NEVER, false, NULL },
	{ "evict", OOM_NEVER, false, "BACK" },
	{ "setadj", OOM_NEVER, false, "N" },
	{ "setoldadj", OOM_NEVER, false, "N" },
	{ "getadj", OOM_NEVER, false, NULL },
	{ "getoldadj", OOM_NEVER, false, NULL },
	{ "getscore", OOM_NEVER, false, NULL },
	{ "fork", OOM_PERHAPS, false, NULL },
	{ "forks", OOM_PERHAPS, false, "N" },
	{ "forkmax", OOM_PERHAPS, true, NULL },
	{ "again", OOM_SURELY, true, "CALL" },	/* who is in it all the time may be the one who asks */
	{ "frozen", OOM_PERHAPS, true, "CALL" },
	{ "threaded", OOM_PERHAPS, false, "CALL" },
	{ "exec", OOM_PERHAPS, false, NULL },
	{ "kill", OOM_NEVER, false, "CHILD" },
	{ "maxrss", OOM_NEVER, false, NULL },
	{ "mrelease", OOM_NEVER, false, "CHILD" },
	{ "mreleaseof", OOM_NEVER, false, "PID|/proc/PID/" },
	{ "ptrace", OOM_NEVER, false, "CHILD|all" },
	{ "peek", OOM_NEVER, false, "CHILD" },
	{ "untrace", OOM_NEVER, false, "CHILD|all" },
	{ "userns", OOM_NEVER, false, NULL },
	{ "setuid", OOM_NEVER, false, "N" },
	{ "seteuid", OOM_NEVER, false, "N" },
	{ "setgroups", OOM_NEVER, false, "N" },
	{ "dropcap", OOM_NEVER, false, "NAME" },
	{ "rlimit_as", OOM_NEVER, false, "SIZE" },
	{ "rlimit_data", OOM_NEVER, false, "SIZE" },
	{ "rlimit_core", OOM_NEVER, false, "SIZE" },
	{ "rlimit_memlock", OOM_NEVER, false, "SIZE" },
	{ "rlimit_stack", OOM_NEVER, false, "SIZE" },
	{ "realtime", OOM_NEVER, true, NULL },
	{ "ioflusher", OOM_NEVER, false, NULL },
	{ "cpu", OOM_NEVER, false, "LIST" },
	{ "write", OOM_PERHAPS, true, "PATH" },
	{ "writebad", OOM_NEVER, false, "PATH" },
	{ "refusals", OOM_NEVER, true, "PATH" },
	{ "fallocate", OOM_PERHAPS, true, "PATH" },
	{ "punch", OOM_NEVER, true, "PATH" },
	{ "truncate", OOM_NEVER, true, "PATH" },
	{ "read", OOM_NEVER, false, "PATH" },
	{ "lookups", OOM_PERHAPS, false, "DIR" },
	{ "unlink", OOM_NEVER, true, "PATH" },
	{ "remount", OOM_NEVER, true, "PATH" },
	{ "mount", OOM_NEVER, true, "TYPE" },
	{ "mkdir", OOM_NEVER, true, "PATH" },
	{ "cgroupns", OOM_NEVER, false, NULL },
	{ "ipcns", OOM_NEVER, false, NULL },
	{ "open", OOM_NEVER, false, "FILE" },
	{ "reread", OOM_NEVER, false, "FILE" },
	{ "rewrite", OOM_PERHAPS, true, "FILE" },
	{ "pipe", OOM_PERHAPS, false, NULL },
	{ "missing", OOM_NEVER, false, NULL },
	{ "pin", OOM_NEVER, false, "CHILD" },
	{ "readmem", OOM_PERHAPS, false, "PATH" },
	{ "writemem", OOM_PERHAPS, false, "PATH" },
	{ "release", OOM_NEVER, false, "CHILD" },
	{ "notify", OOM_NEVER, false, "FILE" },
	{ "notifyforeign", OOM_NEVER, false, "PATH" },
	{ "notifyopen", OOM_NEVER, false, "FILE" },
	{ "notified", OOM_NEVER, false, NULL },
	{ "toldtwice", OOM_PERHAPS, false, "CALL" },
	{ "mutex", OOM_PERHAPS, false, NULL },
	{ "lock", OOM_NEVER, false, "SECONDS" },
	{ "set_mempolicy", OOM_NEVER, false, "default|local|preferred|bind|interleave|preferred_many|weighted_interleave[=static|=relative]" },
	{ "mbind", OOM_NEVER, false, "FROM" },
	{ "homenode", OOM_NEVER, false, "FROM" },
	{ "migrate", OOM_PERHAPS, false, "FROM" },
	{ "swapon", OOM_NEVER, true, "PATH" },
	{ "swapoff", OOM_SURELY, true, "PATH" },
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

/* Does `text` begin with a word that may be what oomload calls so? Of a number too little is known: some are for the kernel to refuse. */
static bool is_a(const char *argument, const char *text)
{
	uint64_t size;
	CLEANUP_FREE char *word = strndup(text, strcspn(text, " "));
	return streq(argument, "SIZE") ? parse_size(word, &size, NULL) == 0 : *word;
}

const char *call_lacks(const char *what)
{
	for (const struct call_facts *c; (c = call_facts(what));) {
		what += strcspn(what, " ");
		what += strspn(what, " ");
		if (!c->first || !streq(c->first, "CALL"))
			return c->first && !is_a(c->first, what) ? c->first : NULL;
	}
	return "CALL";
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
