// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "target/host.h"
#include "target/ssh.h"
#include "target/uml.h"
#include "target/vm.h"

static const struct target_ops *const targets[] = { &target_vm, &target_uml, &target_host, &target_ssh };

const struct target_ops *target_find(const char *name)
{
	static const char ssh[] = "ssh:";
	if (starts_with(name, ssh)) {
		ssh_to(name + strlen(ssh));
		return &target_ssh;
	}
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (streq(targets[i]->name, name))
			return targets[i];
	return NULL;
}

int target_prepare(const struct target_ops *ops, struct target_template *t, const struct machine_request *req, int hello_fd,
		   struct error *err)
{
	if (ops->prepare)
		return ops->prepare(t, req, hello_fd, err);
	struct session *s = ops->start(t, req, true, err);
	if (!s)
		return -1;
	int status = dprintf(hello_fd, "%s\n", s->hello);
	if (status < 0)
		error_set(err, errno, "cannot pass on the agent's hello");
	ops->stop(s, NULL);
	return status < 0 ? -1 : 0;
}

const char *target_names(void)
{
	static char names[64];
	if (!*names)
		for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", targets[i]->name);
	return names;
}
