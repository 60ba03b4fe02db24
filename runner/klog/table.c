// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/table.h"

static const char *const names[] = {
	[OOM_COL_PID] = "pid", [OOM_COL_UID] = "uid", [OOM_COL_TGID] = "tgid", [OOM_COL_TOTAL_VM] = "total_vm",
	[OOM_COL_RSS] = "rss", [OOM_COL_RSS_ANON] = "rss_anon", [OOM_COL_RSS_FILE] = "rss_file",
	[OOM_COL_RSS_SHMEM] = "rss_shmem", [OOM_COL_NR_PTES] = "nr_ptes", [OOM_COL_NR_PMDS] = "nr_pmds",
	[OOM_COL_NR_PUDS] = "nr_puds", [OOM_COL_PGTABLES_BYTES] = "pgtables_bytes", [OOM_COL_SWAPENTS] = "swapents",
	[OOM_COL_CPU] = "cpu", [OOM_COL_OOM_ADJ] = "oom_adj", [OOM_COL_OOM_SCORE_ADJ] = "oom_score_adj",
	[OOM_COL_NAME] = "name",
};

const char *oom_column_name(enum oom_column c)
{
	return c <= OOM_COL_NAME ? names[c] : "?";
}

static struct text word(struct text *t)
{
	text_blanks(t);
	const char *p = t->p;
	while (t->p < t->end && *t->p != ' ' && *t->p != '\t' && *t->p != '\n')
		t->p++;
	return text_of(p, (size_t)(t->p - p));
}

bool table_header(struct text t, struct table *table)
{
	if (!text_eat(&t, "["))
		return false;
	text_blanks(&t);
	if (!text_eat(&t, "pid"))
		return false;
	text_blanks(&t);
	if (!text_eat(&t, "]"))
		return false;
	*table = (struct table){ 0 };
	while (table->n < TABLE_COLUMNS) {
		struct text w = word(&t);
		if (!text_len(w))
			break;
		enum oom_column c = OOM_COL_OTHER;
		for (int i = 0; i <= OOM_COL_NAME; i++)
			if (text_is(w, names[i]))
				c = (enum oom_column)i;
		if (c == OOM_COL_OTHER && table->n == 0)
			return false;	/* "[ pid ] of something else" */
		table->order[table->n++] = c;
		if (c == OOM_COL_NAME) {
			table->whole = true;
			break;
		}
	}
	return true;
}

static bool pid_of(struct text *t, int64_t *pid)
{
	if (!text_eat(t, "["))
		return false;
	text_blanks(t);
	if (!text_int(t, pid))
		return false;
	text_blanks(t);
	return text_eat(t, "]");
}

/* How many numbers follow the pid; *rest is what is behind them. */
static int numbers(struct text t, struct text *rest)
{
	int64_t n;
	int count = 0;
	if (!pid_of(&t, &n))
		return -1;
	while (count < 4) {
		struct text v = t;
		text_blanks(&v);
		if (v.p == t.p || !text_int(&v, &n))
			break;
		t = v;
		count++;
	}
	*rest = t;
	return count;
}

bool table_is_row(struct text t)
{
	struct text rest;
	int n = numbers(t, &rest);
	if (n < 0)
		return false;
	text_blanks(&rest);
	return n >= 4 || (n >= 2 && !text_len(rest));
}

bool table_row_begins(struct text t)
{
	struct text rest;
	text_blanks(&t);
	text_trim_end(&t);
	return numbers(t, &rest) >= 0 && !text_len(rest);
}

int table_numbers(struct text t)
{
	int64_t n;
	int count = 0;
	text_blanks(&t);
	if (!pid_of(&t, &n))
		return 0;
	for (struct text v = t; count < TABLE_COLUMNS; t = v, count++) {
		text_blanks(&v);
		if (v.p == t.p || !text_int(&v, &n) || (v.p < v.end && *v.p != ' ' && *v.p != '\t'))
			break;
	}
	return count;
}

bool table_row_is_whole(struct text t)
{
	struct text rest;
	return numbers(t, &rest) >= 4;
}

/* text_int(), with the blanks before it, where the compiler sees it: this is what most of a log of reports is read by. */
static inline bool cell(struct text *t, int64_t *value)
{
	const char *p = t->p, *end = t->end;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	bool minus = p < end && *p == '-';
	p += minus;
	const char *first = p;
	int64_t n = 0;
	while (p < end && is_digit(*p) && p - first < 18)
		n = n * 10 + (*p++ - '0');
	if (p == first || (p < end && is_digit(*p)))
		return false;
	*value = minus ? -n : n;
	t->p = p;
	return true;
}

