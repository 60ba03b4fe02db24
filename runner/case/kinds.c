// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/kinds.h"

#include "base/util.h"

static const struct kind_facts kinds[] = {
	{ .name = "anon", .keeps = true },
	{ .name = "stress-ng", .many = true },
};

const struct kind_facts *kind_facts(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (streq(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

const char *const *kind_names(size_t *n)
{
	static const char *names[ARRAY_SIZE(kinds)];
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		names[i] = kinds[i].name;
	*n = ARRAY_SIZE(kinds);
	return names;
}
