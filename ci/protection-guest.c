// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The init of ci/protection's guest. A database that is larger than anything else, a worker, and a process that leaks: who dies,
 * by whose hand, and how long did nothing else run? What protects is said by PROT_* on the kernel's command line, which the kernel
 * puts into our environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MIB (1 << 20)
#define DATABASE_MIB 220
#define WORKER_MIB 40
#define SECONDS 60		/* of the guest's own time; who leaks 50 MiB a second has long met its end */

static struct shared {
	volatile int64_t stall_ns, leaked, pulse_on;
} *shared;
static int ready[2];		/* who is filled writes a byte */

static int port = 2;

static void die(const char *what)
{
	dprintf(port, "error %s: %s\n", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Writes what the environment says of a file, if it says something. */
static void put_env(const char *name, const char *path)
{
	const char *value = getenv(name);
	if (value)
		put(path, value);
}

static char *fill(size_t mib)
{
	char *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; p != MAP_FAILED && i < mib * MIB; i += 4096)
		p[i] = 1;
	return p;
}

static pid_t start(const char *name, const char *adj, void (*body)(void))
{
	char path[64], pid[16];
	pid_t child = fork();
	if (child)
		return child;
	snprintf(path, sizeof(path), "/cg/%s/cgroup.procs", name);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	put(path, pid);
	put("/proc/self/comm", name);
	if (adj)
		put("/proc/self/oom_score_adj", adj);
	body();
	_exit(0);
}

static void say_ready(void)
{
	char one = 1;
	if (write(ready[1], &one, 1) != 1)
		_exit(1);
}

static void database(void)
{
	char *p = fill(DATABASE_MIB);
	say_ready();
	if (p == MAP_FAILED)
		_exit(1);	/* it was refused its memory */
	/* its working set is all of it, at the pace of one that is half idle: each page once in two seconds */
	for (size_t i = 0;; i = (i + 4096) % ((size_t)DATABASE_MIB * MIB)) {
		p[i]++;
		if (i % (64 * 4096) == 0)
			usleep(2000);
	}
}

static void worker(void)
{
	fill(WORKER_MIB);
	say_ready();
	for (;;)
		pause();
}

static void leak(void)
{
	for (;;) {
		if (fill(1) == MAP_FAILED)
			_exit(1);
		shared->leaked++;
		usleep(20000);	/* the leak's rate: 50 MiB a second */
	}
}

/* A process that only wants to run every 5 ms, and writes down how long it could not. */
static void pulse(void)
{
	for (int64_t last = now();;) {
		usleep(5000);	/* what it measures with: anything beyond is a stall */
		int64_t t = now();
		if (shared->pulse_on && t - last > shared->stall_ns)
			shared->stall_ns = t - last;
		last = t;
	}
}

/* A killer in user space is at work once it has said its first line, of what it found. */
static void start_killer(void)
{
	char *words[16] = { NULL }, *line = getenv("PROT_KILLER"), *save = NULL, text[4096];
	int said[2];
	if (!line)
		return;
	if (pipe(said) < 0)
		die("pipe");
	if (fork()) {
		close(said[1]);
		if (read(said[0], text, sizeof(text)) <= 0)
			die(line);
		/* what it says later is of no interest, but must not block it */
		if (fork() == 0) {
			while (read(said[0], text, sizeof(text)) > 0)
				;
			_exit(0);
		}
		close(said[0]);
		return;
	}
	size_t n = 0;
	for (char *w = strtok_r(line, ",", &save); w && n < 15; w = strtok_r(NULL, ",", &save))
		words[n++] = w;
	dup2(said[1], 1);
	dup2(said[1], 2);
	close(said[0]);
	execv(words[0], words);
	_exit(127);
}

/* Did the kernel say that it killed this process? */
static int kernel_killed(pid_t pid)
{
	char record[8192], want[64];
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), found = 0;
	snprintf(want, sizeof(want), "Killed process %d (", (int)pid);
	for (ssize_t n; (n = read(fd, record, sizeof(record) - 1)) > 0;) {
		record[n] = '\0';
		found = found || strstr(record, want);
	}
	close(fd);
	return found;
}

static void mount_all(void)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev", "/cg", "/tmp" };
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(dirs[i], 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	port = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	if (port < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0 || mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 ||
	    mount("cgroup2", "/cg", "cgroup2", 0, NULL) < 0)
		die("mount");
	put("/cg/cgroup.subtree_control", "+memory");
	if (mkdir("/cg/database", 0755) < 0 || mkdir("/cg/worker", 0755) < 0 || mkdir("/cg/leak", 0755) < 0 || mkdir("/cg/pulse", 0755) < 0)
		die("mkdir");
}

int main(void)
{
	static const char *const names[] = { "database", "worker", "leak" };
	pid_t pids[3];
	sigset_t child;
	mount_all();
	if (pipe(ready) < 0)
		die("pipe");
	/* blocked, and taken by sigtimedwait() */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	put_env("PROT_MAX", "/cg/leak/memory.max");
	put_env("PROT_HIGH", "/cg/leak/memory.high");
	put_env("PROT_MIN", "/cg/database/memory.min");
	put_env("PROT_TTL", "/sys/kernel/mm/lru_gen/min_ttl_ms");
	put_env("PROT_GEN", "/sys/kernel/mm/lru_gen/enabled");
	put_env("PROT_OVERCOMMIT", "/proc/sys/vm/overcommit_memory");
	put_env("PROT_ALLOCATING", "/proc/sys/vm/oom_kill_allocating_task");
	start("pulse", "-1000", pulse);
	pids[0] = start("database", getenv("PROT_ADJ"), database);
	pids[1] = start("worker", NULL, worker);
	for (int i = 0; i < 2; i++) {
		char one;
		if (read(ready[0], &one, 1) != 1)
			die("ready");
	}
	start_killer();
	shared->pulse_on = 1;
	pids[2] = start("leak", getenv("PROT_LEAK_ADJ"), leak);
	int64_t end = now() + SECONDS * INT64_C(1000000000);
	int deaths = 0;
	for (int64_t left; (left = end - now()) > 0;) {
		struct timespec most = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
		int status;
		sigtimedwait(&child, NULL, &most);
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
			for (int i = 0; i < 3; i++) {
				if (pid != pids[i])
					continue;
				if (!deaths++)
					end = now() + INT64_C(2000000000);
				dprintf(port, "died %s %s\n", names[i], kernel_killed(pid) ? "kernel" : WIFSIGNALED(status) ? "user" : "itself");
			}
		}
	}
	dprintf(port, "stall %ld\nleaked %ld\nend\n", (long)(shared->stall_ns / 1000000), (long)shared->leaked);
	tcdrain(port);
	reboot(RB_POWER_OFF);
	return 0;
}
