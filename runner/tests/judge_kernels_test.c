// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What correct kernels of other versions and machines say is no failure; what differs from it by more is one, as ever. Each row is
 * a recorded observation with the words of such a kernel in it; only the check that is about them is looked at.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

#define LOG(from, to) { "kmsg>text~" from ">text", from, to }
#define RELEASE(release) { "hello>release", NULL, "\"" release "\"" }

static const struct {
	const char *recorded;
	enum check_id check;
	bool red;
	struct change change[8];
} table[] = {
	/* __GFP_SKIP_KASAN_POISON, and what an arm64 with tags in hardware has */
	{ "global", CHECK_GFP, false, { RELEASE("5.15.158-2-pve"), LOG("gfp_mask=0x140dca(", "gfp_mask=0x1140dca(") } },
	{ "global", CHECK_GFP, false, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x6140dca(") } },
	{ "global", CHECK_GFP, false, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x2140dca(") } },
	{ "global", CHECK_GFP, true, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x9140dca(") } },
	{ "memcg-v2", CHECK_GFP, true, { LOG("gfp_mask=0xcc0(", "gfp_mask=0x1000cc0(") } },
};

START_TEST(other_kernels)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct recorded *r = recorded_load(table[i].recorded);
		for (size_t k = 0; k < ARRAY_SIZE(table[i].change) && table[i].change[k].path; k++)
			recorded_change(r, &table[i].change[k]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, table[i].check) == table[i].red, "row %zu, %s, \"%s\": %s", i, table[i].recorded,
			      check_name(table[i].check), result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

TESTS("judge-kernels", other_kernels)
