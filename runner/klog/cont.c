// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/cont.h"

#include "base/util.h"

/* What follows the nodemask of the oom-kill line, in this order; each is printed by itself, and so are the values of
 * those with a path or a name. */
static const char *const keys[] = { ",cpuset=", ",mems_allowed=", ",oom_memcg=", ",global_oom", ",task_memcg=", ",task=" };
enum { KEY_CPUSET, KEY_MEMS, KEY_OOM_MEMCG, KEY_GLOBAL, KEY_TASK_MEMCG, KEY_TASK };

#define GROUP_END  "are going to be killed due to memory.oom.group set"
#define LIMIT_OF   "killed as a result of limit of"
#define STATS      "Memory cgroup stats for"

static struct text trimmed(struct text t)
{
	text_blanks(&t);
	text_trim_end(&t);
	return t;
}

static bool ends_with(struct text t, const char *s)
{
	size_t n = strlen(s);
	return text_len(t) >= n && memcmp(t.end - n, s, n) == 0;
}

static bool has_blank(struct text t)
{
	return text_len(t) && memchr(t.p, ' ', text_len(t));
}

/* "Node 0", with nothing behind it */
static bool node_only(struct text t)
{
	int64_t n;
	return text_eat(&t, "Node ") && text_int(&t, &n) && !text_len(t);
}

/* "hog cpuset=", "hog cpuset=box": a comm has few bytes. */
static bool is_cpuset(struct text t)
{
	static const char words[] = " cpuset=";
	const size_t n = sizeof(words) - 1, most = OOM_COMM / 4 + n;
	const char *equals = memchr(t.p, '=', text_len(t) < most ? text_len(t) : most);
	return equals && (size_t)(equals - t.p) >= n && memcmp(equals + 1 - n, words, n) == 0 &&
	       !memchr(equals, ' ', (size_t)(t.end - equals));
}

/* What is no line of a report as it stands, or only the first words of one. */
static enum cont_kind words_kind(struct text t, bool half)
{
	t = trimmed(t);
	if (text_is(t, STATS) || (half && text_starts(t, STATS " /")))
		return CONT_STATS;
	if (text_is(t, "Tasks in") || (half && text_starts(t, "Tasks in /")))
		return CONT_GROUP;
	if (text_is(t, "Task in") || (half && text_starts(t, "Task in /")))
		return CONT_TASK_IN;
	if (node_only(t))
		return CONT_NODE;
	if (half && text_starts(t, "Node ") && ends_with(t, ":"))
		return CONT_BUDDY;
	return is_cpuset(t) ? CONT_CPUSET : CONT_NO;
}

enum cont_kind cont_kind(struct text t, const struct line *l)
{
	switch (l->kind) {
	case LINE_SELECTED:
		return l->cut ? CONT_SELECTED : CONT_NO;
	case LINE_BUDDY:
		return l->cut && text_starts(trimmed(t), "Node ") ? CONT_BUDDY : CONT_NO;
	case LINE_HEADER:
		return l->cut && text_rfind(t, "nodemask=") ? CONT_HEADER : CONT_NO;
	case LINE_HALF:
	case LINE_OTHER:
		return words_kind(t, l->kind == LINE_HALF);
	default:
		return CONT_NO;
	}
}

/* A path, where it is known who printed it; else one that is nothing but that: "/dev/vda1: recovering" is another's. */
static bool path(struct text t, bool sure)
{
	return text_starts(t, "/") && (sure || (!has_blank(t) && !memchr(t.p, ':', text_len(t))));
}

/* "0-1,3" */
static bool nodes(struct text t)
{
	while (t.p < t.end && (is_digit(*t.p) || *t.p == ',' || *t.p == '-'))
		t.p++;
	return t.p == t.end;
}

/* ",task=COMM,pid=N,uid=N" to the end: a comm is too short to hold the rest of it. */
static bool whole_task(struct text t)
{
	const char *pid = text_rfind(t, ",pid=");
	int64_t n;
	if (!pid || pid - t.p > (ptrdiff_t)(strlen(",task=") + OOM_COMM))
		return false;
	t.p = pid + strlen(",pid=");
	return text_int(&t, &n) && text_eat(&t, ",uid=") && text_int(&t, &n) && t.p == t.end;
}