int table_row(struct text t, const struct table *table, struct oom_row *row)
{
	int got = 0;
	for (int i = 0; i < OOM_COL_COUNT; i++)
		row->value[i] = OOM_UNKNOWN;
	row->name[0] = '\0';
	row->cut = true;
	if (!pid_of(&t, &row->value[OOM_COL_PID]))
		return 0;
	got++;
	for (int i = 0; i < table->n; i++) {
		enum oom_column c = table->order[i];
		if (c == OOM_COL_NAME) {
			text_blanks(&t);
			text_trim_end(&t);
			row->cut = !text_len(t);
			text_copy(t, row->name, OOM_COMM);
			return got + !row->cut;
		}
		int64_t v;
		if (t.p == t.end || (*t.p != ' ' && *t.p != '\t') || !cell(&t, &v))
			return got;
		/* the last number of a line may be only its first digits */
		if (t.p == t.end && table->whole)
			return got;
		if (t.p < t.end && *t.p != ' ' && *t.p != '\t' && *t.p != '\n')
			return got;
		if (c < OOM_COL_COUNT)
			row->value[c] = c == OOM_COL_UID ? uid_of_number(v) : v;
		got++;
	}
	return got;
}

bool table_guess(struct text t, struct table *table)
{
	static const enum oom_column shapes[][12] = {
		{ OOM_COL_UID, OOM_COL_TGID, OOM_COL_TOTAL_VM, OOM_COL_RSS, OOM_COL_PGTABLES_BYTES, OOM_COL_SWAPENTS,
		  OOM_COL_OOM_SCORE_ADJ, OOM_COL_NAME },
		{ OOM_COL_UID, OOM_COL_TGID, OOM_COL_TOTAL_VM, OOM_COL_RSS, OOM_COL_NR_PTES, OOM_COL_NR_PMDS,
		  OOM_COL_SWAPENTS, OOM_COL_OOM_SCORE_ADJ, OOM_COL_NAME },
		{ OOM_COL_UID, OOM_COL_TGID, OOM_COL_TOTAL_VM, OOM_COL_RSS, OOM_COL_RSS_ANON, OOM_COL_RSS_FILE,
		  OOM_COL_RSS_SHMEM, OOM_COL_PGTABLES_BYTES, OOM_COL_SWAPENTS, OOM_COL_OOM_SCORE_ADJ, OOM_COL_NAME },
		/* 2.6/3.0 (rss cpu oom_adj oom_score_adj) and 3.x (rss nr_ptes swapents oom_score_adj) look alike */
		{ OOM_COL_UID, OOM_COL_TGID, OOM_COL_TOTAL_VM, OOM_COL_RSS, OOM_COL_OTHER, OOM_COL_OTHER,
		  OOM_COL_OOM_SCORE_ADJ, OOM_COL_NAME },
	};
	int64_t n, at[16];
	int count = 0;
	if (!table_is_row(t) || !pid_of(&t, &n))
		return false;
	while (count < 16) {
		text_blanks(&t);
		struct text v = t;
		if (!text_int(&v, &at[count]) || (v.p < v.end && *v.p != ' ' && *v.p != '\t'))
			break;
		t = v;
		count++;
	}
	if (!text_len(t) || count < 7)
		return false;
	bool bytes = count >= 10 ? at[7] > 0 && at[7] % 4096 == 0 : at[4] > 0 && at[4] % 4096 == 0;
	size_t shape;
	if (count == 7)
		shape = bytes ? 0 : 3;
	else if (count == 8)
		shape = 1;
	else if (count == 10 && bytes)
		shape = 2;
	else
		return false;
	*table = (struct table){ .whole = true };
	do {
		table->order[table->n] = shapes[shape][table->n];
	} while (table->order[table->n++] != OOM_COL_NAME);
	return true;
}

uint32_t table_mask(const struct table *table)
{
	uint32_t mask = 1u << OOM_COL_PID;
	for (int i = 0; i < table->n; i++)
		if (table->order[i] <= OOM_COL_NAME)
			mask |= 1u << table->order[i];
	return mask;
}
