// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What surrounds the tasks: the machine, its settings, the cgroups, and what the case says it needs.
 */
#include <ctype.h>

#include "base/bytes.h"
#include "base/capabilities.h"
#include "base/util.h"
#include "case/build.h"
#include "case/host.h"
#include "case/text.h"

#define MEMORY_MIN ((uint64_t)64 << 20) /* below, a distribution's kernel does not reach its init */

static const char *binding_value(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->context.n_bindings; i++) {
		if (streq(b->context.bindings[i].name, name))
			return b->context.bindings[i].value;
	}
	return NULL;
}

static bool is_axis(const struct build *b, const char *name)
{
	for (size_t i = 0; i < b->raw->n_matrix; i++) {
		if (streq(b->raw->matrix[i].axis, name))
			return true;
	}
	return false;
}

static void build_nodes(struct build *b, const struct raw_machine *m)
{
	struct shape *shape = &b->t->shape;
	uint64_t sum = 0;
	shape->nodes = (int)m->n_nodes;
	for (unsigned i = 0; i < m->n_nodes; i++) {
		char key[32];
		snprintf(key, sizeof(key), "machine.nodes[%u]", i);
		shape->node_memory[i] = size_of(b, key, m->nodes[i], 0, 0, false);
		/* The kernel knows of a node that has no memory only by its processors (arch/x86/mm/numa.c:init_cpu_to_node). */
		if (!shape->node_memory[i] && (int)i >= shape->cpus)
			bad(b, key, "a node without memory and without a CPU; give the machine %u, and each node has one", m->n_nodes);
		else if (shape->node_memory[i] && shape->node_memory[i] < (32 << 20))
			bad(b, key, "a node of less than 32M; a kernel can't use it");
		else if (shape->node_memory[i] > (uint64_t)1 << 40)
			bad(b, key, "a node of more than 1T");
		sum += shape->node_memory[i];
	}
	if ((m->memory || is_axis(b, "memory")) && sum != shape->memory)
		bad(b, "machine.nodes",
		    "the nodes sum up to %lluM, but memory is %lluM; leave memory out, or make them equal",
		    (unsigned long long)sum >> 20, (unsigned long long)shape->memory >> 20);
	shape->memory = sum;
}

/* What is there for the host to act on. */
static void build_extras(struct build *b, const struct raw_machine *m)
{
	static const char *const balloons[] = { "none", "plain", "deflates" };
	struct shape *shape = &b->t->shape;
	char module[32];
	shape->plug = size_of(b, "machine.plug", m ? m->plug : NULL, 0, 0, false);
	shape->balloon = (enum balloon_kind)choice_of(b, "machine.balloon", m ? m->balloon : NULL, BALLOON_NONE, balloons,
						      ARRAY_SIZE(balloons));
	if (shape->plug % HOST_MODULE || shape->plug > HOST_MODULE << 10)
		bad(b, "machine.plug", "machine.plug: room for memory modules is a multiple of %s, up to 128G",
		    format_size(HOST_MODULE, module));
}

static void build_machine(struct build *b)
{
	const struct raw_machine *m = b->raw->machine;
	struct shape *shape = &b->t->shape;
	at(b, "%s", "");
	shape->nodes = 1;
	shape->memory =
		size_of(b, is_axis(b, "memory") ? "matrix" : "machine.memory", binding_value(b, "memory"), 0, 0, false);
	shape->cpus =
		(int)number_of(b, is_axis(b, "cpus") ? "matrix" : "machine.cpus", binding_value(b, "cpus"), 1, 1, 64);
	if (m && m->n_nodes)
		build_nodes(b, m);
	if (!b->failed && shape->memory < MEMORY_MIN)
		bad(b, "machine.memory", "a machine with less than 64M; a kernel does not start in it");
	else if (shape->memory > (uint64_t)1 << 42)
		bad(b, "machine.memory", "a machine with more than 4T");
	shape->disk = b->t->swap == SWAP_DISK || (m && m->disk);
	shape->disk_size = m && m->disk	 ? size_of(b, "machine.disk", m->disk, 0, 0, false)
			   : shape->disk ? (uint64_t)256 << 20
					 : 0;
	shape->cmdline = text_of(b, "machine.cmdline", m ? m->cmdline : NULL);
	if (strchr(shape->cmdline, '\n'))
		bad(b, "machine.cmdline", "a line break in the kernel's command line");
	build_extras(b, m);
}

