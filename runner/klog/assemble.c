// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/assemble.h"

#include "base/util.h"

#define MAX_PATH 4096

/* A report that got no line for so long is over: lines of the log, and microseconds of the kernel's clock. A reaper's
 * line comes 2 s late (OOM_REAPER_DELAY), a stuck victim's 1 s after that. */
#define IDLE_LINES 4000
#define IDLE_USEC 10000000

/* Kills that were kept with a report in case a "memory.oom.group" line would come: it did not, so each is the kill of a
 * report of its own that was suppressed or lost. Returns how many kills stay with the report. */
static size_t own_kills(const struct oom_report *r, size_t first)
{
	size_t end = first + 1;
	if (r->group_memcg || r->n_kills < 2)
		return r->n_kills;
	while (end < r->n_kills && r->kills[end].pid == r->kills[first].pid)
		end++;
	return end;
}

static struct oom_report *suppressed(const struct oom_report *r, size_t first, size_t end)
{
	struct oom_report *s = oom_report_new();
	for (size_t i = first; i < end; i++)
		*oom_report_add_kill(s) = r->kills[i];
	s->line = s->last_line = s->kills[0].line;
	s->seq_first = s->seq_last = s->kills[0].seq;
	s->usec_first = s->usec_last = s->kills[0].usec;
	s->memcg = s->kills[0].prefix == OOM_PREFIX_MEMCG;
	s->global = s->kills[0].prefix == OOM_PREFIX_GLOBAL;
	s->kernel = r->kernel ? xstrdup(r->kernel) : NULL;
	s->host = r->host ? xstrdup(r->host) : NULL;
	return s;
}

/* Of a report's first line a report of its own: the line was there twice, and no other was. */
static struct oom_report *head_alone(const struct oom_report *r)
{
	struct oom_report *s = oom_report_new();
	s->line = s->last_line = r->line;
	s->usec_first = s->usec_last = r->usec_first;
	s->has_header = r->has_header;
	s->memcg = !r->has_header;
	s->trigger = r->trigger;
	s->trigger.pid = OOM_UNKNOWN;
	char *const from[] = { r->trigger.gfp_mask, r->when, r->host, r->kernel, s->memcg ? r->oom_memcg : NULL,
			       s->memcg ? r->task_memcg : NULL };
	char **const to[] = { &s->trigger.gfp_mask, &s->when, &s->host, &s->kernel, &s->oom_memcg, &s->task_memcg };
	for (size_t i = 0; i < ARRAY_SIZE(to); i++)
		*to[i] = from[i] ? xstrdup(from[i]) : NULL;
	return s;
}

static void hand_out_one(struct assembly *a, struct oom_report *r)
{
	size_t own = own_kills(r, 0), all = r->n_kills;
	struct oom_report **rest = NULL;
	size_t n = 0;
	for (size_t first = own; first < all;) {
		size_t end = own_kills(r, first);
		if (!rest)
			rest = xcalloc(all - own, sizeof(*rest));
		rest[n++] = suppressed(r, first, end);
		first = end;
	}
	r->n_kills = own;
	oom_report_finish(r);
	if (!rest && repeats_seen(&a->repeats, r)) {
		oom_report_free(r);
		return;
	}
	a->sink(r, a->arg);
	for (size_t i = 0; i < n; i++) {
		oom_report_finish(rest[i]);
		a->sink(rest[i], a->arg);
	}
	free(rest);
}

/* Hands out what is over, from the oldest on. */
static void hand_out(struct assembly *a)
{
	int n = 0;
	while (n < a->n && a->open[n].done)
		n++;
	struct open out[MAX_OPEN];
	memcpy(out, a->open, (size_t)n * sizeof(out[0]));
	a->n -= n;
	memmove(a->open, a->open + n, (size_t)a->n * sizeof(a->open[0]));
	for (int i = 0; i < n; i++) {
		struct oom_report *r = out[i].r;
		a->held_rows -= r->n_rows;
		for (int twin = 0; twin < out[i].twin_heads && !out[i].twin_lines; twin++) {
			struct oom_report *head = head_alone(r);
			oom_report_finish(head);
			a->sink(head, a->arg);
		}
		if (out[i].strong)
			hand_out_one(a, r);
		else
			oom_report_free(r);
	}
}

