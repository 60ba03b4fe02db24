// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The init of ci/tests/audit-order's guest: 200 processes of mixed sizes, oom_score_adj and cgroups, some in groups, in PID
 * namespaces or sharing an mm; then oomagent's snapshot to the second serial port; then a process that can't be killed takes
 * all memory, so that one OOM follows another until nobody is left and the kernel panics. With audit.nodes=bind it takes all of node 1, by
 * a memory policy, and some of the others have policies, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PROCESSES 200
#define STACK 65536

static int v1, bind;
static const char *groups = "/cg";
static int ready[2];		/* each process writes a byte when it is filled */

static void die(const char *what)
{
	fprintf(stderr, "<0>audit-order: %s: %s\n", what, strerror(errno));
	tcdrain(2);
	_exit(1);		/* init's exit is a panic, which ends the guest */
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static void make_group(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", groups, name);
	if (mkdir(path, 0755) < 0)
		die(path);
	snprintf(path, sizeof(path), "%s/%s/cgroup.subtree_control", groups, name);
	if (!v1 && !strchr(name, '/'))
		put(path, "+memory");
}

static void set(const char *group, const char *file, const char *value)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s/%s", groups, group, file);
	put(path, value);
}

static void make_groups(void)
{
	static const char *const names[] = { "a", "a/x", "a/y", "b", "b/x", "b/killgroup", "c", "c/limited" };
	if (mount("cgroup", groups, v1 ? "cgroup" : "cgroup2", 0, v1 ? "memory" : "") < 0)
		die("mounting cgroups");
	if (!v1)
		put("/cg/cgroup.subtree_control", "+memory");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make_group(names[i]);
	if (!v1)
		set("b/killgroup", "memory.oom.group", "1");
	/* never reached: it only has to be there */
	set("c/limited", v1 ? "memory.limit_in_bytes" : "memory.max", "300M");
}

static void join(const char *group)
{
	char pid[16];
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	set(group, "cgroup.procs", pid);
}

static void fill(size_t kib)
{
	char *p = kib ? mmap(NULL, kib << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
	if (p == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < kib; i += 4)
		p[i << 10] = 1;
}

static void wait_for_ever(void)
{
	char one = 1;
	if (write(ready[1], &one, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int sharer(void *arg)
{
	(void)arg;
	wait_for_ever();
	return 0;
}

static void set_policy(int mode, unsigned long nodes)
{
	if (syscall(SYS_set_mempolicy, mode, &nodes, sizeof(nodes) * 8) < 0)
		die("set_mempolicy");
}

/* What a process does, by its number: the sizes repeat, so that there are ties. */
static int body(void *arg)
{
	static const char *const where[] = { NULL, "a/x", "a/y", "b/x", "c/limited", NULL, "a/x" };
	static const int adjs[] = { 0, 0, 0, 0, 0, 100, -100, 300, -300, 0, 0, 500, 0, -500, 0, 900, 0, -999, 0, -1000, 7, 0, 1000 };
	int n = (int)(long)arg;
	char text[16];
	const char *group = n % 25 == 24 ? "b/killgroup" : where[n % 7];
	if (group && getpid() != 1)
		join(group);
	if (bind && n % 4)
		set_policy(n % 4 == 3 ? MPOL_PREFERRED : MPOL_BIND, n % 4 == 2 ? 2 : 1);
	snprintf(text, sizeof(text), "%d", adjs[n % 23]);
	put("/proc/self/oom_score_adj", text);
	fill((size_t)(n * 37 % 60) * 48);
	if (n % 50 == 30) {	/* a second process with the same mm */
		char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (stack == MAP_FAILED || clone(sharer, stack + STACK, CLONE_VM | SIGCHLD, NULL) < 0)
			die("clone");
	}
	wait_for_ever();
	return 0;
}

/* Number n, and three more, in a PID namespace of their own. */
static int in_namespace(void *arg)
{
	long n = (long)arg;
	for (long i = 1; i < 4; i++)
		if (fork() == 0)
			return body((void *)(n + i));
	return body((void *)n);
}

static void spawn(int (*fn)(void *), long n, int flags)
{
	static char stack[STACK] __attribute__((aligned(16)));
	if (clone(fn, stack + STACK, flags | SIGCHLD, (void *)n) < 0)
		die("clone");
}

static int spawn_all(void)
{
	int n = 0, shares = 0;
	while (n < PROCESSES) {
		if (n == 60 || n == 120) {	/* no sharers among these */
			spawn(in_namespace, n, CLONE_NEWPID);
			n += 4;
			continue;
		}
		spawn(body, n, 0);
		shares += n % 50 == 30;
		n++;
	}
	return n + shares;
}

static void take_snapshot(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		int port = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
		if (port < 0 || dup2(port, 1) < 0)
			die("/dev/ttyS1");
		execl("/oomagent", "oomagent", "snapshot", NULL);
		die("/oomagent");
	}
	int status;
	while (waitpid(pid, &status, 0) != pid)
		;
	if (status)
		die("the snapshot failed");
}

int main(void)
{
	char line[4096] = "";
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir(groups, 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) < 0 || mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		die("mount");
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);	/* is there already where the kernel mounts it */
	int fd = open("/proc/cmdline", O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		die("/proc/cmdline");
	close(fd);
	v1 = strstr(line, "audit.cgroup=v1") != NULL;
	bind = strstr(line, "audit.nodes=bind") != NULL;
	if (pipe(ready) < 0)
		die("pipe");
	make_groups();
	char one;
	for (int left = spawn_all(); left > 0; left--)
		if (read(ready[0], &one, 1) != 1)
			die("the processes");
	take_snapshot();
	if (fork() == 0) {
		put("/proc/self/oom_score_adj", "-1000");
		if (bind)
			set_policy(MPOL_BIND, 2);
		for (;;)
			fill(256);
	}
	for (;;)
		pause();
}
