// SPDX-License-Identifier: GPL-2.0-or-later
/* Who asked: mm/oom_kill.c:dump_header(), kernel/cgroup/cpuset.c:cpuset_print_current_mems_allowed(),
 * lib/dump_stack.c:dump_stack_print_info(). */
#include "klog/line.h"

#define INVOKED " invoked oom-killer:"

/* A comm has at most 15 bytes (60 with each written as \xNN). What is longer has something else in front: a quote, a
 * tag. */
static struct text comm_of(struct text t)
{
	size_t max = memchr(t.p, '\\', text_len(t)) ? 60 : 15;
	static const char *const ends[] = { "\"", "`", "'", "] ", ": ", "> ", "\t" };
	const char *from = t.p;
	if (text_len(t) > max)
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			const char *p = text_rfind(t, ends[i]);
			if (p && p + strlen(ends[i]) > from)
				from = p + strlen(ends[i]);
		}
	t.p = from;
	while (text_len(t) > max) {
		const char *blank = memchr(t.p, ' ', text_len(t));
		if (!blank)
			break;
		t.p = blank + 1;
	}
	return t;
}

/* Is t the beginning of whole, or whole the beginning of t? */
static bool begins(struct text t, const char *whole)
{
	size_t n = strlen(whole);
	return memcmp(t.p, whole, text_len(t) < n ? text_len(t) : n) == 0;
}

/* "hog invoked", "hog invoked oom-k": torn off in the middle. */
static bool half_header(struct text t, struct line *l)
{
	const char *at = text_rfind(t, " invoked");
	if (!at || at == t.p || at - t.p > 64 || !begins(text_of(at, (size_t)(t.end - at)), INVOKED))
		return false;
	l->kind = LINE_HALF;
	l->cut = true;
	return true;
}

/* The word behind "oom_policy=". */
static struct text policy_name(struct text t)
{
	text_eat(&t, "oom_policy=");
	const char *p = t.p;
	while (p < t.end && (unsigned char)*p > ' ')
		p++;
	return text_of(t.p, (size_t)(p - t.p));
}

static bool header(struct text t, struct line *l)
{
	bool nobody = text_starts(t, "oom-killer: gfp_mask=");	/* up to 2.6.9 */
	const char *at = nobody ? t.p : text_rfind(t, INVOKED);
	if (!at)
		return half_header(t, l);
	size_t skip = nobody ? strlen("oom-killer:") : sizeof(INVOKED) - 1;
	struct text comm = comm_of(text_of(t.p, (size_t)(at - t.p)));
	if ((!text_len(comm) && !nobody) || text_len(comm) > 60)
		return false;
	struct text rest = text_of(at + skip, (size_t)(t.end - at) - skip);
	text_blanks(&rest);
	if (!begins(rest, "gfp_mask="))
		return false;	/* somebody talks about it */
	l->kind = LINE_HEADER;
	l->a = comm;
	l->got = 1;
	l->n[0] = l->n[1] = l->n[2] = OOM_UNKNOWN;
	if (text_eat(&rest, "gfp_mask=")) {
		struct text gfp = rest;
		if (text_hex(&rest, &l->n[0])) {
			l->got++;
			l->b = text_of(gfp.p, (size_t)(rest.p - gfp.p));
			if (rest.p < rest.end && *rest.p == '(') {
				const char *close = memchr(rest.p, ')', text_len(rest));
				rest.p = close ? close + 1 : rest.end;
				l->got += close != NULL;
				l->b.end = close ? close + 1 : l->b.end;	/* of names that are cut the number is enough */
			}
		}
	}
	const char *order = text_find(rest, "order=");
	if (order) {
		struct text v = text_of(order + 6, (size_t)(rest.end - order) - 6);
		l->got += text_int(&v, &l->n[1]);
	}
	static const char *const adj[] = { "oom_score_adj=", "oom_adj=", "oomkilladj=" };
	for (size_t i = 0; i < 3; i++) {
		const char *p = text_find(rest, adj[i]);
		if (!p)
			continue;
		struct text v = text_of(p + strlen(adj[i]), (size_t)(rest.end - p) - strlen(adj[i]));
		int64_t n;
		if (text_int(&v, &n)) {
			l->got++;
			if (i == 0)
				l->n[2] = n;
		}
		break;
	}
	l->cut = l->n[2] == OOM_UNKNOWN;
	const char *policy = text_find(rest, "oom_policy=");	/* a record of two lines */
	if (policy)
		l->policy = policy_name(text_of(policy, (size_t)(rest.end - policy)));
	return true;
}