/* The first of the keys behind `last` in t; its number goes to *key. */
static const char *next_key(struct text t, int last, int *key)
{
	const char *first = t.end;
	for (int k = last + 1; k <= KEY_TASK; k++) {
		const char *at = text_find(t, keys[k]);
		if (at && at < first) {
			first = at;
			*key = k;
		}
	}
	return first;
}

/* Is t nothing but keys behind `last`, in their order, with values of their kind? */
static bool keys_follow(struct text t, int last, bool sure)
{
	while (text_len(t)) {
		int key = -1;
		if (next_key(t, last, &key) != t.p)
			return false;
		if (key == KEY_TASK)
			return whole_task(t);
		t.p += strlen(keys[key]);
		struct text value = text_of(t.p, (size_t)(next_key(t, key, &(int){ 0 }) - t.p));
		bool torn = value.p == t.end;	/* right behind the key */
		if ((key == KEY_CPUSET && !sure && has_blank(value)) || (key == KEY_MEMS && !nodes(value)) ||
		    (key == KEY_GLOBAL && text_len(value)))
			return false;
		if ((key == KEY_OOM_MEMCG || key == KEY_TASK_MEMCG) && !torn && !path(value, sure))
			return false;
		t.p = value.end;
		last = key;
	}
	return true;
}

static bool selected_goes_on(struct text head, struct text t, bool sure)
{
	int last = -1;
	const char *at = NULL;
	for (int k = 0; k <= KEY_TASK; k++) {
		const char *p = text_rfind(head, keys[k]);
		if (p && (!at || p > at)) {
			at = p;
			last = k;
		}
	}
	bool value = last >= 0 && last != KEY_MEMS && last != KEY_GLOBAL && ends_with(head, keys[last]);
	if (!value)
		return text_len(t) && keys_follow(t, last, sure);
	int key;
	const char *end = next_key(t, last, &key);
	struct text own = text_of(t.p, (size_t)(end - t.p));
	if (last == KEY_CPUSET ? !text_len(own) || (!sure && (end == t.end || has_blank(own))) : !path(own, sure))
		return false;
	return keys_follow(text_of(end, (size_t)(t.end - end)), last, sure);
}

/* "/a/b:", "/a/b", and where the path is there already ":". */
static bool stats_go_on(struct text head, struct text t, bool sure)
{
	if (!text_is(head, STATS))
		return text_is(t, ":") || text_starts(t, ": cache:");
	const char *old = text_find(t, ": cache:");
	if (old || ends_with(t, ":"))
		t.end = old ? old : t.end - 1;
	return path(t, sure);
}

static bool group_goes_on(struct text head, struct text t, bool sure)
{
	if (!text_is(head, "Tasks in"))
		return text_is(t, GROUP_END);
	if (ends_with(t, " " GROUP_END)) {
		t.end -= strlen(" " GROUP_END);
		sure = true;	/* nobody else says that */
	}
	return path(t, sure);
}

static bool task_in_goes_on(struct text head, struct text t, bool sure)
{
	if (ends_with(head, LIMIT_OF))
		return path(t, sure);
	if (text_is(head, "Task in")) {
		const char *words = text_find(t, " " LIMIT_OF);
		struct text own = text_of(t.p, (size_t)((words ? words : t.end) - t.p));
		if (!path(own, sure || words))
			return false;
		if (!words)
			return true;
		t.p = words + 1;
	}
	if (!text_eat(&t, LIMIT_OF))
		return false;
	text_blanks(&t);
	return !text_len(t) || path(t, sure);
}

/* "4*4kB (UM) 0*8kB … = 16kB", any part of it. */
static bool buddies(struct text t)
{
	int64_t n;
	if (!text_len(t))
		return false;
	while (text_len(t)) {
		if (text_eat(&t, "= "))
			return text_int(&t, &n) && text_is(t, "kB");
		if (text_eat(&t, "(")) {
			while (t.p < t.end && *t.p >= 'A' && *t.p <= 'Z')
				t.p++;
			if (!text_eat(&t, ")"))
				return false;
		} else if (!is_digit(*t.p) || !text_int(&t, &n) || !text_eat(&t, "*") || !text_int(&t, &n) || !text_eat(&t, "kB")) {
			return false;
		}
		text_blanks(&t);
	}
	return true;
}

