// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings about processes: who is not protected, and who is too well. */
#include <inttypes.h>

#include "audit/audit.h"
#include "base/bytes.h"
#include "base/util.h"
#include "explain/explain.h"

#define SOON 10			/* a critical service among so many first victims is in danger, not only unprotected */
#define MANY 10			/* findings of one kind that are told one by one */

/* Without these a machine can't be reached, or nothing on it is seen to any more. */
static const struct {
	const char *comm, *unit;
} services[] = {
	{ "sshd", "ssh.service" },		{ "dropbear", "dropbear.service" },
	{ "systemd-journal", "systemd-journald.service" }, { "systemd-logind", "systemd-logind.service" },
	{ "systemd-network", "systemd-networkd.service" }, { "NetworkManager", "NetworkManager.service" },
	{ "dbus-daemon", "dbus.service" },	{ "dbus-broker", "dbus-broker.service" },
	{ "containerd", "containerd.service" }, { "dockerd", "docker.service" },
	{ "crio", "crio.service" },		{ "kubelet", "kubelet.service" },
	{ "rsyslogd", "rsyslog.service" },	{ "auditd", "auditd.service" },
};

static bool means(const char *name, const char *comm, const char *unit)
{
	size_t len = strlen(name);
	/* the kernel keeps 15 bytes of a name */
	return streq(comm, name) || (len > 15 && strncmp(comm, name, 15) == 0) || streq(unit, name) ||
	       (strncmp(unit, name, len) == 0 && streq(unit + len, ".service"));
}

static bool is_named(const struct audit *a, const char *comm, const char *unit)
{
	for (size_t i = 0; i < a->n_critical; i++) {
		if (means(a->critical[i], comm, unit))
			return true;
	}
	return false;
}

bool audit_has_critical(const struct audit *a, const char *name)
{
	for (size_t i = 0; i < a->machine->n_tasks; i++) {
		const struct machine_task *t = &a->machine->tasks[i];
		struct place p;
		place_of(machine_path(a->machine, t->cgroup), &p);
		if (means(name, t->comm, p.unit))
			return true;
	}
	return false;
}

static bool is_service(const char *comm)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (streq(comm, services[i].comm))
			return true;
	return false;
}

static const char *unit_of(const char *comm, const struct place *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(services) && !p->unit[0]; i++)
		if (streq(comm, services[i].comm))
			return services[i].unit;
	size_t len = strlen(p->unit);
	return len > 8 && streq(p->unit + len - 8, ".service") ? p->unit : NULL;
}

static char *protect(const struct machine_task *t, const struct place *p)
{
	const char *unit = unit_of(t->comm, p);
	if (!unit)
		return xasprintf("choom -n -900 -p %d, and oom_score_adj -900 where it is started", t->pid);
	return xasprintf("choom -n -900 -p %d; for every start: mkdir -p /etc/systemd/system/%s.d && printf "
			 "'[Service]\\nOOMScoreAdjust=-900\\n' > /etc/systemd/system/%s.d/oom.conf && systemctl daemon-reload",
			 t->pid, unit, unit);
}

void find_critical(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_tasks; i++) {
		const struct machine_task *t = &a->machine->tasks[i];
		struct place p;
		if (t->adj < 0 || a->tasks[i].init || t->ns_depth)
			continue;	/* what is in a container is its pod's business */
		place_of(machine_path(a->machine, t->cgroup), &p);
		bool named = is_named(a, t->comm, p.unit);
		/* of sshd, only the one that listens: those of sessions end with them */
		if (!named && !(is_service(t->comm) && (t->ppid == 1 || t->ppid == 0)))
			continue;
		if (++told > MANY)
			return;
		bool soon = a->place[i] && a->place[i] <= SOON;
		char *reason = soon ? xasprintf("its oom_score_adj is %d, and it is number %zu in the order of deaths", t->adj,
						a->place[i]) :
				      xasprintf("its oom_score_adj is %d: nothing protects it if it grows", t->adj);
		finding_add(a, "critical-unprotected", soon ? SEVERITY_CRITICAL : SEVERITY_WARNING, audit_who(a, (int)i),
			    reason, protect(t, &p));
	}
}

