// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
#include "target/vm.h"
#include "tests/harness.h"

START_TEST(listed)
{
	static const struct {
		const char *registers, *list;
	} rows[] = {
		{ "\r\nCPU#0\r\nRAX=0000000000000001 RBX=0000\r\nRIP=ffffffff81a17a0b RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n"
		  "ES =0000 0\r\nCPU#1\r\nRAX=0\r\nRIP=ffffffff814b3cd7 RFL=00000002 CPL=0 HLT=0\r\n",
		  "CPU 0 at ffffffff81a17a0b (halted), CPU 1 at ffffffff814b3cd7" },
		{ "CPU#0\nEAX=0\nEIP=00007c00 HLT=1\nCPU#1\nRIP=10 HLT=0\n", "CPU 0 at 00007c00 (halted), CPU 1 at 10" },
		{ "CPU#0\nRIP=10 HLT=0\nCPU#1\nHLT=1\n", "CPU 0 at 10" },
		{ "CPU#", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *list = cpus_listed(rows[i].registers);
		ck_assert_str_eq(list, rows[i].list);
	}
}
END_TEST

TESTS("cpus", listed)