static void remove_slot(struct assembly *a, int i)
{
	memmove(&a->open[i], &a->open[i + 1], (size_t)(a->n - i - 1) * sizeof(a->open[0]));
	a->n--;
}

/* Ends a report; slots move. It is handed out when every older one has ended. */
void assembly_finish(struct assembly *a, struct open *o)
{
	o->done = true;
	hand_out(a);
}

struct open *assembly_begin(struct assembly *a, const struct prefix *p, uint64_t number, bool strong)
{
	for (int i = 0; i < a->n; i++)	/* weak ones that nothing came of */
		if (!a->open[i].strong && !a->open[i].done && a->open[i].context == p->context) {
			oom_report_free(a->open[i].r);
			remove_slot(a, i--);
		}
	while (a->n >= MAX_OPEN - 4) {
		int before = a->n;
		for (int i = 0; i < a->n && a->n == before; i++)
			if (!a->open[i].done)
				assembly_finish(a, &a->open[i]);
		if (a->n == before)
			break;
	}
	if (a->n >= MAX_OPEN)
		assemble_flush(a);
	struct open *o = &a->open[a->n++];
	*o = (struct open){ .r = oom_report_new(), .context = p->context, .strong = strong, .touched = a->count,
			    .usec = p->usec };
	o->r->line = number;
	o->r->seq_first = p->seq;
	o->r->usec_first = p->usec;
	if (text_len(p->when))
		o->r->when = text_dup(p->when, 64);
	if (text_len(p->host))
		o->r->host = text_dup(p->host, 128);
	if (strong) {
		o->r->suppressed = a->suppressed;
		o->twin_heads = a->twin_heads;
		a->suppressed = a->twin_heads = 0;
	}
	return o;
}

/* The open report that lines of this context belong to: the newest of the same context; without a context, the newest.
 * A report whose lines so far had none goes on with one if the kernel's clock agrees: whoever wrapped or cut the lines
 * took some prefixes away. */
struct open *assembly_current(struct assembly *a, uint32_t context)
{
	struct open *without = NULL;
	for (int i = a->n - 1; i >= 0; i--) {
		struct open *o = &a->open[i];
		if (o->done)
			continue;
		if (o->context == context || !context)
			return o;
		if (!o->context && !without && o->usec != OOM_UNKNOWN && a->usec != OOM_UNKNOWN &&
		    llabs(a->usec - o->usec) <= 1000000)
			without = o;
	}
	return without;
}

const struct table *assemble_table(const struct assembly *a, uint32_t context)
{
	const struct open *o = assembly_current((struct assembly *)a, context);
	return o && o->table.n ? &o->table : NULL;
}

struct open *assembly_by_killed_pid(struct assembly *a, int64_t pid)
{
	for (int i = a->n - 1; i >= 0; i--)
		for (size_t k = a->open[i].r->n_kills, n = 0; !a->open[i].done && k-- > 0 && n < 256; n++)
			if (a->open[i].r->kills[k].pid == pid)
				return &a->open[i];
	return NULL;
}

void assembly_set(char **at, struct text t)
{
	text_trim_end(&t);
	if (!*at && t.p)
		*at = text_dup(t, MAX_PATH);
}

/* A path with blanks that the other path shows to be damage (an editor's wrapping), whole again: the OOM memcg is the
 * task's memcg or above it. */
void assembly_set_above(char **at, struct text t, struct text below)
{
	char buf[512];
	size_t n = 0;
	if (memchr(t.p, ' ', text_len(t)) && text_len(t) < sizeof(buf)) {
		for (const char *p = t.p; p < t.end; p++)
			if (*p != ' ')
				buf[n++] = *p;
		if (text_len(below) >= n && memcmp(below.p, buf, n) == 0)
			t = text_of(buf, n);
	}
	assembly_set(at, t);
}

/* The report at a stage not beyond `last` that this line continues, or a new one. */
struct open *assembly_at_most(struct assembly *a, const struct prefix *p, uint64_t number, enum stage last, bool again)
{
	struct open *o = assembly_current(a, p->context);
	if (o && (o->stage > last || again)) {
		assembly_finish(a, o);
		o = NULL;
	}
	if (!o)
		o = assembly_begin(a, p, number, true);
	o->strong = true;
	return o;
}

