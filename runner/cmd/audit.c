// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests audit: who would die here, in which order, and what is not protected. */
#include <argp.h>
#include <errno.h>

#include "audit/audit.h"
#include "audit/policy.h"
#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "output/printer.h"

#define STEPS 20

enum { KEY_ALL = 256, KEY_CRITICAL, KEY_FROM, KEY_NEAR, KEY_POLICY, KEY_ROOT, KEY_SAVE, KEY_TAP };

struct arguments {
	bool json, tap;
	const char *from, *save, *root, *policy;
	struct audit_options options;
	size_t n_own_critical;	/* the first of options.critical: the command line's */
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "One JSON object per step of an order and per finding", 0 },
	{ "number", 'n', "N", 0, "How many deaths to tell, in order (default 20)", 0 },
	{ "all", KEY_ALL, NULL, 0, "The order to its end", 0 },
	{ "cgroup", 'g', "PATH", 0, "The order inside this memory cgroup too", 0 },
	{ "near", KEY_NEAR, "PERCENT", 0, "… and inside those that use so much of their limit (default 80)", 0 },
	{ "critical", KEY_CRITICAL, "NAME", 0, "A process or unit that must be protected, besides sshd and its like", 0 },
	{ "policy", KEY_POLICY, "FILE", 0, "Check what must hold, by the rules in FILE, instead of telling orders", 0 },
	{ "tap", KEY_TAP, NULL, 0, "With --policy: as TAP", 0 },
	{ "save", KEY_SAVE, "FILE", 0, "Write the snapshot to FILE (\"-\": standard output), and audit nothing", 1 },
	{ "from", KEY_FROM, "FILE", 0, "Audit a saved snapshot (\"-\": standard input)", 1 },
	{ "root", KEY_ROOT, "DIR", 0, "Read DIR/proc and DIR/sys", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct audit_options *o = &a->options;
	struct error err;
	int64_t n;
	switch (key) {
	case 'j':
		a->json = true;
		return 0;
	case 'n':
		if (parse_int(arg, 1, 1 << 30, &n, &err) < 0)
			argp_error(state, "--number: %s", err.text);
		o->most = (size_t)n;
		return 0;
	case KEY_ALL:
		o->most = 0;
		return 0;
	case 'g':
		words_add(&o->cgroups, &o->n_cgroups, arg);
		return 0;
	case KEY_NEAR:
		if (parse_int(arg, 1, 100, &n, &err) < 0)
			argp_error(state, "--near: %s", err.text);
		o->near_percent = (int)n;
		return 0;
	case KEY_CRITICAL:
		words_add(&o->critical, &o->n_critical, arg);
		return 0;
	case KEY_FROM:
		a->from = arg;
		return 0;
	case KEY_SAVE:
		a->save = arg;
		return 0;
	case KEY_ROOT:
		a->root = arg;
		return 0;
	case KEY_POLICY:
		a->policy = arg;
		return 0;
	case KEY_TAP:
		a->tap = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
		return 0;
	case ARGP_KEY_END:
		if (a->from && (a->root || a->save))
			argp_error(state, "--from reads a snapshot: it goes neither with --root nor with --save");
		if (a->save && (a->policy || a->json || o->n_cgroups || o->n_critical))
			argp_error(state, "--save audits nothing, so it goes not with --policy, --json, --cgroup or --critical; audit what was saved: "
				   "--from %s", streq(a->save, "-") ? "FILE" : a->save);
		if (a->tap && (a->json || !a->policy))
			argp_error(state, "--tap is for --policy, and not together with --json");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Who would die if this machine ran out of memory now, in which order, and what of its protections does not hold. Reads "
	       "only; without root it sees less, and says what.\v"
	       "Exit status: 0 audited (with --policy: all rules hold), 1 a rule does not hold, 2 bad usage or input, 3 the machine could "
	       "not be read, or a rule not be judged.",
};

static int load(const char *name, struct machine *m, struct error *err)
{
	if (streq(name, "-"))
		return machine_load(stdin, "standard input", m, err);
	CLEANUP_FILE FILE *in = fopen(name, "re");
	if (!in)
		return error_set(err, errno, "opening the snapshot %s", name);
	return machine_load(in, name, m, err);
}

static int save(const char *name, const struct machine *m, struct error *err)
{
	if (streq(name, "-"))
		return machine_save(m, stdout, err);
	CLEANUP_FILE FILE *out = fopen(name, "we");
	if (!out)
		return error_set(err, errno, "creating the snapshot %s", name);
	return machine_save(m, out, err) < 0 ? error_wrap(err, "%s", name) : 0;
}

static struct printer *choose_printer(const struct arguments *args)
{
	if (args->tap)
		return printer_tap(stdout);
	return args->json ? printer_json(stdout) : printer_human(stdout, 0, false);
}

static int check_policy(const struct arguments *args, const struct policy *policy, const struct audit *a)
{
	struct printer *printer = choose_printer(args);
	const char *kernel = a->machine->release ? a->machine->release : "an unknown kernel";
	size_t n = policy_rules(policy);
	struct result **results = xcalloc(n, sizeof(struct result *));
	struct tally tally = { 0 };
	int64_t start = now_ns();
	struct run_facts facts = { .n_tests = n, .kernels = &kernel, .n_kernels = 1, .target = "audit" };
	printer->ops->begin(printer, &facts);
	for (size_t i = 0; i < n; i++) {
		results[i] = policy_judge(policy, i, a);
		tally_add(&tally, results[i]->verdict);
		printer->ops->result(printer, results[i]);
	}
	printer->ops->end(printer, &tally, (double)(now_ns() - start) / 1e9, 0);
	printer_free(printer);
	for (size_t i = 0; i < n; i++)
		result_free(results[i]);
	free(results);
	return tally.failed ? STATUS_FAILED : tally.errors ? STATUS_ERROR : STATUS_OK;
}

/* A name that means nobody protects nobody. Those of a policy are its own to judge. */
static const char *unknown_critical(const struct arguments *args, const struct audit *a)
{
	for (size_t i = 0; i < args->n_own_critical; i++)
		if (!audit_has_critical(a, args->options.critical[i]))
			return args->options.critical[i];
	return NULL;
}

static int audit(const struct arguments *args, const struct policy *policy, const struct machine *m)
{
	struct audit a;
	struct error err;
	int status = STATUS_OK;
	if (audit_make(m, &args->options, &a, &err) < 0)
		status = complain(STATUS_USAGE, "%s", err.text);
	else if (unknown_critical(args, &a))
		status = complain(STATUS_USAGE, "--critical %s: no process or unit of this name in this snapshot", unknown_critical(args, &a));
	else if (policy)
		status = check_policy(args, policy, &a);
	else if (args->json)
		audit_print_json(&a, stdout);
	else
		audit_print(&a, stdout);
	audit_free(&a);
	return status;
}

int cmd_audit(int argc, char **argv)
{
	struct arguments a = { .options = { .most = STEPS, .near_percent = 80 } };
	struct machine m = { 0 };
	struct error err;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	struct policy *policy = a.policy ? policy_load(a.policy, &err) : NULL;
	if (a.policy && !policy)
		return complain(STATUS_USAGE, "%s", err.text);
	a.n_own_critical = a.options.n_critical;
	size_t n = 0;
	const char *const *critical = policy ? policy_critical(policy, &n) : NULL;
	for (size_t i = 0; i < n; i++)
		words_add(&a.options.critical, &a.options.n_critical, critical[i]);
	if (policy)
		a.options.most = 0;
	const char *root = a.root ? a.root : "";
	a.options.root = a.from ? NULL : root;
	int status = a.from ? load(a.from, &m, &err) : machine_collect(root, &m, &err);
	if (status < 0)
		status = complain(a.from ? STATUS_USAGE : STATUS_ERROR, "%s", err.text);
	else if (a.save)
		status = save(a.save, &m, &err) < 0 ? complain(STATUS_ERROR, "%s", err.text) : STATUS_OK;
	else
		status = audit(&a, policy, &m);
	policy_free(policy);
	machine_free(&m);
	free((void *)a.options.cgroups);
	free((void *)a.options.critical);
	return status;
}
