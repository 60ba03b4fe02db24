// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "base/suggest.h"
#include "base/util.h"
#include "cmd/cmd.h"

static const struct {
	const char *name;
	subcommand *call;
	const char *help;
} commands[] = {
	{ "run", cmd_run, "predict, provoke, verify: run tests" },
	{ "list", cmd_list, "the tests, one a line, with their needs" },
	{ "report", cmd_report, "a run as one HTML page" },
	{ "compare", cmd_compare, "what changed between two runs, or since a baseline" },
	{ "merge", cmd_merge, "the parts of a run as one" },
	{ "baseline", cmd_baseline, "a run's verdicts, short, to commit and compare with" },
	{ "explain", cmd_explain, "OOM reports in logs: who died, and was it right?" },
	{ "audit", cmd_audit, "who would die here now, in order; what is unprotected" },
	{ "watch", cmd_watch, "memory pressure and OOM events, as they come" },
	{ "drill", cmd_drill, "a contained OOM in a unit's shape, or of this machine in a guest" },
	{ "kernels", cmd_kernels, "what -k accepts; fetch kernels" },
	{ "recover", cmd_recover, "undo what a killed run left on this machine" },
	{ NULL, NULL, NULL },
};

static void print_help(FILE *out)
{
	fputs("Usage: oomtests COMMAND [OPTION...] [ARGUMENT...]\n"
	      "Does Linux do the right thing when memory runs out?\n\n", out);
	for (size_t i = 0; commands[i].name; i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\n\"oomtests COMMAND --help\" tells the options of a command, oomtests(1) the rest.\n"
	      "Exit status: 0 all passed or skipped, 1 a test failed, 2 bad usage or input,\n"
	      "3 an error.\n", out);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && streq(s + n - m, end);
}

static int unknown(const char *word)
{
	if (ends_with(word, ".yaml") || ends_with(word, ".yml"))
		return complain(STATUS_USAGE, "%s is a case file, not a command: oomtests run %s", word, word);
	const char *names[ARRAY_SIZE(commands)] = { NULL };
	size_t n = 0;
	for (; commands[n].name; n++)
		names[n] = commands[n].name;
	const char *near = suggest(word, names, n);
	if (near)
		return complain(STATUS_USAGE, "no command \"%s\"; did you mean \"oomtests %s\"?", word, near);
	return complain(STATUS_USAGE, "no command \"%s\"; \"oomtests --help\" lists them", word);
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	const char *word = argv[1];
	if (streq(word, "--version") || streq(word, "-V")) {
		puts("oomtests " OOMTESTS_VERSION);
		return STATUS_OK;
	}
	bool help = streq(word, "help");
	if (streq(word, "--help") || streq(word, "-h") || streq(word, "-?") || (help && argc == 2)) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (help)
		word = argv[2];
	for (size_t i = 0; commands[i].name; i++) {
		if (!streq(word, commands[i].name))
			continue;
		CLEANUP_FREE char *name = xasprintf("oomtests %s", commands[i].name);
		char *ask_help[] = { name, (char[]){ "--help" }, NULL };
		argv[1] = name;
		return help ? commands[i].call(2, ask_help) : commands[i].call(argc - 1, argv + 1);
	}
	return unknown(word);
}

int main(int argc, char **argv)
{
	argp_err_exit_status = STATUS_USAGE;
	argp_program_version = "oomtests " OOMTESTS_VERSION;
	int status = dispatch(argc, argv);
	/* a full disk must not look like "all passed" */
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		/* the reason of an earlier failure is not known any more */
		const char *why = errno ? strerror(errno) : "some of it is lost";
		complain(STATUS_ERROR, "standard output can't be written: %s", why);
		return status == STATUS_OK ? STATUS_ERROR : status;
	}
	return status;
}