static bool policy(struct text t, struct line *l)
{
	if (!text_starts(t, "oom_policy="))
		return false;
	l->kind = LINE_POLICY;
	l->policy = policy_name(t);
	return true;
}

static bool cpuset(struct text t, struct line *l)
{
	const char *mems = text_rfind(t, " mems_allowed=");
	if (!mems)
		return false;
	const char *set = text_find(text_of(t.p, (size_t)(mems - t.p)), " cpuset=");
	if (!set)
		return false;
	l->kind = LINE_CPUSET;
	l->a = text_of(t.p, (size_t)(set - t.p));
	l->cpuset = text_of(set + 8, (size_t)(mems - set) - 8);
	struct text v = text_of(mems + 14, (size_t)(t.end - mems) - 14);
	const char *p = v.p;
	while (p < v.end && (is_digit(*p) || *p == ',' || *p == '-'))
		p++;
	l->mems_allowed = text_of(v.p, (size_t)(p - v.p));
	return true;
}

/* "… Not tainted 5.10.0-10-amd64 #1 Debian 5.10.84-1", "… Tainted: G S   6.11.0-rc6+ #34 PREEMPT(full)":
 * the word before " #". */
static struct text release_of(struct text t)
{
	const char *hash = text_find(t, " #");
	if (!hash)
		return text_of(t.end, 0);
	const char *end = hash;
	while (end > t.p && end[-1] == ' ')
		end--;
	const char *p = end;
	while (p > t.p && p[-1] != ' ')
		p--;
	if (p == end || !is_digit(*p) || !memchr(p, '.', (size_t)(end - p)))
		return text_of(t.end, 0);
	return text_of(p, (size_t)(end - p));
}

static bool cpu(struct text t, struct line *l)
{
	const char *pid = NULL, *comm = NULL, *name = t.end;
	if (text_starts(t, "CPU: ")) {
		pid = text_find(t, "PID: ");
		comm = text_find(t, "Comm: ");
		name = comm ? comm + 6 : t.end;
	} else if (text_starts(t, "Pid: ")) {
		pid = t.p;
		comm = text_find(t, "comm: ");
		name = comm ? comm + 6 : t.end;
	} else {
		return false;
	}
	l->kind = LINE_CPU;
	l->n[0] = OOM_UNKNOWN;
	if (pid) {
		struct text v = text_of(pid + 5, (size_t)(t.end - pid) - 5);
		l->got += text_int(&v, &l->n[0]);
	}
	struct text rest = text_of(name, (size_t)(t.end - name));
	const char *taint = text_rfind(rest, "ainted");
	l->got += (comm != NULL) + (taint != NULL);
	if (taint) {
		const char *end = taint - (taint - rest.p >= 5 && memcmp(taint - 5, "Not t", 5) == 0 ? 5 : 1);
		l->a = text_of(rest.p, end > rest.p ? (size_t)(end - rest.p) : 0);
		const char *kdump = text_find(l->a, "Kdump:");
		if (kdump)
			l->a.end = kdump;
		text_trim_end(&l->a);
	}
	l->b = release_of(t);
	l->got += text_len(l->b) > 0;
	/* "6.1 2.117-amd64 #1": the release itself was torn in two */
	const char *before = l->b.p;
	while (before > t.p && before[-1] == ' ')
		before--;
	while (before > t.p && before[-1] != ' ')
		before--;
	l->got -= text_len(l->b) && is_digit(*before);
	l->cut = !text_len(l->b);
	return true;
}

bool line_head_parse(struct text t, struct line *l)
{
	return header(t, l) || cpu(t, l) || cpuset(t, l) || policy(t, l);
}