static void expire(struct assembly *a, const struct prefix *p)
{
	for (int i = 0; i < a->n; i++) {
		struct open *o = &a->open[i];
		bool late = p->usec != OOM_UNKNOWN && o->usec != OOM_UNKNOWN && o->context == p->context &&
			    (p->usec > o->usec + IDLE_USEC || p->usec < o->usec - IDLE_USEC);
		if (!o->done && (late || a->count - o->touched > IDLE_LINES)) {
			assembly_finish(a, o);
			i = -1;	/* slots moved */
		}
	}
}

void assemble(struct assembly *a, const struct prefix *p, uint64_t number, struct text text, const struct line *l)
{
	struct open *o = NULL;
	a->count = number > a->count ? number : a->count + 1;
	a->usec = p->usec;
	if (l->kind == LINE_OTHER || l->kind == LINE_BLANK || l->kind == LINE_HALF) {
		if (a->n && (a->count & 255) == 0)
			expire(a, p);
		return;
	}
	if (l->kind != LINE_ROW && a->n)
		expire(a, p);
	switch (l->kind) {
	case LINE_HEADER:
	case LINE_POLICY:
	case LINE_CPUSET:
	case LINE_CPU:
	case LINE_TRACE:
		o = on_head(a, p, number, text, l);
		break;
	case LINE_TASK_IN:
	case LINE_USAGE:
	case LINE_MEMCG_STATS:
		o = on_memcg(a, p, number, l);
		break;
	case LINE_STAT:
	case LINE_MEMINFO:
	case LINE_COUNTS:
	case LINE_NODE:
	case LINE_ZONE:
	case LINE_BUDDY:
	case LINE_MEMORY:
	case LINE_PAGES:
	case LINE_SWAP:
	case LINE_SLABS:
	case LINE_SLAB:
	case LINE_PROTECTION:
		o = on_memory(a, p, number, text, l);
		break;
	case LINE_TASKS_STATE:
	case LINE_TABLE:
	case LINE_ROW:
		o = on_table(a, p, number, text, l);
		break;
	case LINE_SELECTED:
		o = on_selected(a, p, number, l);
		break;
	case LINE_CHOICE:
		o = on_choice(a, p, number, l);
		break;
	case LINE_KILLED:
		o = on_killed(a, p, number, l);
		break;
	case LINE_REAPED:
		o = on_reaped(a, p, l);
		break;
	case LINE_SHARING:
	case LINE_GROUP:
	case LINE_EXITING:
	case LINE_PINNED:
	case LINE_NO_KILLABLE:
	case LINE_PANIC:
		o = on_end(a, p, number, l);
		break;
	case LINE_SYSRQ:
		a->sysrq = true;
		break;
	case LINE_SUPPRESSED:
		if (l->n[0] >= 0)
			a->suppressed = l->n[0];
		break;
	case LINE_FOREIGN_DUMP:
		a->foreign_dump = true;
		break;
	case LINE_ELISION:
		o = assembly_current(a, p->context);
		if (o && o->stage == STAGE_TABLE)
			o->r->table_cut = true;
		if (o && o->stage <= STAGE_TABLE)
			oom_report_problem(o->r, "lines were left out");
		o = NULL;
		break;
	default:
		break;
	}
	if (!o)
		return;
	a->relevant++;
	o->touched = a->count;
	o->r->last_line = number;
	if (p->seq != OOM_UNKNOWN)
		o->r->seq_last = p->seq;
	if (p->usec != OOM_UNKNOWN) {
		o->usec = o->r->usec_last = p->usec;
		if (o->r->usec_first == OOM_UNKNOWN)
			o->r->usec_first = p->usec;
	}
}

void assemble_twin(struct assembly *a, bool head, bool waits)
{
	struct open *o = assembly_current(a, 0);
	if (head && waits)
		a->twin_heads++;
	else if (o && head)
		o->twin_heads++;
	else if (o)
		o->twin_lines = true;
}

void assemble_flush(struct assembly *a)
{
	while (a->n) {
		int before = a->n;
		for (int i = 0; i < a->n; i++)
			if (!a->open[i].done) {
				assembly_finish(a, &a->open[i]);
				break;
			}
		if (a->n == before)
			hand_out(a);
	}
}
