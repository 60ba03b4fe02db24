// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/capabilities.h"

#include "base/util.h"

/* include/uapi/linux/capability.h */
const char *const capability_names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
};
const size_t n_capability_names = ARRAY_SIZE(capability_names);

int capability_number(const char *name)
{
	const char *bare = strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name;
	for (size_t i = 0; i < n_capability_names; i++)
		if (strcasecmp(bare, capability_names[i]) == 0)
			return (int)i;
	return -1;
}