/* A zone's line without its node, as a kernel without nodes has it. */
static bool zone_goes_on(struct text t)
{
	struct line l;
	line_parse(t, &l);
	const char *colon = memchr(t.p, ':', text_len(t));
	if (text_starts(t, "Node "))
		return false;
	if (l.kind == LINE_ZONE)
		return !l.cut;
	/* its list is read from the name on */
	return (l.kind == LINE_BUDDY || l.kind == LINE_HALF) && colon && !memchr(t.p, ' ', (size_t)(colon - t.p)) &&
	       (colon + 1 == t.end || buddies(trimmed(text_of(colon + 1, (size_t)(t.end - colon) - 1))));
}

static bool header_goes_on(struct text head, struct text t)
{
	if (ends_with(head, "nodemask=")) {
		if (!text_eat(&t, "(null)"))
			while (t.p < t.end &&
			       (is_digit(*t.p) || *t.p == '-' || (*t.p == ',' && t.p + 1 < t.end && is_digit(t.p[1]))))
				t.p++;
		if (!text_len(t))
			return true;
	}
	int64_t n;
	if (!text_eat(&t, ","))
		return false;
	text_blanks(&t);
	return text_eat(&t, "order=") && text_int(&t, &n) && text_eat(&t, ", oom_score_adj=") && text_int(&t, &n) && t.p == t.end;
}

static bool cpuset_goes_on(struct text head, struct text t, bool sure)
{
	const char *mems = text_rfind(t, "mems_allowed=");
	struct text name = text_of(t.p, (size_t)((mems ? mems : t.end) - t.p));
	text_trim_end(&name);
	bool there = !ends_with(head, "cpuset=");
	if (there ? !mems || text_len(name) : !text_len(name) || (!sure && (!mems || has_blank(name))))
		return false;
	return !mems || nodes(text_of(mems + 13, (size_t)(t.end - mems) - 13));
}

/*
 * "…,cpuset=", and behind others' words ",mems_allowed=…": the name was a record of its own in between, a mere word. It was that one if
 * there was only one; else it is not known, and the line is read without.
 */
static bool behind_name(const struct cont_line *of, struct text t)
{
	return of->kind == CONT_SELECTED && ends_with(text_of(of->text, of->len), keys[KEY_CPUSET]) && text_starts(t, ",mems_allowed=");
}

static bool goes_on(const struct cont_line *of, struct text t, bool sure)
{
	struct text head = text_of(of->text, of->len);
	if (!sure && behind_name(of, t))
		return keys_follow(t, KEY_CPUSET, false);
	switch (of->kind) {
	case CONT_SELECTED:
		return selected_goes_on(head, t, sure);
	case CONT_STATS:
		return stats_go_on(head, t, sure);
	case CONT_GROUP:
		return group_goes_on(head, t, sure);
	case CONT_TASK_IN:
		return task_in_goes_on(head, t, sure);
	case CONT_NODE:
		return zone_goes_on(t);
	case CONT_BUDDY:
		return buddies(t);
	case CONT_HEADER:
		return header_goes_on(head, t);
	case CONT_CPUSET:
		return cpuset_goes_on(head, t, sure);
	default:
		return false;
	}
}

/* Which of them, or -1. A record that is marked as no continuation is none; one of another caller is another's. */
static int find(const struct conts *q, const struct prefix *p, struct text t)
{
	if (p->continues == CONTINUES_NOTHING)
		return -1;
	t = trimmed(t);
	for (int i = q->n - 1; i >= 0; i--) {
		const struct cont_line *of = &q->lines[i];
		/* what a console shows of a continuation may have no stamp, and then no caller either */
		if (p->context != of->p.p.context && (p->context || p->stamped))
			continue;
		bool sure = p->continues == CONTINUES_SOME || (text_len(p->caller) && p->context == of->p.p.context);
		if (text_len(t) && of->len + text_len(t) + sizeof(of->name) < CONT_TEXT && goes_on(of, t, sure))
			return i;
	}
	return -1;
}

bool cont_goes_on(const struct conts *q, const struct prefix *p, struct text t)
{
	return q->n && find(q, p, t) >= 0;
}

