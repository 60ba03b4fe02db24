// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/line.h"

#include "klog/table.h"

const char *oom_constraint_name(enum oom_constraint c)
{
	static const char *const names[] = { NULL, "CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY",
					     "CONSTRAINT_MEMCG" };
	return names[c];
}

/* "dump_header+0x44/0x18d", "? find_lock_task_mm+0x47/0xa0", "[<ffffffff81122950>] …", "RIP: 0033:…", registers. */
static bool trace(struct text t)
{
	if (memchr("CH[(?<RWTBS", *t.p, 11) &&
	    (text_starts(t, "Call Trace") || text_starts(t, "Hardware name: ") || text_starts(t, "[<") ||
	     text_starts(t, "([<") || text_starts(t, "? ") || text_starts(t, "<TASK>") || text_starts(t, "</TASK>") ||
	     text_starts(t, "RIP: ") || text_starts(t, "RSP: ") || text_starts(t, "RAX: ") || text_starts(t, "RDX: ") ||
	     text_starts(t, "RBP: ") || text_starts(t, "R10: ") || text_starts(t, "R13: ") ||
	     text_starts(t, "Code: ") || text_starts(t, "Workqueue: ") || text_starts(t, "COMPACTION is disabled") ||
	     text_starts(t, "Tainted: ") ||
	     text_starts(t, "Backtrace:") || text_starts(t, "Stack : ")))
		return true;
	const char *p = t.p;
	while (p < t.end && *p != ' ' && *p != '+')
		p++;
	return t.end - p > 6 && memcmp(p, "+0x", 3) == 0;
}

static bool elision(struct text t)
{
	if (text_len(t) > 24)
		return false;
	if (text_starts(t, "...") || text_starts(t, "[...") || text_starts(t, "(...") || text_starts(t, "<..."))
		return true;
	return text_find(t, "snip") && (*t.p == '[' || *t.p == '(' || *t.p == '<' || *t.p == '-');
}

static bool foreign_dump(struct text t)
{
	return text_find(t, "page allocation failure") || text_find(t, "page allocation stall") ||
	       ((text_starts(t, "sysrq: ") || text_starts(t, "SysRq : ")) && text_find(t, "Show Memory"));
}

void line_parse(struct text t, struct line *l)
{
	*l = (struct line){ .kind = LINE_OTHER };
	text_blanks(&t);
	text_trim_end(&t);
	if (!text_len(t)) {
		l->kind = LINE_BLANK;
		return;
	}
	if (*t.p == '[') {
		struct table table;
		if (table_is_row(t)) {
			l->kind = LINE_ROW;
			return;
		}
		if (table_header(t, &table)) {
			l->kind = LINE_TABLE;
			/* a name torn in two gives two unknown ones */
			for (int i = 0; i < table.n; i++)
				l->got += table.order[i] == OOM_COL_OTHER ? -1 : 1;
			l->cut = !table.whole;
			return;
		}
	}
	if (trace(t)) {
		l->kind = LINE_TRACE;
		return;
	}
	if (line_memory_parse(t, l))
		return;
	*l = (struct line){ .kind = LINE_OTHER };
	if (line_kill_parse(t, l))
		return;
	*l = (struct line){ .kind = LINE_OTHER };
	if (line_head_parse(t, l))
		return;
	*l = (struct line){ .kind = LINE_OTHER };
	if (text_starts(t, "Tasks state (memory"))
		l->kind = LINE_TASKS_STATE;
	else if (elision(t))
		l->kind = LINE_ELISION;
	else if (foreign_dump(t))
		l->kind = LINE_FOREIGN_DUMP;
}

bool line_opens(struct text t)
{
	static const struct { const char *word; size_t n; } words[] = {
#define WORD(s) { s, sizeof(s) - 1 }
		WORD("Out of memory"), WORD("Out of Memory: "), WORD("OOM killed process "),
		WORD("Memory cgroup "),
		WORD("Memory limit reached"), WORD("Mem-Info:"), WORD("Mem-info:"), WORD("Killed process "),
		WORD("Kill process "), WORD("Kernel panic - not syncing"), WORD("oom-kill:constraint="),
		WORD("oom_reaper: "), WORD("oom killer "), WORD("oom-killer: gfp_mask="), WORD("oom_kill_process: "),
		WORD("Task in "),
		WORD("Tasks in "), WORD("Tasks state (memory"), WORD("Total swap"), WORD("memory: usage "),
		WORD("memory+swap: usage "), WORD("kmem: usage "), WORD("kill process "), WORD("swap: usage "),
		WORD("sysrq: "), WORD("SysRq : "), WORD("Swap cache stats: "), WORD("Call Trace:"), WORD("CPU: "),
		WORD("Code: "), WORD("Hardware name: "), WORD("Unreclaimable slab info"), WORD("active_anon:"),
		WORD("lowmem_reserve[]"), WORD("No available memory"), WORD("Node "), WORD("Normal"),
		WORD("RIP: "), WORD("Workqueue: "), WORD("DMA"), WORD("[<"), WORD("<TASK>"), WORD("</TASK>"),
		WORD("Pid: "), WORD("Free swap"),
#undef WORD
	};
	/* The first of the words with a letter, plus one; those with the same letter stand together. */
	static uint8_t first[128];
	if (!first['O'])
		for (size_t i = sizeof(words) / sizeof(words[0]); i-- > 0;)
			first[(int)words[i].word[0]] = (uint8_t)(i + 1);
	if (text_len(t) && is_digit(*t.p)) {	/* "52000 pages RAM" */
		int64_t n;
		return text_int(&t, &n) && (text_starts(t, " pages ") || text_starts(t, " total pagecache pages"));
	}
	if (!text_len(t) || (*t.p & 0x80) || !first[(int)*t.p])
		return false;
	for (size_t i = first[(int)*t.p] - 1u; i < sizeof(words) / sizeof(words[0]) && words[i].word[0] == *t.p; i++)
		if (text_starts_n(t, words[i].word, words[i].n))
			return true;
	return false;
}
