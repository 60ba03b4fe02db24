// SPDX-License-Identifier: GPL-2.0-or-later
#include "drill/service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/util.h"

#define PREFIX "oomtests-drill-"
#define WORDS 64
#define LONGEST_NS (INT64_C(120) * 1000000000)	/* from the leak to systemd's last act; Restart= waits besides */
#define QUIET_NS (INT64_C(3) * 1000000000)	/* nothing more has come for so long: with OOMPolicy=continue nothing has to */

/* --- asking systemd ----------------------------------------------------------------------------------------- */

/* Runs a program; its output, or NULL with its last words in err. */
static char *output_of(const char *const *words, struct error *err)
{
	int out[2];
	if (pipe2(out, O_CLOEXEC) < 0)
		return error_set(err, errno, "a pipe"), NULL;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	close(out[1]);
	CLEANUP_FILE FILE *in = fdopen(out[0], "r");
	char *text = NULL;
	size_t size = 0;
	int status;
	if (getdelim(&text, &size, '\0', in) < 0)
		text = xstrdup("");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	text[strcspn(text, "\n")] = '\0';
	error_set(err, 0, "%s %s: %s", words[0], words[1], *text ? text : "failed");
	free(text);
	return NULL;
}

/* The value of a line NAME=VALUE of `systemctl show`; malloced, "" where there is none. */
static char *property(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0)
		if (strncmp(line, name, n) == 0 && line[n] == '=')
			return xasprintf("%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
	return xstrdup("");
}

static char *show(const char *unit, struct error *err)
{
	return output_of((const char *const[]){ "systemctl", "show", "-p",
		"LoadState,OOMPolicy,Restart,RestartUSec,OnFailure,MainPID,ActiveState,Result,NRestarts,ControlGroup,MemoryMax,MemorySwapMax", "--",
		unit, NULL }, err);
}

/* "100ms", "5s", "1min 30s" as systemd prints a time span, in microseconds. */
static uint64_t span(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "min", 60000000 }, { "h", UINT64_C(3600000000) } };
	uint64_t sum = 0;
	char unit[8];
	double value;
	for (int used; sscanf(text, " %lf%7[a-z]%n", &value, unit, &used) == 2; text += used)
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			if (streq(unit, units[i].unit))
				sum += (uint64_t)(value * (double)units[i].usec);
	return sum;
}

int service_read(const char *what, struct service *s, struct error *err)
{
	const char *last = strrchr(what, '/') ? strrchr(what, '/') + 1 : what;
	*s = (struct service){ 0 };
	if (access("/run/systemd/system", F_OK) < 0)
		return 0;
	s->name = strstr(last, ".service") ? xstrdup(last) : xasprintf("%s.service", last);
	CLEANUP_FREE char *text = show(s->name, err);
	if (!text)
		return -1;
	CLEANUP_FREE char *load = property(text, "LoadState"), *pid = property(text, "MainPID"), *delay = property(text, "RestartUSec");
	s->policy = property(text, "OOMPolicy");
	s->restart = property(text, "Restart");
	s->on_failure = property(text, "OnFailure");
	s->main_pid = atoi(pid);
	s->restart_usec = span(delay);
	return streq(load, "loaded") && *s->policy;
}

void service_free(struct service *s)
{
	free(s->name);
	free(s->policy);
	free(s->restart);
	free(s->on_failure);
	*s = (struct service){ 0 };
}

/* --- the stand-ins ------------------------------------------------------------------------------------------ */

struct trial {
	const struct drill *d;
	char unit[48];
	int kmsg;
	pid_t *pids;		/* by stand-in of the first start; 0: not found */
	bool *killed;
	size_t main_task;
};

static char *word_of(const struct drill *d, size_t i)
{
	const struct drill_task *t = &d->tasks[i];
	return xasprintf("%s%s:%" PRIu64 ":%d", (int)i == d->leak ? "+" : "", t->name, t->size, t->adj);
}

