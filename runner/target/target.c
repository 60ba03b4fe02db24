// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

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

const char *target_names(void)
{
	static char names[64];
	if (!*names)
		for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", targets[i]->name);
	return names;
}
