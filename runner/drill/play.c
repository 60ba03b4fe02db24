// SPDX-License-Identifier: GPL-2.0-or-later
/* The stand-ins as processes of a service. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/util.h"
#include "drill/service.h"

#define STEP (UINT64_C(256) << 10)	/* the leak's, bytes */

static int fill(uint64_t bytes)
{
	char *p = bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
	if (p == MAP_FAILED)
		return -1;
	for (uint64_t i = 0; i < bytes; i += 4096)
		p[i] = 1;
	return 0;
}

static void hold(bool leaks)
{
	sigset_t set;
	int sig;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigwait(&set, &sig) != 0 || !leaks)
		;
	while (fill(STEP) == 0)
		;
	_exit(1);	/* the limit is memory's, and not that of address space */
}

/* Becomes the stand-in of that word. */
static int become(const char *word, bool *leaks)
{
	char name[16] = "", adj[16];
	uint64_t bytes;
	int value;
	*leaks = *word == '+';
	if (sscanf(word + *leaks, "%15[^:]:%" SCNu64 ":%d", name, &bytes, &value) != 3)
		return -1;
	prctl(PR_SET_NAME, name);
	FILE *f = fopen("/proc/self/oom_score_adj", "we");
	snprintf(adj, sizeof(adj), "%d", value);
	if (!f || fputs(adj, f) < 0 || fclose(f) != 0)
		return -1;
	return fill(bytes);
}

/* sd_notify(3) */
static int say_ready(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	if (!path || strlen(path) >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, strlen(path));
	if (*to.sun_path == '@')
		*to.sun_path = '\0';
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	return fd < 0 || sendto(fd, "READY=1", strlen("READY=1"), 0, (struct sockaddr *)&to, len) < 0 ? -1 : 0;
}

/* The child says by one byte that it is filled. */
static int start(const char *word)
{
	int ready[2];
	char one = 1;
	bool leaks;
	if (pipe(ready) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		close(ready[0]);
		if (become(word, &leaks) < 0 || write(ready[1], &one, 1) != 1)
			_exit(1);
		close(ready[1]);
		hold(leaks);
	}
	close(ready[1]);
	ssize_t n = pid > 0 ? read(ready[0], &one, 1) : -1;
	close(ready[0]);
	return n == 1 ? 0 : -1;
}

int service_play(char **words, size_t n)
{
	sigset_t set;
	bool leaks;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);	/* taken by sigwait() */
	for (size_t i = 1; i < n; i++)
		if (start(words[i]) < 0)
			return 1;
	if (!n || become(words[0], &leaks) < 0 || say_ready() < 0)
		return 1;
	hold(leaks);
	return 1;
}
