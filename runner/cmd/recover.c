// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests recover: undo on this machine what a killed run has left. */
#include <argp.h>

#include "base/paths.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "drill/service.h"
#include "target/leftover.h"

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
	struct leftovers l = { 0 };
	int status = leftover_recover(agent, &l, &err);
	int services = service_recover();
	CLEANUP_FREE char *dir = leftover_dir();
	if (l.undone)
		printf("undid what %d killed run%s left (journals in %s)\n", l.undone, l.undone == 1 ? "" : "s", dir);
	if (l.at_work)
		printf("left alone what %d run%s at work %s changed (journals in %s)\n", l.at_work, l.at_work == 1 ? "" : "s",
		       l.at_work == 1 ? "has" : "have", dir);
	if (services)
		printf("stopped %d transient service%s of killed drills\n", services, services == 1 ? "" : "s");
	if (status < 0)
		return complain(STATUS_ERROR, "%s", err.text);
	if (!l.undone && !l.at_work && !services)
		printf("nothing to undo (no journal of a dead run in %s)\n", dir);
	return STATUS_OK;
}
