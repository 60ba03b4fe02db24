// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/klog.h"
#include "klog/text.h"

/* Words that a broken kernel prints (kernel/panic.c, lib/bug.c, kernel/watchdog.c, kernel/hung_task.c,
 * kernel/rcu/tree_stall.h, kernel/locking/lockdep.c, lib/list_debug.c, mm/kasan/report.c, mm/page_alloc.c:bad_page(), arch
 * fault handlers). */
static const struct { const char *word, *kind; bool anywhere; } splats[] = {
	{ "WARNING: ", "WARNING", false },
	{ "BUG: soft lockup", "soft lockup", true },
	{ "watchdog: BUG: soft lockup", "soft lockup", false },
	{ "hard LOCKUP", "hard lockup", true },
	{ "BUG: workqueue lockup", "workqueue lockup", true },
	{ "BUG: KASAN:", "KASAN", false },
	{ "BUG: KFENCE:", "KFENCE", false },
	{ "BUG: KCSAN:", "KCSAN", false },
	{ "BUG: KMSAN:", "KMSAN", false },
	{ "UBSAN: ", "UBSAN", false },
	{ "BUG: Bad page", "bad page", false },
	{ "BUG: Bad rss-counter state", "bad rss counter", false },
	{ "BUG: non-zero pgtables_bytes", "leaked page tables", false },
	{ "BUG: scheduling while atomic", "scheduling while atomic", false },
	{ "BUG: sleeping function called", "sleeping while atomic", false },
	{ "BUG: unable to handle", "fault", false },
	{ "BUG: kernel NULL pointer", "fault", false },
	{ "kernel BUG at ", "BUG", true },
	{ "BUG: ", "BUG", false },
	{ "Unable to handle kernel ", "fault", false },
	{ "general protection fault", "fault", false },
	{ "Internal error: Oops", "Oops", false },
	{ "Oops: ", "Oops", false },
	{ "INFO: possible recursive locking", "lockdep", false },
	{ "WARNING: possible circular locking", "lockdep", false },
	{ "INFO: inconsistent lock state", "lockdep", false },
	{ "INFO: possible circular locking", "lockdep", false },
	{ "rcu: INFO: ", "RCU stall", false },
	{ "INFO: rcu_", "RCU stall", false },
	{ "detected stalls on CPUs", "RCU stall", true },
	{ "self-detected stall on CPU", "RCU stall", true },
	{ "blocked for more than ", "hung task", true },
	{ "list_add corruption", "list corruption", false },
	{ "list_del corruption", "list corruption", false },
	{ "refcount_t: ", "refcount", false },
	{ "page_counter underflow", "page counter underflow", true },
	{ "kmemleak: ", NULL, false },		/* a hint, no splat */
	{ "stack-protector: ", "stack corruption", false },
	{ "Bad page state", "bad page", true },
	{ "unregister_netdevice: waiting", "refcount", false },
};

const char *klog_splat(const char *text, size_t len)
{
	struct text t = text_of(text, len);
	text_blanks(&t);
	/* the OOM killer's own lines carry names that anybody chose */
	if (text_find(t, " invoked oom-killer: ") || text_starts(t, "Out of memory") ||
	    text_starts(t, "Memory cgroup ") || text_starts(t, "oom-kill:") || text_starts(t, "oom_reaper: ") ||
	    text_starts(t, "Task in ") ||
	    text_starts(t, "Tasks in ") || text_starts(t, "Killed process ") || text_starts(t, "["))
		return NULL;
	for (size_t i = 0; i < sizeof(splats) / sizeof(splats[0]); i++) {
		const char *at = splats[i].anywhere ? text_find(t, splats[i].word)
			       : text_starts_n(t, splats[i].word, strlen(splats[i].word)) ? t.p : NULL;
		if (at)
			return splats[i].kind;
	}
	return NULL;
}
