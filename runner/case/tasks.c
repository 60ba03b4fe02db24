// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "case/build.h"
#include "case/kinds.h"
#include "case/text.h"

#define COMM_MAX 15 /* TASK_COMM_LEN - 1 (include/linux/sched.h): the kernel cuts what is longer */

static void check_name(struct build *b, size_t i)
{
	const char *name = b->t->tasks[i].name;
	char shown[320];
	show_text(shown, name);
	if (!name[0])
		bad(b, "name", "a task's name is empty; it becomes the comm");
	else if (strlen(name) > COMM_MAX)
		bad(b, "name", "\"%s\" has %zu bytes; a comm has at most %d", shown, strlen(name), COMM_MAX);
	else if (streq(name, "agent") || streq(name, "kworker"))
		bad(b, "name", "a task can't be called \"%s\"; as a trigger that word means something else", name);
	for (size_t j = 0; j < i; j++) {
		if (streq(b->t->tasks[j].name, name))
			bad(b, "name", "task \"%s\" stands twice; the first is in line %d", shown,
			    b->t->tasks[j].where.line);
	}
}

static bool is_key(const char *const *keys, const char *word, size_t len)
{
	for (; keys && *keys; keys++) {
		if (strlen(*keys) == len && memcmp(*keys, word, len) == 0)
			return true;
	}
	return false;
}

static void unknown_arg(struct build *b, const struct kind_facts *kind, const char *word, size_t len)
{
	const char *words[16], *const *sets[] = { kind->args, kind_common_args };
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		for (const char *const *k = sets[i]; k && *k && n < ARRAY_SIZE(words); k++)
			words[n++] = *k;
	}
	char what[80], copy[64];
	snprintf(copy, sizeof(copy), "%.*s", (int)len, word);
	snprintf(what, sizeof(what), "an argument of kind %s", kind->name);
	bad_word(b, "args", what, copy, words, n);
}

/* "key=value key=value" with keys of the kind. stress-ng's are its own options. */
static void check_args(struct build *b, const char *args, const struct kind_facts *kind)
{
	char shown[320];
	for (const char *p = args; *p && !streq(kind->name, "stress-ng") && !b->failed;) {
		p += strspn(p, " ");
		size_t len = strcspn(p, " ");
		const char *equal = memchr(p, '=', len);
		if (len && (!equal || equal == p))
			bad(b, "args", "args: \"%s\" is not `key=value key=value`", show_text(shown, args));
		else if (len && !is_key(kind->args, p, (size_t)(equal - p)) &&
			 !is_key(kind_common_args, p, (size_t)(equal - p)))
			unknown_arg(b, kind, p, (size_t)(equal - p));
		p += len;
	}
}

/* "bind 1", "preferred 1", "interleave 0-1": set_mempolicy(2) */
static void read_policy(struct build *b, const char *raw, struct test_task *task)
{
	CLEANUP_FREE char *text = text_or_null(b, "policy", raw);
	if (!text || b->failed)
		return;
	size_t len = strcspn(text, " ");
	const char *nodes = text + len + strspn(text + len, " ");
	task->policy = strcspn(text, "=") < len ? POLICY_DEFAULT : policy_named(text);	/* flags are for calls */
	char shown[320];
	if ((task->policy == POLICY_DEFAULT) != (*nodes == '\0') ||
	    (task->policy == POLICY_DEFAULT && !streq(text, "default"))) {
		bad(b, "policy",
		    "policy: \"%s\" is not a policy; allowed: bind NODES, preferred NODES, interleave NODES, default",
		    show_text(shown, text));
		return;
	}
	if (task->policy == POLICY_DEFAULT)
		return;
	int n = b->t->shape.nodes;
	task->policy_nodes = mask_of(b, "policy", nodes);
	if (task->policy_nodes >> n)
		bad(b, "policy", "policy: node %d does not exist; the machine has %d node%s",
		    63 - __builtin_clzll(task->policy_nodes), n, n == 1 ? " (give machine: {nodes: […]})" : "s");
}

/* It is no oomload: it has PID 1's memory, and does nothing. */
static void check_init(struct build *b, const struct raw_task *raw)
{
	const struct {
		const char *key;
		bool given;
	} not[] = {
		{ "cgroup", raw->cgroup }, { "args", raw->args }, { "size", raw->size }, { "step", raw->step }, { "to", raw->to },
		{ "uid", raw->uid }, { "cpus", raw->cpus }, { "policy", raw->policy },
	};
	for (size_t i = 0; i < ARRAY_SIZE(not) && !b->failed; i++)
		if (not[i].given)
			bad(b, not[i].key, "%s: kind init shares the memory of PID 1, and takes only name and adj", not[i].key);
	for (size_t i = 0; i < b->t->n_needs; i++)
		if (b->t->needs[i].kind == NEED_GUEST)
			return;
	bad(b, "kind", "kind: init is for guests, where PID 1 is the suite's own; write needs: [guest]");
}

static void build_task(struct build *b, size_t i)
{
	const struct raw_task *raw = &b->raw->tasks[i];
	struct test_task *task = &b->t->tasks[i];
	uint64_t memory = b->t->shape.memory;
	at(b, "tasks[%zu]", i);
	task->where = where_of(b, NULL);
	task->name = text_of(b, "name", raw->name);
	task->kind = raw->kind ? text_of(b, "kind", raw->kind) : xstrdup("anon");
	task->args = text_of(b, "args", raw->args);
	task->cpus = text_or_null(b, "cpus", raw->cpus);
	task->cgroup = -1;
	task->size = size_of(b, "size", raw->size, 0, memory, false);
	task->step = size_of(b, "step", raw->step, 1 << 20, memory, false);
	task->to = size_of(b, "to", raw->to, NO_LIMIT, memory, true);
	task->adj = (int)number_of(b, "adj", raw->adj, ADJ_UNSET, -1000, 1000);
	task->uid = (unsigned)number_of(b, "uid", raw->uid, 0, 0, UINT32_MAX - 1);
	read_policy(b, raw->policy, task);
	if (b->failed)
		return;
	check_name(b, i);
	if (raw->cgroup) {
		CLEANUP_FREE char *name = text_of(b, "cgroup", raw->cgroup);
		task->cgroup = cgroup_named(b, "cgroup", name);
	}
	size_t n;
	const char *const *kinds = kind_names(&n);
	const struct kind_facts *kind = kind_facts(task->kind);
	if (kind)
		check_args(b, task->args, kind);
	else if (!b->failed)
		bad_word(b, "kind", "a kind of oomload", task->kind, kinds, n);
	if (task->step == 0)
		bad(b, "step", "step: 0 would never get anywhere");
	if (task->to != NO_LIMIT && task->to < task->size)
		bad(b, "to", "to: a task grows; `to` is below its size");
	if (task->cpus && mask_of(b, "cpus", task->cpus) >> (b->t->shape.cpus - 1) >> 1)
		bad(b, "cpus", "cpus: the machine has only %d CPU%s (give machine: {cpus: …})", b->t->shape.cpus,
		    b->t->shape.cpus == 1 ? "" : "s");
	if (streq(task->kind, "init"))
		check_init(b, raw);
	b->t->shape.stress_ng = b->t->shape.stress_ng || streq(task->kind, "stress-ng");
}

void build_tasks(struct build *b)
{
	struct test *t = b->t;
	t->tasks = xcalloc(b->raw->n_tasks, sizeof(*t->tasks));
	t->n_tasks = b->raw->n_tasks;
	for (size_t i = 0; i < t->n_tasks; i++)
		build_task(b, i);
}
