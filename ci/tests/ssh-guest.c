// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The init of ci/tests/ssh-guest's machine: a device under test that is reached through virtio ports instead of a network. Each
 * port is what inetd would be for port 22: whoever connects gets an sshd. PORTS= on the kernel's command line says how many there are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const modules[] = {
	"virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_console",
};

static void die(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0)
		die(where);
}

/* What is built in has no file. */
static void load_modules(void)
{
	char path[64];

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		snprintf(path, sizeof(path), "/modules/%s.ko", modules[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) < 0)
			die(path);
		if (fd >= 0)
			close(fd);
	}
}

/* Waits until the other side has connected and says something; SIGIO comes when it connects (virtio_console's config interrupt). */
static void wait_for_client(int fd, const sigset_t *io)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 || p.revents & POLLHUP)
		sigwaitinfo(io, NULL);
}

static void serve(const char *port)
{
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	sigprocmask(SIG_BLOCK, &io, NULL);
	for (;;) {
		int fd = open(port, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			die(port);
		fcntl(fd, F_SETOWN, getpid());
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
		wait_for_client(fd, &io);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_ASYNC);
		pid_t child = fork();
		if (child == 0) {
			sigprocmask(SIG_UNBLOCK, &io, NULL);
			dup2(fd, 0);
			dup2(fd, 1);
			execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-e", "-f", "/etc/sshd_config", (char *)NULL);
			die("sshd");
		}
		waitpid(child, NULL, 0);
		close(fd);
	}
}

/* The host announces one port after the other, when it comes to it. */
static void wait_for_file(const char *path)
{
	char events[4096];
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, "/dev", IN_CREATE) < 0)
		die("inotify");
	while (access(path, F_OK) < 0)
		if (read(fd, events, sizeof(events)) < 0)
			die("inotify");
	close(fd);
}

int main(void)
{
	char port[32];
	const char *ports = getenv("PORTS");

	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("devtmpfs", "/dev");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/run");
	mount_at("cgroup2", "/sys/fs/cgroup");
	mkdir("/run/sshd", 0755);
	load_modules();
	for (int i = 1; i <= (ports ? atoi(ports) : 1); i++) {
		snprintf(port, sizeof(port), "/dev/vport0p%d", i);
		wait_for_file(port);
		if (fork() == 0)
			serve(port);
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		if (wait(NULL) < 0)
			pause();
}