static void build_swap(struct build *b)
{
	static const char *const hierarchies[] = { "v2", "v1" };
	static const char *const swaps[] = { "none", "disk", "zram" };
	struct test *t = b->t;
	at(b, "%s", "");
	t->hierarchy = choice_of(b, "cgroup", binding_value(b, "cgroup"), 0, hierarchies, 2) == 1 ? HIERARCHY_V1
												  : HIERARCHY_V2;
	t->uses_cgroups = b->raw->n_cgroups > 0 || b->raw->cgroup || is_axis(b, "cgroup");
	t->swap = (enum swap_kind)choice_of(b, "swap", binding_value(b, "swap"), 0, swaps, 3);
	t->swap_size = size_of(b, "swap_size", b->raw->swap_size, (uint64_t)128 << 20, 0, false);
	if (b->raw->swap_size && t->swap_size < (1 << 20))
		bad(b, "swap_size", "swap_size: swap of less than 1M");
	if (b->raw->swap_size && !b->raw->swap && !is_axis(b, "swap"))
		bad(b, "swap_size", "swap_size without swap; add `swap: disk` or `swap: zram`");
}

static void build_sysctls(struct build *b)
{
	struct test *t = b->t;
	t->sysctls = xcalloc(b->raw->n_sysctl, sizeof(*t->sysctls));
	t->n_sysctls = b->raw->n_sysctl;
	for (size_t i = 0; i < t->n_sysctls; i++) {
		at(b, "sysctl[%zu]", i);
		struct setting *s = &t->sysctls[i];
		s->file = text_of(b, "name", b->raw->sysctl[i].file);
		s->value = written_of(b, "value", b->raw->sysctl[i].value);
		s->where = where_of(b, NULL);
		char shown[320];
		bool ok = isalpha((unsigned char)s->file[0]) && strchr(s->file, '.') && !strstr(s->file, "..");
		for (const char *p = s->file; *p; p++)
			ok = ok && (isalnum((unsigned char)*p) || strchr("._-", *p));
		if (!ok)
			bad(b, "name", "\"%s\" is not the name of a sysctl; write it like vm.panic_on_oom",
			    show_text(shown, s->file));
		for (size_t j = 0; j < i; j++) {
			if (streq(s->file, t->sysctls[j].file))
				bad(b, "name", "%s stands twice; only one value of it can hold", s->file);
		}
	}
}

/* A path below the scene's root that stays below it. */
static void check_cgroup_name(struct build *b, const char *name)
{
	char shown[320];
	show_text(shown, name);
	if (!name[0] || name[0] == '/' || strchr(name, '\n') || strlen(name) > 1000) {
		bad(b, "name",
		    "\"%s\" can't name a cgroup; a name is a path below the scene's root, like box or box/inner",
		    shown);
		return;
	}
	for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL) {
		size_t len = strcspn(p, "/");
		bool dots = (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.');
		if (len == 0 || len > 255 || dots) {
			bad(b, "name",
			    "\"%s\" can't name a cgroup; each part of the path is 1 to 255 bytes and not . or ..",
			    shown);
			return;
		}
	}
	if (streq(name, "bystander") || starts_with(name, "bystander/"))
		bad(b, "name",
		    "\"bystander\" is the cgroup that every scene has and no case touches; take another name");
}