bool cont_keep(struct conts *q, const struct prefix *p, uint64_t number, struct text t, const struct line *l)
{
	enum cont_kind kind = cont_kind(t, l);
	if (kind == CONT_NO)
		return false;
	t = trimmed(t);
	if (text_len(t) >= CONT_TEXT / 2)
		return false;
	if (q->n == CONT_LINES)
		cont_drop(q, &q->lines[0]);
	struct cont_line *of = &q->lines[q->n++];
	of->kind = kind;
	prefix_keep(&of->p, p);
	of->number = number;
	of->between = of->names = 0;
	of->len = text_len(t);
	memcpy(of->text, t.p, of->len);
	return true;
}

struct cont_line *cont_join(struct conts *q, const struct prefix *p, struct text t)
{
	int i = q->n ? find(q, p, t) : -1;
	if (i < 0)
		return NULL;
	struct cont_line *of = &q->lines[i];
	t = trimmed(t);
	if (behind_name(of, t)) {
		size_t n = of->names == 1 ? strlen(of->name) : 0;
		of->len -= n ? 0 : strlen(keys[KEY_CPUSET]);
		memcpy(of->text + of->len, of->name, n);
		of->len += n;
	}
	/* the blanks at the ends of the pieces may have been lost on the way */
	if (of->text[of->len - 1] != '=' && *t.p != ',' && *t.p != ':')
		of->text[of->len++] = ' ';
	memcpy(of->text + of->len, t.p, text_len(t));
	of->len += text_len(t);
	of->between = of->names = 0;
	struct line l;
	line_parse(text_of(of->text, of->len), &l);
	of->kind = cont_kind(text_of(of->text, of->len), &l);
	return of;
}

/* Does the report print lines of this kind only when that one is over? Reports do not mix: oom_lock is held for each. */
static bool is_later(enum cont_kind of, enum line_kind kind)
{
	switch (kind) {
	case LINE_HEADER:
	case LINE_TASKS_STATE:
	case LINE_TABLE:
	case LINE_ROW:
	case LINE_SELECTED:
	case LINE_CHOICE:
	case LINE_KILLED:
	case LINE_SHARING:
	case LINE_GROUP:
	case LINE_NO_KILLABLE:
	case LINE_PANIC:
		return true;
	case LINE_USAGE:
	case LINE_MEMCG_STATS:
	case LINE_MEMINFO:
		return of != CONT_SELECTED && of != CONT_GROUP;
	case LINE_NODE:
	case LINE_ZONE:
	case LINE_BUDDY:
	case LINE_PAGES:
	case LINE_SWAP:
		return of == CONT_NODE || of == CONT_BUDDY;
	default:
		return false;
	}
}

static bool long_after(const struct prefix *first, const struct prefix *p)
{
	int64_t usec;
	return first->usec != OOM_UNKNOWN && p->usec != OOM_UNKNOWN &&
	       (__builtin_sub_overflow(p->usec, first->usec, &usec) || usec > CONT_USEC || usec < -CONT_USEC);
}

static void pass(struct cont_line *of, const struct prefix *p, struct text t)
{
	of->between++;
	t = trimmed(t);
	if (p->continues == CONTINUES_NOTHING || !text_len(t) || has_blank(t) || text_len(t) >= sizeof(of->name))
		return;
	if (!of->names++)
		text_copy(t, of->name, sizeof(of->name));
}

struct cont_line *cont_over(struct conts *q, const struct prefix *p, struct text t, const struct line *l)
{
	for (int i = 0; i < q->n; i++) {
		struct cont_line *of = &q->lines[i];
		bool same = p->context == of->p.p.context || !p->context;
		bool goes_ahead = same && text_len(p->caller);	/* that task prints something else */
		if (goes_ahead || long_after(&of->p.p, p) || of->between >= CONT_BETWEEN || (same && is_later(of->kind, l->kind)))
			return of;
	}
	for (int i = 0; i < q->n; i++)
		pass(&q->lines[i], p, t);
	return NULL;
}

void cont_drop(struct conts *q, struct cont_line *of)
{
	q->n--;
	for (; of < &q->lines[q->n]; of++) {
		*of = of[1];
		prefix_keep(&of->p, &of[1].p.p);
	}
}
