// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes whose end matters, by pidfd: whoever ended them, the kernel or a killer in user space. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "watch/state.h"

struct watched {
	struct source source;	/* first: the loop hands it back */
	pid_t pid;
	uint64_t start;
	char comm[16];
};

struct process_watch {
	struct watched **all;
	size_t n;
};

static void forget(struct process_watch *p, size_t i)
{
	free(p->all[i]);
	p->all[i] = p->all[--p->n];
}

static void ended(struct watch *w, struct source *s, uint32_t events)
{
	struct watched *t = (struct watched *)s;
	(void)events;
	CLEANUP_FREE char *text = xasprintf("%s (pid %d) has ended", t->comm, (int)t->pid);
	event_tell(w, &(struct event){ .type = "end", .severity = SEVERITY_CRITICAL, .comm = t->comm, .pid = t->pid, .usec = -1,
				       .text = text });
	loop_forget(w, s);
	for (size_t i = 0; i < w->processes->n; i++)
		if (w->processes->all[i] == t)
			forget(w->processes, i--);
}

static bool is_asked(const struct watch_options *o, const char *comm)
{
	for (size_t i = 0; i < o->n_processes; i++)
		if (streq(o->processes[i], comm) || (strlen(o->processes[i]) > 15 && strncmp(o->processes[i], comm, 15) == 0))
			return true;
	return false;
}

static void take(struct watch *w, const struct machine_task *t)
{
	struct process_watch *p = w->processes;
	for (size_t i = 0; i < p->n; i++)
		if (p->all[i]->pid == t->pid && p->all[i]->start == t->start)
			return;
	int fd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	if (fd < 0)
		return;		/* gone between, or a kernel before 5.3 */
	struct watched *s = xcalloc(1, sizeof(*s));
	*s = (struct watched){ { ended, fd }, t->pid, t->start, "" };
	memcpy(s->comm, t->comm, sizeof(s->comm));
	if (loop_watch(w, &s->source, EPOLLIN, NULL) < 0) {
		close(fd);
		free(s);
		return;
	}
	p->all = xrealloc(p->all, p->n + 1, sizeof(*p->all));
	p->all[p->n++] = s;
}

void processes_look(struct watch *w)
{
	struct machine m;
	if (!w->options->n_processes)
		return;
	if (machine_collect("", &m, NULL) == 0)
		for (size_t i = 0; i < m.n_tasks; i++)
			if (is_asked(w->options, m.tasks[i].comm))
				take(w, &m.tasks[i]);
	machine_free(&m);
}

int processes_start(struct watch *w, struct error *err)
{
	(void)err;
	w->processes = xcalloc(1, sizeof(*w->processes));
	processes_look(w);
	if (w->options->n_processes && !w->processes->n)
		event_tell(w, &(struct event){ .type = "lack", .severity = SEVERITY_NOTICE, .usec = -1,
					       .text = "none of the processes of --process is there (yet)" });
	return 0;
}

void processes_stop(struct watch *w)
{
	if (!w->processes)
		return;
	while (w->processes->n) {
		loop_forget(w, &w->processes->all[0]->source);
		forget(w->processes, 0);
	}
	free(w->processes->all);
	free(w->processes);
	w->processes = NULL;
}
