// SPDX-License-Identifier: GPL-2.0-or-later
/* What explain needs for any input, however long and whatever it holds: the real program, fed through a pipe. */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/util.h"
#include "tests/harness.h"

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static char *program, *out_path;

/* Bytes to explain's standard input, and what it needed for them. */
struct load {
	const char *name, *head, *unit, *tail;
	size_t bytes;		/* of unit, again and again */
	int reports;
};

static int feed(const struct load *l, int fd)
{
	char block[65536];
	size_t n = strlen(l->unit), filled = sizeof(block) / n * n;
	for (size_t i = 0; i < filled; i += n)
		memcpy(block + i, l->unit, n);
	if (write_all(fd, l->head, strlen(l->head)) < 0)
		return -1;
	for (size_t left = l->bytes; left > 0;) {
		size_t some = left < filled ? left : filled;
		if (write_all(fd, block, some) < 0)
			return -1;
		left -= some;
	}
	return write_all(fd, l->tail, strlen(l->tail));
}

/* CPU seconds; *kb is the most that was resident, *lines how many lines came out. */
static double explain_load(const struct load *l, long *kb, int *lines)
{
	int in[2], status;
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		/* what is mapped bounds what is resident */
		struct rlimit most = { SANITIZED ? RLIM_INFINITY : 256 << 20, SANITIZED ? RLIM_INFINITY : 256 << 20 };
		int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (setrlimit(RLIMIT_AS, &most) < 0 || dup2(in[0], 0) < 0 || dup2(out, 1) < 0)
			_exit(126);
		execl(program, program, "explain", "--json", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	ck_assert_msg(feed(l, in[1]) == 0, "%s: explain did not read to the end", l->name);
	close(in[1]);
	struct rusage used;
	ck_assert_int_eq(wait4(pid, &status, 0, &used), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %x", l->name, (unsigned)status);
	CLEANUP_FREE char *out = read_whole_at(AT_FDCWD, out_path, 64 << 20, NULL);
	*lines = 0;
	for (const char *p = out; p && (p = strchr(p, '\n')); p++)
		++*lines;
	*kb = used.ru_maxrss;
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

#define KILL "[   12.345678] Out of memory: Killed process 5 (x) total-vm:8kB, anon-rss:4kB, file-rss:0kB\n"
#define MIB (UINT64_C(1) << 20)

/*
 * 64 MiB resident whatever comes, and four times the bytes in about four times the time: eight times would be quadratic
 * growth's sixteen halved. Sanitizers have a memory of their own.
 */
START_TEST(bounds)
{
	char dir[TEST_DIR_MAX], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	program = xasprintf("%s/oomtests", self);
	out_path = xasprintf("%s/out", test_dir(dir));
	static const struct load loads[] = {
		{ "text", "", "Mar  3 04:05:06 host app[1]: some words of no interest to anybody\n", KILL, 64 * MIB, 1 },
		{ "one line", "", "x", "\n" KILL, 100 * MIB, 1 },
		{ "one line of words", "", "Killed process total_vm Mem-Info: ", "\n" KILL, 24 * MIB, 1 },
		{ "a line without an end", KILL, "Out of memory: ", "", 24 * MIB, 1 },
		{ "one string", "{\"Output\": \"", "[    0.000000] all is well\\r\\n", "\"}\n" KILL, 48 * MIB, 1 },
		{ "braces", "", "{\"a\":[{\"b\":", "\n" KILL, 24 * MIB, 1 },
		{ "soft breaks", "x invoked oom-killer: gfp_mask=3D0xcc0, order=3D0, oom_score_adj=3D0\n",
		  "[  300]     0   300    20000    12000=\n", "", 24 * MIB, 1 },
		{ "rows without an end", "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n",
		  "[  300]     0   301    20000    12000      44       55         -1000 x\n", "", 24 * MIB, 1 },
		{ "halves", "", "Out of memory: Kill\n", KILL, 24 * MIB, 1 },
		{ "an entry without an end", "__CURSOR=s=1\n_TRANSPORT=kernel\n", "MESSAGE=Mem-Info:\n", "\n" KILL, 24 * MIB, -1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		struct load quarter = loads[i];
		long kb;
		int lines;
		struct load whole = loads[i];
		whole.bytes /= SANITIZED ? 16 : 1;
		quarter.bytes = whole.bytes / 4;
		double less = explain_load(&quarter, &kb, &lines), seconds = explain_load(&whole, &kb, &lines);
		ck_assert_msg(SANITIZED || kb <= 64 << 10, "%s: %ld kB were resident", loads[i].name, kb);
		ck_assert_msg(loads[i].reports < 0 || lines == loads[i].reports, "%s: %d reports", loads[i].name, lines);
		/* below a few hundredths of a second the clock itself is not that sure */
		ck_assert_msg(seconds < 0.2 || seconds < 8 * less, "%s: %.3f s, a quarter of it %.3f s", loads[i].name,
			      seconds, less);
	}
	free(program);
	free(out_path);
}
END_TEST

TESTS("explain-bounds", bounds)
