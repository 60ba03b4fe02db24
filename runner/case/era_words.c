// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/era_words.h"

#include "model/era.h"

const char *era_behaviour_name(size_t i)
{
	size_t n;
	const struct era_behaviour *table = era_table(&n);
	return i < n ? table[i].name : NULL;
}

bool era_behaves(const char *name, const char *release, bool *holds)
{
	struct era era;
	era_from_release(release, &era);
	return era_find_behaviour(&era, name, holds) == 0;
}

const char *era_newest_release(void)
{
	return "99999.0";
}