static void check_parent(struct build *b, size_t i)
{
	const struct test *t = b->t;
	const char *name = t->cgroups[i].name, *slash = strrchr(name, '/');
	bool found = !slash, later = false;
	for (size_t j = 0; j < i; j++) {
		const char *other = t->cgroups[j].name;
		if (streq(other, name))
			bad(b, "name", "cgroup \"%s\" stands twice; the first is in line %d", name,
			    t->cgroups[j].where.line);
		found = found || (strlen(other) == (size_t)(slash - name) && strncmp(other, name, strlen(other)) == 0);
	}
	for (size_t j = i + 1; j < t->n_cgroups && !found; j++) {
		const char *other = b->raw->cgroups[j].name;
		later = later || (strlen(other) == (size_t)(slash - name) && strncmp(other, name, strlen(other)) == 0);
	}
	if (!found)
		bad(b, "name", "cgroup \"%s\" %s; %s `name: %.*s` above it", name,
		    later ? "comes before its parent" : "has no parent in this case", later ? "move" : "add",
		    (int)(slash - name), name);
}

static void build_cgroup(struct build *b, size_t i)
{
	const struct raw_cgroup *raw = &b->raw->cgroups[i];
	struct test_cgroup *g = &b->t->cgroups[i];
	uint64_t memory = b->t->shape.memory;
	at(b, "cgroups[%zu]", i);
	g->where = where_of(b, NULL);
	g->name = text_of(b, "name", raw->name);
	g->limit = size_of(b, "limit", raw->limit, UNSET, memory, true);
	g->swap_limit = size_of(b, "swap_limit", raw->swap_limit, UNSET, 0, true);
	g->high = size_of(b, "high", raw->high, UNSET, memory, true);
	g->low = size_of(b, "low", raw->low, UNSET, memory, true);
	g->min = size_of(b, "min", raw->min, UNSET, memory, true);
	g->group = flag_of(b, "group", raw->group, false);
	g->oom_kill_disable = flag_of(b, "oom_kill_disable", raw->oom_kill_disable, false);
	g->mems = text_or_null(b, "mems", raw->mems);
	if (!b->failed)
		check_cgroup_name(b, g->name);
	if (!b->failed)
		check_parent(b, i);
	if (g->mems) {
		uint64_t mask = mask_of(b, "mems", g->mems);
		if (mask >> b->t->shape.nodes)
			bad(b, "mems", "mems: node %d does not exist; the machine has %d node%s",
			    63 - __builtin_clzll(mask), b->t->shape.nodes,
			    b->t->shape.nodes == 1 ? " (give machine: {nodes: […]})" : "s");
	}
	g->settings = xcalloc(raw->n_set, sizeof(*g->settings));
	g->n_settings = raw->n_set;
	for (size_t j = 0; j < g->n_settings; j++) {
		at(b, "cgroups[%zu].set[%zu]", i, j);
		g->settings[j] = (struct setting){ .file = text_of(b, "file", raw->set[j].file),
						   .value = written_of(b, "value", raw->set[j].value),
						   .where = where_of(b, NULL) };
		if (!g->settings[j].file[0] || strchr(g->settings[j].file, '/'))
			bad(b, "file", "a cgroup's file is a name without /, like memory.oom.group");
	}
}

/* A need that the kernel's version and rules decide. Axes are no business of needs: a `when` or another case is. */
static void check_rule_need(struct build *b, const char *key, const struct need *need)
{
	struct when_context kernel_alone = { .release = b->context.release };
	struct error err;
	bool holds;
	if (b->failed || when_holds(need->text, &kernel_alone, &holds, NULL, &err) == 0)
		return;
	bad(b, key, "needs: %s", err.text);
}

/* A need that is a word of a closed list: a wrong one would be a skip for ever. */
static void check_word_need(struct build *b, const char *key, const struct need *need)
{
	static const char *const targets[] = { "vm", "uml", "host", "ssh" };
	bool known = need->kind == NEED_CAPABILITY && capability_number(need->text) >= 0;
	for (size_t i = 0; need->kind == NEED_TARGET && i < ARRAY_SIZE(targets); i++)
		known = known || streq(targets[i], need->text);
	if (known || b->failed)
		return;
	if (need->kind == NEED_TARGET)
		bad_word(b, key, "a target", need->text, targets, ARRAY_SIZE(targets));
	else
		bad_word(b, key, "a capability", need->text, capability_names, n_capability_names);
}