static int start(struct trial *t, const struct service *s, struct error *err)
{
	const struct drill *d = t->d;
	const char *words[WORDS + 32];
	char *own[WORDS + 16], self[4096];
	size_t n = 0, n_own = 0;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return error_set(err, errno, "/proc/self/exe");
	self[len] = '\0';
	for (size_t i = 0; i < d->n_tasks; i++)
		if (s->main_pid && d->audit->machine->tasks[d->tasks[i].source].pid == s->main_pid)
			t->main_task = i;
	words[n++] = "systemd-run";
	words[n++] = "--quiet";
	words[n++] = "--service-type=notify";
	own[n_own++] = xasprintf("--unit=%s", t->unit);
	own[n_own++] = xasprintf("--property=MemoryMax=%" PRIu64, d->memory);
	own[n_own++] = xasprintf("--property=MemorySwapMax=%" PRIu64, d->swap);
	own[n_own++] = xasprintf("--property=OOMPolicy=%s", s->policy);
	own[n_own++] = xasprintf("--property=Restart=%s", s->restart);
	own[n_own++] = xasprintf("--property=RestartSec=%" PRIu64 "us", s->restart_usec);
	own[n_own++] = xasprintf("--property=RuntimeMaxSec=%ds", (int)((2 * LONGEST_NS + (int64_t)s->restart_usec * 1000) / 1000000000));
	for (size_t i = 0; i < n_own; i++)
		words[n++] = own[i];
	words[n++] = "--property=TimeoutStartSec=300";
	words[n++] = "--property=NotifyAccess=all";
	words[n++] = "--";
	words[n++] = self;
	words[n++] = "drill";
	words[n++] = "--play";
	size_t first = n_own;
	own[n_own++] = word_of(d, t->main_task);
	for (size_t i = 0; i < d->n_tasks && n_own < ARRAY_SIZE(own); i++)
		if (i != t->main_task)
			own[n_own++] = word_of(d, i);
	for (size_t i = first; i < n_own; i++)
		words[n++] = own[i];
	words[n] = NULL;
	CLEANUP_FREE char *text = output_of(words, err);
	for (size_t i = 0; i < n_own; i++)
		free(own[i]);
	return text ? 0 : -1;
}

/* Containment, once more: the limit reads back, and who is in it is ours. */
static int find_members(struct trial *t, struct error *err)
{
	const struct drill *d = t->d;
	CLEANUP_FREE char *text = show(t->unit, err);
	if (!text)
		return -1;
	CLEANUP_FREE char *cgroup = property(text, "ControlGroup");
	CLEANUP_FREE char *limit_path = xasprintf("%s%s/%s", d->audit->machine->mount, cgroup, d->v1 ? "memory.limit_in_bytes" : "memory.max");
	CLEANUP_FREE char *procs_path = xasprintf("%s%s/cgroup.procs", d->audit->machine->mount, cgroup);
	CLEANUP_FREE char *limit = read_whole_at(AT_FDCWD, limit_path, 4096, NULL),
			  *procs = read_whole_at(AT_FDCWD, procs_path, 1 << 16, NULL);
	if (!*cgroup || !limit || !procs || strtoull(limit, NULL, 10) != d->memory)
		return error_set(err, 0, "%s was to be limited to %" PRIu64 ", and reads %s", limit_path, d->memory, limit ? limit : "nothing");
	size_t found = 0, all = 0;
	for (char *line = procs; *line; line += strcspn(line, "\n"), line += *line ? 1 : 0) {
		CLEANUP_FREE char *path = xasprintf("/proc/%d/comm", atoi(line));
		CLEANUP_FREE char *comm = read_whole_at(AT_FDCWD, path, 64, NULL);
		all++;
		if (comm)
			comm[strcspn(comm, "\n")] = '\0';
		for (size_t i = 0; i < d->n_tasks; i++) {
			if (!streq(comm, d->tasks[i].name))
				continue;
			t->pids[i] = atoi(line);
			found++;
		}
	}
	return all == d->n_tasks && found == all ? 0 : error_set(err, 0, "%zu processes are in %s, and %zu of the %zu stand-ins", all, cgroup, found,
								  d->n_tasks);
}

