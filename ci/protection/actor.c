// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who plays in ci/protection's guest, as units of systemd: a database that is larger than anything else, a worker, an
 * app one of whose two processes leaks, and a pulse that only wants to run. `actor ROLE`; what they tell stands in a
 * file that all of them map.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MIB (1 << 20)
#define DATABASE_MIB 220
#define WORKER_MIB 40
#define APP_MIB 8
#define SECONDS 60		/* of the guest's own time; who leaks 50 MiB a second has long met its end */
#define SETTLE_NS INT64_C(3000000000)	/* what follows the first death: a unit's other processes, a restart */
#define LATE_NS INT64_C(100000000)	/* who waits longer than that is noticed by people */

enum who { DATABASE, WORKER, APP, LEAK, N_WHO };
static const char *const names[] = { "database", "worker", "app", "leak" };

static struct shared {
	volatile pid_t pids[N_WHO];	/* of the first of that name */
	volatile int pulse_on;
	volatile int64_t stall_ns, stalls_ns, leaked;
} *shared;

static void die(const char *what)
{
	fprintf(stderr, "actor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void map_shared(void)
{
	int fd = open("/run/actors", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, sizeof(*shared)) < 0)
		die("/run/actors");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		die("mmap");
}

static char *fill(size_t mib)
{
	char *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; p != MAP_FAILED && i < mib * MIB; i += 4096)
		/* half of a page is not like another one: zram is to have work */
		for (size_t k = 0; k < 2048; k += 8)
			*(uint64_t *)(p + i + k) = (i + k + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return p;
}

/* sd_notify(3): READY=1 */
static void say_ready(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	if (!path)
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (*to.sun_path == '@')
		*to.sun_path = '\0';
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd < 0 || sendto(fd, "READY=1", strlen("READY=1"), 0, (struct sockaddr *)&to, len) < 0)
		die(path);
	close(fd);
}

static void be(enum who who)
{
	prctl(PR_SET_NAME, names[who]);
	if (!shared->pids[who])
		shared->pids[who] = getpid();
}

static void database(void)
{
	be(DATABASE);
	char *p = fill(DATABASE_MIB);
	if (p == MAP_FAILED)
		die("the database was refused its memory");
	say_ready();
	/* its working set is all of it, at the pace of one that is half idle: each page once in two seconds */
	for (size_t i = 0;; i = (i + 4096) % ((size_t)DATABASE_MIB * MIB)) {
		p[i]++;
		if (i % (64 * 4096) == 0)
			usleep(2000);	/* that pace */
	}
}

static void worker(void)
{
	be(WORKER);
	fill(WORKER_MIB);
	say_ready();
	for (;;)
		pause();
}

static void leak(void)
{
	be(LEAK);
	for (;;) {
		if (fill(1) == MAP_FAILED)
			die("the leak was refused its memory");
		shared->leaked++;
		usleep(20000);	/* the leak's rate: 50 MiB a second */
	}
}

/* A service with a main process, and one that it has started, which leaks. */
static void app(void)
{
	be(APP);
	fill(APP_MIB);
	if (fork() == 0)
		leak();
	say_ready();
	for (;;)
		pause();
}

/* A process that only wants to run every 5 ms, and writes down how long it could not. */
static void pulse(void)
{
	say_ready();
	for (int64_t last = now();;) {
		usleep(5000);	/* what it measures with: anything beyond is a stall */
		int64_t t = now(), late = t - last;
		last = t;
		if (!shared->pulse_on)
			continue;
		if (late > shared->stall_ns)
			shared->stall_ns = late;
		if (late > LATE_NS)
			shared->stalls_ns += late;
	}
}

/* From the start of the leak until somebody has died and what follows from that is over; then what was seen. */
static void judge(void)
{
	struct pollfd ends[N_WHO];
	int64_t begin = now(), end = begin + SECONDS * INT64_C(1000000000);
	int deaths = 0;
	while (!shared->pids[LEAK] && now() < end)
		usleep(1000);	/* app is started by the service manager, and nobody tells us when: a look each millisecond */
	for (int i = 0; i < N_WHO; i++) {
		/* who is not there any more has ended, or could not begin */
		ends[i] =
			(struct pollfd){ .fd = shared->pids[i] ? (int)syscall(SYS_pidfd_open, shared->pids[i], 0) : -1,
					 .events = POLLIN };
		if (ends[i].fd < 0) {
			printf("ended %s\n", names[i]);
			deaths++;
		}
	}
	for (int64_t left; (left = end - now()) > 0;) {
		if (poll(ends, N_WHO, (int)(left / 1000000) + 1) <= 0)
			continue;
		for (int i = 0; i < N_WHO; i++) {
			if (ends[i].fd < 0 || !ends[i].revents)
				continue;
			printf("ended %s\n", names[i]);
			ends[i].fd = -1;
			if (!deaths++)
				end = now() + SETTLE_NS;
		}
	}
	printf("stall %ld\nstalls %ld\nleaked %ld\n", (long)(shared->stall_ns / 1000000), (long)(shared->stalls_ns / 1000000),
	       (long)shared->leaked);
	for (int i = 0; i < N_WHO; i++)
		printf("pid %s %d\n", names[i], (int)shared->pids[i]);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*play)(void);
	} roles[] = { { "database", database }, { "worker", worker }, { "app", app }, { "pulse", pulse }, { "judge", judge } };
	map_shared();
	if (argc > 1 && strcmp(argv[1], "on") == 0) {
		shared->pulse_on = 1;
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(argv[1], roles[i].name) == 0) {
			roles[i].play();
			return 0;
		}
	}
	fprintf(stderr, "usage: actor ROLE\n");
	return 2;
}