/* "kernel >= 5.19", "cgroup file NAME" …: docs/case-format.md, Needs. */
static void build_need(struct build *b, const char *key, const char *text, struct need *need)
{
	static const struct {
		const char *words;
		enum need_kind kind;
	} kinds[] = {
		{ "cgroup file ", NEED_CGROUP_FILE }, { "path ", NEED_PATH }, { "capability ", NEED_CAPABILITY },
		{ "target ", NEED_TARGET },	      { "era ", NEED_ERA },
	};
	need->where = where_of(b, key);
	need->kind = streq(text, "guest") ? NEED_GUEST : NEED_KERNEL;
	const char *rest = text;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (starts_with(text, kinds[i].words)) {
			need->kind = kinds[i].kind;
			rest = text + strlen(kinds[i].words);
			rest += strspn(rest, " ");
		}
	}
	need->text = xstrdup(rest);
	if (!rest[0] && !b->failed)
		bad(b, key, "needs: a need with nothing in it");
	if (need->kind == NEED_PATH && rest[0] != '/')
		bad(b, key, "needs: \"path\" must be followed by an absolute path");
	else if (need->kind != NEED_KERNEL && need->kind != NEED_PATH && strchr(rest, ' '))
		bad(b, key, "needs: one word must follow in \"%.60s\"", text);
	else if (need->kind == NEED_KERNEL || need->kind == NEED_ERA)
		check_rule_need(b, key, need);
	else if (need->kind == NEED_TARGET || need->kind == NEED_CAPABILITY)
		check_word_need(b, key, need);
}

static void build_texts(struct build *b)
{
	struct test *t = b->t;
	at(b, "%s", "");
	t->title = text_of(b, "title", b->raw->title);
	t->why = text_of(b, "why", b->raw->why);
	if (!t->title[0])
		bad(b, "title", "title is empty; it completes \"This case shows that …\"");
	t->source = text_list(b, "source", b->raw->source, t->n_source = b->raw->n_source);
	t->tags = text_list(b, "tags", b->raw->tags, t->n_tags = b->raw->n_tags);
	t->fixes = text_list(b, "fixes", b->raw->fixes, t->n_fixes = b->raw->n_fixes);
	t->needs = xcalloc(b->raw->n_needs + 1, sizeof(*t->needs));	/* one more: need_host() */
	t->n_needs = b->raw->n_needs;
	for (size_t i = 0; i < t->n_needs; i++) {
		char key[32];
		snprintf(key, sizeof(key), "needs[%zu]", i);
		CLEANUP_FREE char *text = text_of(b, key, b->raw->needs[i]);
		build_need(b, key, text, &t->needs[i]);
	}
	t->seconds = (double)number_of(b, "seconds", b->raw->seconds, 0, 0, 86400);
}

/* A disk that is the test's own, which on any other machine than a virtual one is somebody's. */
static bool writes_disk(const char *args)
{
	return args && strstr(args, "path=/dev/") && strstr(args, "dirty=1");
}

/* Only a virtual machine has a host that does something to it, and a disk to read or write, whatever else the case says of targets. */
static void need_host(struct build *b)
{
	struct test *t = b->t;
	bool needed = t->shape.plug || t->shape.balloon, writes = false;
	for (unsigned i = 0; i < b->raw->n_tasks; i++) {
		needed = needed || (b->raw->tasks[i].args && strstr(b->raw->tasks[i].args, "/dev/vd"));
		writes = writes || writes_disk(b->raw->tasks[i].args);
	}
	for (unsigned i = 0; i < b->raw->n_steps; i++)
		needed = needed || b->raw->steps[i].host;
	for (size_t i = 0; i < t->n_needs; i++)
		needed = needed && t->needs[i].kind != NEED_TARGET;
	if (needed || writes)
		t->needs[t->n_needs++] = (struct need){ .kind = NEED_TARGET, .text = xstrdup("vm") };
}

void build_scene(struct build *b)
{
	struct test *t = b->t;
	build_texts(b);
	build_swap(b);
	build_machine(b);
	need_host(b);
	build_sysctls(b);
	t->cgroups = xcalloc(b->raw->n_cgroups, sizeof(*t->cgroups));
	t->n_cgroups = b->raw->n_cgroups;
	for (size_t i = 0; i < t->n_cgroups; i++)
		build_cgroup(b, i);
}
