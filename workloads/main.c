// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oomload.h"

static int usage(int fd, int status)
{
	say(fd, "Usage: oomload NAME KIND [key=value]...\n"
		"       oomload --list\n"
		"       oomload --hold\n"
		"\n"
		"With --hold it is what a core dump may be piped to, and keeps that waiting. Else it\n"
		"holds memory in one way and takes orders, one a line, on file descriptor 3 (a stream socket; it answers\n"
		"there, or on 4 if that is a pipe), or where that is closed, on standard input and output. It says\n"
		"`ready PID`, then answers");
	say(fd, "  fill BYTES     hold so much: `filled BYTES` or `failed ERRNO BYTES`\n"
		"  grow STEP TO   hold more and more, up to TO (0: without end); `stop` ends it\n"
		"  shrink BYTES   hold only so much");
	say(fd, "  touch          read all that is held: `touched BYTES`\n"
		"  ping           `pong`\n"
		"  call WHAT ...  one system call: `called WHAT RESULT ERRNO` (ok when there is none)\n"
		"  quit           end; the end of input does the same");
	return status;
}

static int list(void)
{
	kinds_list(STDOUT_FILENO);
	calls_list(STDOUT_FILENO);
	return 0;
}

/* Reads nothing of what a core dump writes to it, and ends when the dump does. */
static int hold(void)
{
	struct pollfd p = { .fd = STDIN_FILENO };
	while (poll(&p, 1, -1) < 0 || !(p.revents & POLLHUP))
		p.revents = 0;
	return 0;
}

static void allow_huge_pages(bool allowed)
{
	/* One huge page would move RSS by 512 pages, and a charge for it shows in counters. The flag is inherited, also through
	 * exec: hence it is set and cleared. It fails where the kernel has no THP: then there is nothing to set. */
	prctl(PR_SET_THP_DISABLE, !allowed, 0, 0, 0);
}

static int open_load(struct load *l)
{
	uint64_t thp;
	const char *fault = load_arg(l, "fault");
	if (!load_arg_size(l, "thp", 0, 0, 1, &thp))
		return -1;
	if (fault && !streq(fault, "user"))
		return error_say("fault=%s: only `user` is known", fault);
	l->by_faults = fault;
	allow_huge_pages(thp);
	return l->kind->open ? l->kind->open(l) : 0;
}

int main(int argc, char **argv)
{
	page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (argc == 2 && streq(argv[1], "--list"))
		return list();
	if (argc == 2 && streq(argv[1], "--hold"))
		return hold();
	if (argc == 2 && streq(argv[1], "--help"))
		return usage(STDOUT_FILENO, 0);
	if (argc < 3)
		return usage(STDERR_FILENO, 2);
	control_init();

	struct load load = { .name = argv[1], .kind = kind_find(argv[2]), .args = argv + 3, .fd = -1, .advice = -1 };
	if (strlen(load.name) > 15)
		return error_say("%s: a name has at most 15 bytes", load.name), 2;
	if (!load.kind)
		return error_say("%s: no such kind; oomload --list shows them", argv[2]), 2;
	if (load.kind->unimplemented_reason)
		return error_say("%s: %s", load.kind->name, load.kind->unimplemented_reason), 2;
	if (!kind_takes(load.kind, load.args))
		return 2;

	system_argv = argv;
	system_set_comm(load.name);
	system_raise_limit(RLIMIT_NOFILE, 1 << 20);	/* fs.nr_open's default */
	fill_init();
	system_prefault();
	if (open_load(&load))
		return procs_end(), 2;
	if (load.kind->serve_elsewhere)
		return load.kind->serve_elsewhere(&load, control_serve), 2;
	control_say_ready();
	control_serve(&load);
}
