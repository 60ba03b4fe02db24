// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about what the process may: its credentials, its limits, its CPUs, its requests for memory. */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

/* --- credentials --- */

static struct result call_userns(struct load *l, char *args)
{
	char map[32];
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	memcpy(map, "0 ", 2);
	memcpy(put_decimal(map + 2, getuid()), " 1", sizeof(" 1"));
	if (unshare(CLONE_NEWUSER) < 0)
		return result_of(-1);
	struct result r = sysfile_write("/proc/self/uid_map", map);
	return r.errnum ? r : (struct result){ 0, 0 };
}

/* One id of a user or a group, and nothing else. */
static bool parse_id(char *args, unsigned int *id)
{
	int64_t n;
	char *word = next_word(&args);
	if (!word || next_word(&args) || !parse_int(word, 0, UINT32_MAX, &n))
		return false;
	*id = (unsigned int)n;
	return true;
}

static struct result call_setuid(struct load *l, char *args)
{
	unsigned int uid;
	(void)l;
	if (!parse_id(args, &uid))
		return BAD_ARGS;
	/* Without the library, which would ask all threads, also those that ended. */
	struct result r = result_of(syscall(SYS_setuid, uid));
	/* The change made /proc/PID root's; a program that was started with this uid owns its own. */
	if (!r.errnum)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return r;
}

/* The real user id stays, and with it what reports say (task_uid). */
static struct result call_seteuid(struct load *l, char *args)
{
	unsigned int uid;
	(void)l;
	return parse_id(args, &uid) ? result_of(syscall(SYS_setresuid, -1, uid, -1)) : BAD_ARGS;
}

/* In place of those that it was in; the primary group stays. */
static struct result call_setgroups(struct load *l, char *args)
{
	unsigned int gid;
	(void)l;
	return parse_id(args, &gid) ? result_of(syscall(SYS_setgroups, 1, &gid)) : BAD_ARGS;
}

/* Numbers of linux/capability.h, which musl's compiler does not find. */
static const struct {
	const char *name;
	unsigned int bit;
} capabilities[] = {
	{ "dac_override", 1 },	{ "kill", 5 },	{ "setuid", 7 },	{ "ipc_lock", 14 },
	{ "sys_ptrace", 19 },	{ "sys_admin", 21 },	{ "sys_nice", 23 },	{ "sys_resource", 24 },
};

static struct result call_dropcap(struct load *l, char *args)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };	/* _LINUX_CAPABILITY_VERSION_3 */
	struct {
		uint32_t effective, permitted, inheritable;
	} sets[2];
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args))
		return BAD_ARGS;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (!streq(capabilities[i].name, word))
			continue;
		if (syscall(SYS_capget, &header, sets) < 0)
			return result_of(-1);
		sets[0].effective &= ~(1u << capabilities[i].bit);
		sets[0].permitted &= ~(1u << capabilities[i].bit);
		sets[0].inheritable &= ~(1u << capabilities[i].bit);
		return result_of(syscall(SYS_capset, &header, sets));
	}
	return BAD_ARGS;
}

/* --- limits --- */

struct result limit_to(int which, uint64_t value)
{
	struct rlimit r;
	if (getrlimit(which, &r) < 0)
		return result_of(-1);
	r.rlim_cur = value;
	if (r.rlim_max < value)
		r.rlim_max = value;
	return result_of(setrlimit(which, &r));
}

static struct result set_limit(int which, char *args)
{
	uint64_t size;
	char *word = next_word(&args);
	return !word || next_word(&args) || !parse_size(word, &size) ? BAD_ARGS : limit_to(which, size);
}

static struct result call_rlimit_as(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_AS, args);
}

static struct result call_rlimit_data(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_DATA, args);
}

static struct result call_rlimit_core(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_CORE, args);
}

static struct result call_rlimit_memlock(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_MEMLOCK, args);
}

static struct result call_rlimit_stack(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_STACK, args);
}

static struct result call_cpu(struct load *l, char *args)
{
	uint64_t mask;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args) || !parse_mask(word, &mask))
		return BAD_ARGS;
	struct result r = result_of(syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask));
	return r.errnum ? r : (struct result){ 0, 0 };
}

static struct result call_realtime(struct load *l, char *args)
{
	const struct sched_param lowest = { .sched_priority = 1 };
	(void)l;
	return next_word(&args) ? BAD_ARGS : result_of(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &lowest));
}

#ifndef PR_SET_IO_FLUSHER	/* linux/prctl.h, Linux 5.6 */
#define PR_SET_IO_FLUSHER 57
#endif

/* From now on its requests for memory may do no I/O and enter no file system (kernel/sys.c: PF_MEMALLOC_NOIO). */
static struct result call_ioflusher(struct load *l, char *args)
{
	(void)l;
	return next_word(&args) ? BAD_ARGS : result_of(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
}

const struct call rights_calls[] = {
	{ "userns", "", "a user namespace of its own, in which this user is root", call_userns },
	{ "setuid", "N", "become this user", call_setuid },
	{ "seteuid", "N", "become this user, but for the real user id", call_seteuid },
	{ "setgroups", "N", "be in this supplementary group, and in no other", call_setgroups },
	{ "dropcap", "NAME", "give up a capability: sys_resource, sys_admin, ipc_lock, dac_override, kill, setuid, sys_nice, sys_ptrace",
	  call_dropcap },
	{ "rlimit_as", "SIZE", "limit the address space", call_rlimit_as },
	{ "rlimit_data", "SIZE", "limit private writable memory", call_rlimit_data },
	{ "rlimit_core", "SIZE", "limit the file that a core is dumped to", call_rlimit_core },
	{ "rlimit_memlock", "SIZE", "limit locked memory", call_rlimit_memlock },
	{ "rlimit_stack", "SIZE", "limit the stack", call_rlimit_stack },
	{ "realtime", "", "be a task of the realtime class (SCHED_FIFO)", call_realtime },
	{ "ioflusher", "", "ask for memory without I/O and file systems from now on (GFP_NOIO)", call_ioflusher },
	{ "cpu", "LIST", "run on these CPUs only", call_cpu },
	{ NULL, NULL, NULL, NULL },
};
