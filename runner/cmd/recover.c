// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests recover: undo on this machine what a killed run has left. */
#include <argp.h>

#include "base/paths.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "drill/service.h"
#include "target/host.h"

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument \"%s\"", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = parse_opt,
	.doc = "Undoes on this machine what a killed run of the host target has left: cgroups, sysctls, swap, mounts.\v"
	       "Every change is in a journal before it is made; \"oomtests run\" undoes leftovers by itself before it starts.",
};

int cmd_recover(int argc, char **argv)
{
	struct error err = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	CLEANUP_FREE char *agent = find_program("oomagent", &err);
	if (!agent)
		return complain(STATUS_ERROR, "%s", err.text);
	int undone = 0, status = host_recover(agent, &undone, &err);
	int services = service_recover();
	CLEANUP_FREE char *dir = host_journal_dir();
	if (undone)
		printf("undid what %d killed run%s left (journals in %s)\n", undone, undone == 1 ? "" : "s", dir);
	if (services)
		printf("stopped %d transient service%s of killed drills\n", services, services == 1 ? "" : "s");
	if (status < 0)
		return complain(STATUS_ERROR, "%s", err.text);
	if (!undone && !services)
		printf("nothing to undo (no journal of a dead run in %s)\n", dir);
	return STATUS_OK;
}