static void read_kmsg(struct trial *t)
{
	char record[8192];
	ssize_t n;
	while ((n = read(t->kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;	/* older records were overwritten */
		record[n] = '\0';
		const char *at = strstr(record, "Killed process ");
		int pid = at ? atoi(at + strlen("Killed process ")) : 0;
		for (size_t i = 0; pid && i < t->d->n_tasks; i++)
			t->killed[i] = t->killed[i] || t->pids[i] == pid;
	}
}

static bool alive(pid_t pid, const char *name)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/comm", (int)pid);
	CLEANUP_FREE char *comm = read_whole_at(AT_FDCWD, path, 64, NULL);
	return comm && strncmp(comm, name, strlen(name)) == 0 && comm[strlen(name)] == '\n';
}

/* What stands of it now, in one line that changes when anything does. */
static char *look(struct trial *t, struct service_seen *seen, struct error *err)
{
	CLEANUP_FREE char *text = show(t->unit, err);
	if (!text)
		return NULL;
	CLEANUP_FREE char *restarts = property(text, "NRestarts");
	service_seen_free(seen);
	seen->state = property(text, "ActiveState");
	seen->result = property(text, "Result");
	seen->restarts = atoi(restarts);
	read_kmsg(t);
	seen->main_killed = t->killed[t->main_task];
	char **lists[] = { &seen->killed, &seen->ended, &seen->left };
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		*lists[k] = xstrdup("");
	for (size_t i = 0; i < t->d->n_tasks; i++) {
		const char *name = t->d->tasks[i].name;
		char **list = lists[t->killed[i] ? 0 : alive(t->pids[i], name) ? 2 : 1];
		char *longer = xasprintf("%s%s%s", *list, **list ? ", " : "", name);
		free(*list);
		*list = longer;
	}
	return xasprintf("%s %s %d %s/%s/%s", seen->state, seen->result, seen->restarts, seen->killed, seen->ended, seen->left);
}

/* Until nothing has changed for a while after the first kill. systemd has no event for "done". */
static int watch(struct trial *t, const struct service *s, struct service_seen *seen, struct error *err)
{
	int64_t quiet = QUIET_NS + (int64_t)s->restart_usec * 1000, changed = now_ns(), end = changed + LONGEST_NS + quiet;
	CLEANUP_FREE char *last = NULL;
	while (now_ns() < end) {
		char *now = look(t, seen, err);
		if (!now)
			return -1;
		if (!streq(now, last))
			changed = now_ns();
		free(last);
		last = now;
		bool between = streq(seen->state, "activating") || streq(seen->state, "deactivating");
		if (*seen->killed && !between && now_ns() - changed > quiet)
			return 0;
		poll(NULL, 0, 200);	/* so often systemd is asked */
	}
	return *seen->killed ? 0 : error_set(err, 0, "nobody was killed in %s within %d s", t->unit, (int)(LONGEST_NS / 1000000000));
}

static void undo(const char *unit)
{
	struct error err;
	CLEANUP_FREE char *stop = output_of((const char *const[]){ "systemctl", "stop", "--", unit, NULL }, &err);
	CLEANUP_FREE char *reset = output_of((const char *const[]){ "systemctl", "reset-failed", "--", unit, NULL }, &err);
}

/* systemd's own word: "A process of this unit has been killed by the OOM killer." */
static bool was_told(const char *unit)
{
	struct error err;
	CLEANUP_FREE char *said = output_of((const char *const[]){ "journalctl", "--quiet", "--boot", "--output=cat", "--unit", unit, NULL }, &err);
	return said && strstr(said, "OOM killer");
}

int service_drill(const struct drill *d, const struct service *s, struct service_seen *seen, struct error *err)
{
	struct trial t = { .d = d };
	*seen = (struct service_seen){ 0 };
	snprintf(t.unit, sizeof(t.unit), PREFIX "%d.service", (int)getpid());
	CLEANUP_FD int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		return error_set(err, errno, "/dev/kmsg");
	t.kmsg = kmsg;
	CLEANUP_FREE pid_t *pids = t.pids = xcalloc(d->n_tasks, sizeof(*t.pids));
	CLEANUP_FREE bool *killed = t.killed = xcalloc(d->n_tasks, sizeof(*t.killed));
	int ret = start(&t, s, err);
	if (ret == 0)
		ret = find_members(&t, err);
	if (ret == 0 && kill(pids[d->leak], SIGUSR1) < 0)
		ret = error_set(err, errno, "a signal to the leak");
	if (ret == 0)
		ret = watch(&t, s, seen, err);
	if (ret == 0)
		seen->told = was_told(t.unit);
	undo(t.unit);
	(void)killed;
	return ret;
}

void service_seen_free(struct service_seen *seen)
{
	free(seen->killed);
	free(seen->ended);
	free(seen->left);
	free(seen->result);
	free(seen->state);
	*seen = (struct service_seen){ 0 };
}

/* systemd.service(5): OOMPolicy= and the table of Restart=. */
const char *service_judge(const struct service *s, const struct service_seen *seen)
{
	bool restarts = streq(s->restart, "always") || streq(s->restart, "on-failure") || streq(s->restart, "on-abnormal");
	/* without its main process a unit ends, whatever the policy */
	if (streq(s->policy, "continue") && !seen->main_killed)
		return *seen->ended || seen->restarts ? "OOMPolicy=continue ended processes that the kernel had left" : NULL;
	if (*seen->left)
		return "the unit was to end, and processes of it are alive";
	if (streq(s->policy, "kill") && *seen->ended)
		return "OOMPolicy=kill, and yet the kernel did not kill all of the unit";
	if (restarts != (seen->restarts > 0))
		return restarts ? "it was not started again" : "it was started again";
	if (!restarts && !streq(s->policy, "continue") && !streq(seen->result, "oom-kill"))
		return "the unit's result is not oom-kill";
	return NULL;
}

int service_recover(void)
{
	struct error err;
	int n = 0;
	if (access("/run/systemd/system", F_OK) < 0)
		return 0;
	CLEANUP_FREE char *all = output_of((const char *const[]){ "systemctl", "list-units", "--all", "--plain", "--no-legend", PREFIX "*.service", NULL },
					   &err);
	for (char *line = all; line && *line; line += strcspn(line, "\n"), line += *line ? 1 : 0) {
		CLEANUP_FREE char *unit = xasprintf("%.*s", (int)strcspn(line, " \n"), line);
		if (!starts_with(unit, PREFIX) || kill(atoi(unit + strlen(PREFIX)), 0) == 0)
			continue;
		undo(unit);
		n++;
	}
	return n;
}
