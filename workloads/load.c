// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "oomload.h"

uint64_t page_size;

const char *load_arg(const struct load *l, const char *key)
{
	size_t len = strlen(key);
	for (char **a = l->args; *a; a++)
		if (strncmp(*a, key, len) == 0 && (*a)[len] == '=')
			return *a + len + 1;
	return NULL;
}

bool load_arg_size(const struct load *l, const char *key, uint64_t otherwise, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *text = load_arg(l, key);
	uint64_t n = otherwise;
	if (text && (!parse_size(text, &n) || n < min || n > max)) {
		error_say("%s: %s=%s: a number from %u to %u is wanted", l->kind->name, key, text, min, max);
		return false;
	}
	*value = n;
	return true;
}

uint64_t load_unit(struct load *l)
{
	return l->kind->unit ? l->kind->unit(l) : page_size;
}

failure load_resize(struct load *l, uint64_t target)
{
	uint64_t unit = load_unit(l), rest = target % unit;
	if (rest && __builtin_add_overflow(target, unit - rest, &target))
		return ENOMEM;
	if (l->kind->resize)
		return l->kind->resize(l, target);
	if (target > l->total)
		return l->kind->add(l, target - l->total);
	if (target < l->total)
		return l->kind->drop(l, l->total - target);
	return 0;
}

failure load_never_drop(struct load *l, uint64_t bytes)
{
	(void)l;
	return bytes ? EOPNOTSUPP : 0;
}

uint64_t load_held(struct load *l)
{
	return l->total;
}