/* Does this process never die, although it is big? */
static bool is_unkillable(const struct audit *a, size_t i)
{
	return a->tasks[i].adj == ADJ_MIN && !a->tasks[i].init;
}

/* How many processes, and pages of them, die before a process with these points. */
static size_t before(const struct audit *a, int64_t points, int64_t *pages)
{
	size_t n = 0;
	*pages = 0;
	for (size_t i = 0; i < a->global.series.n; i++) {
		const struct model_step *s = &a->global.series.steps[i];
		if (s->points <= points)
			break;
		for (size_t k = 0; k < s->n_deaths; k++, n++)
			*pages += audit_base(a, s->deaths[k].task);
	}
	return n;
}

/* Big and protected, so that all the small ones die for it. */
void find_hogs(struct audit *a)
{
	int64_t tenth = (int64_t)(a->scene.machine.totalram / 10);
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_tasks && tenth > 0; i++) {
		const struct machine_task *t = &a->machine->tasks[i];
		int64_t base = audit_base(a, (int)i), pages;
		if (t->adj >= 0 || is_unkillable(a, i) || base < tenth || a->tasks[i].init)
			continue;
		int64_t points = model_points(&a->era, base, t->adj, t->cap_sys_admin, a->global.totalpages);
		size_t n = before(a, points, &pages);
		if (n < 5 || ++told > MANY)
			continue;
		char size[32], freed[32];
		finding_add(a, "protected-hog", SEVERITY_WARNING, audit_who(a, (int)i),
			    xasprintf("it uses %s, and with oom_score_adj %d at least %zu other processes die before it, for %s",
				      format_size((uint64_t)audit_bytes(a, base), size), t->adj, n,
				      format_size((uint64_t)audit_bytes(a, pages), freed)),
			    xasprintf("give it a limit of its own (MemoryMax= of its unit), or an oom_score_adj above %d", t->adj));
	}
}

/* Whoever can't be killed must not grow: it takes the machine with it. */
void find_endless(struct audit *a)
{
	int64_t part = (int64_t)(a->scene.machine.totalram / 20);
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_tasks && part > 0; i++) {
		const struct machine_task *t = &a->machine->tasks[i];
		int64_t base = audit_base(a, (int)i);
		if (!is_unkillable(a, i) || base < part || ++told > MANY)
			continue;
		char size[32];
		bool large = base > 5 * part;
		finding_add(a, "unkillable-hog", large ? SEVERITY_CRITICAL : SEVERITY_WARNING, audit_who(a, (int)i),
			    xasprintf("it uses %s and has oom_score_adj -1000: if it leaks, everything else dies and then the "
				      "machine stops (\"System is deadlocked on memory\")",
				      format_size((uint64_t)audit_bytes(a, base), size)),
			    xasprintf("choom -n -999 -p %d, and OOMScoreAdjust=-999 in its unit: still the last to die, but not never",
				      t->pid));
	}
}

/* Is what can be killed at all worth killing? */
void find_nobody(struct audit *a)
{
	int64_t all = 0, killable = 0;
	for (size_t i = 0; i < a->machine->n_tasks; i++) {
		int64_t base = audit_base(a, (int)i);
		all += base;
		if (!is_unkillable(a, i) && !a->tasks[i].init)
			killable += base;
	}
	if (all < (int64_t)(a->scene.machine.totalram / 4) || killable > all / 4)
		return;
	char used[32], can[32];
	finding_add(a, "little-to-kill", SEVERITY_CRITICAL, xstrdup("all processes"),
		    xasprintf("of %s that processes use only %s can be freed by killing",
			      format_size((uint64_t)audit_bytes(a, all), used),
			      format_size((uint64_t)audit_bytes(a, killable), can)),
		    xstrdup("give the large services an oom_score_adj above -1000"));
}
