// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a machine's processors are: all there is to say of one that hangs without a word. */
#include "base/util.h"
#include "target/vm.h"

#define ASK_SECONDS 5

/* "CPU 0 at ffffffff81a17a0b (halted), CPU 1 at …" of what `info registers -a` prints: "CPU#N", then NAME=VALUE. */
char *cpus_listed(const char *registers)
{
	char *list = xstrdup(""), *end;
	for (const char *at = strstr(registers, "CPU#"), *next; at; at = next) {
		next = strstr(at + 1, "CPU#");
		const char *ip = strstr(at, "IP="), *halted = strstr(at, "HLT=1");
		if (!ip || (next && ip > next))
			continue;
		ip += strlen("IP=");	/* RIP=, or EIP= where no 64 bits are used yet */
		CLEANUP_FREE char *before = list;
		long n = strtol(at + strlen("CPU#"), &end, 10);
		list = xasprintf("%s%sCPU %ld at %.*s%s", before, *before ? ", " : "", n, (int)strspn(ip, "0123456789abcdef"), ip,
				 halted && (!next || halted < next) ? " (halted)" : "");
	}
	return list;
}

char *vm_cpus(struct vm *vm)
{
	struct error err;
	json_t *said = qmp_ask(&vm->qmp, "human-monitor-command", json_pack("{s:s}", "command-line", "info registers -a"), -1,
			       now_ns() + ASK_SECONDS * INT64_C(1000000000), &err);
	char *list = json_is_string(said) ? cpus_listed(json_string_value(said)) : xstrdup("");
	json_decref(said);
	return list;
}
