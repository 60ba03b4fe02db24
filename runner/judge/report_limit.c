// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which kills must have a report, and which can't have one: mm/oom_kill.c:oom_kill_process asks lib/ratelimit.c:___ratelimit,
 * which lets through ten in an interval of 5 s that begins with the first. That goes on from one episode to the next, so all of
 * the log is replayed. Nobody else asks this limit, and oom_lock keeps any two from asking it at once.
 */
#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

#define BURST 10		/* include/linux/ratelimit_types.h:DEFAULT_RATELIMIT_BURST */
#define INTERVAL_US 5000000	/* DEFAULT_RATELIMIT_INTERVAL */
/* The kernel counts in jiffies, which stand still with the one CPU that counts them; and a line is stamped a little after the limit
 * was asked. How far a time may be off. */
#define SLACK_US 1000000
#define LONG_AGO (INT64_MIN / 4)
#define LATEST (INT64_MAX / 4)

struct call {			/* of the limit: one for each chosen victim */
	int64_t seq, usec;
	int64_t kill_seq;	/* of its "Killed process" line; -1: none came */
	bool reported;
	enum report_due due;
};

struct calls {
	struct call *list;	/* owned */
	size_t n;
};

/* What is known of the kernel's state: the interval began in [begin_min, begin_max], and in it [n_min, n_max] were let through. */
struct limit {
	int64_t begin_min, begin_max;
	int n_min, n_max;
};

static void add_call(struct oom_report *r, void *arg)
{
	struct calls *calls = arg;
	/* where nobody could be killed the report comes past the limit */
	if ((r->has_header && !r->no_killable) || r->n_kills) {
		struct call c = { .seq = r->has_header ? r->seq_first : r->kills[0].seq,
				  .usec = r->has_header ? r->usec_first : r->kills[0].usec,
				  .kill_seq = r->n_kills ? r->kills[0].seq : -1, .reported = r->has_header };
		calls->list = xrealloc(calls->list, calls->n + 1, sizeof(*calls->list));
		calls->list[calls->n++] = c;
	}
	oom_report_free(r);
}

static int by_seq(const void *a, const void *b)
{
	const struct call *x = a, *y = b;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* May the call have found the old interval, or begun a new one? Then what it found, and what it left behind. */
static void ask(struct limit *l, struct call *c)
{
	bool old = c->usec - l->begin_max <= INTERVAL_US + SLACK_US, fresh = c->usec - l->begin_min > INTERVAL_US - SLACK_US;
	bool room = l->n_min < BURST, full = l->n_max >= BURST;
	c->due = !(old && full) ? REPORT_DUE : fresh || room ? REPORT_POSSIBLE : REPORT_HELD_BACK;
	old = old && (c->reported ? room : full);
	fresh = fresh && c->reported;
	if (!old && !fresh)
		return;		/* no kernel that keeps to the rule does that */
	if (!old)
		*l = (struct limit){ c->usec, c->usec, 1, 1 };
	else if (c->reported)
		*l = (struct limit){ l->begin_min, fresh ? c->usec : l->begin_max, fresh ? 1 : l->n_min + 1, least(l->n_max, BURST - 1) + 1 };
	else
		l->n_min = BURST;
}

/* Before a machine of the test's own nobody was killed; what was on one in use before its first record nobody knows. */
static struct limit at_first(const struct trial *t, int64_t first)
{
	if (trial_own_machine(t))
		return (struct limit){ LONG_AGO, LONG_AGO, 0, 0 };
	return (struct limit){ LONG_AGO, first, 0, BURST };
}

static int64_t time_of_first(const struct trial *t)
{
	int64_t usec = look_int(json_array_get(t->seen->kmsg, 0), "t", 0);
	return usec < 0 ? 0 : usec > LATEST ? LATEST : usec;
}

void trial_find_reports_due(struct trial *t)
{
	struct calls calls = { 0 };
	int64_t now = time_of_first(t);
	struct limit limit = at_first(t, now);
	trial_parse(t, 0, json_array_size(t->seen->kmsg), add_call, &calls);
	if (calls.n)
		qsort(calls.list, calls.n, sizeof(*calls.list), by_seq);
	for (size_t i = 0; i < calls.n; i++) {
		struct call *c = &calls.list[i];
		/* a record may come without a time, or with one that no machine has */
		c->usec = now = c->usec < now ? now : c->usec > LATEST ? LATEST : c->usec;
		ask(&limit, c);
	}
	for (size_t k = 0; k < t->n_episodes; k++) {
		struct episode *e = &t->episodes[k];
		for (size_t d = 0; d < e->n_deaths; d++)
			for (size_t i = 0; i < calls.n; i++)
				if (calls.list[i].kill_seq == e->deaths[d].line->seq)
					e->deaths[d].due = calls.list[i].due;
	}
	free(calls.list);
}
