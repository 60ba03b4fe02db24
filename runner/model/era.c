// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/era.h"

#include <ctype.h>

#include "base/util.h"
#include "model/constraint.h"
#include "model/era_rhel.h"

#define NEWEST KVER(7, 3, 0)	/* the newest kernel the table was read from */
#define OLDEST KVER(3, 10, 0)	/* and the oldest */
#define SERIES(version) ((version) >> 16)

static bool *field(struct era *era, const struct era_behaviour *b)
{
	return (bool *)((char *)era + b->offset);
}

/* "6.12.117": up to three numbers; how many were there. Numbers are clamped to 16 bits. */
static int parse_version(const char *s, uint64_t *version, const char **end)
{
	unsigned long part[3] = { 0, 0, 0 };
	int n = 0;
	while (n < 3 && isdigit((unsigned char)*s)) {
		char *after;
		part[n] = strtoul(s, &after, 10);
		if (part[n] > UINT16_MAX)
			part[n] = UINT16_MAX;
		n++;
		s = after;
		if (*s != '.' || !isdigit((unsigned char)s[1]))
			break;
		s += n < 3;
	}
	*version = KVER(part[0], part[1], part[2]);
	if (end)
		*end = s;
	return n;
}

/*
 * Does a backport of the row's next change reach this kernel? 1: certainly, 0: certainly not, -1: it came to this
 * series at a point that is not known. *likely is what a kernel in use probably has.
 */
static int backported(const struct era *era, const char *list, bool *likely)
{
	int answer = 0;
	*likely = false;
	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		const char *entry = p;
		p += len;
		if (starts_with(entry, "el")) {
			char *end;
			unsigned long el = strtoul(entry + 2, &end, 10);
			if (era->vendor == ERA_RHEL && el == 7 && SERIES(era->version) == SERIES(KVER(3, 10, 0)))
				return 1;
			continue;
		}
		bool exact = *entry == '=', ubuntu = *entry == 'u';
		const char *rest;
		uint64_t from;
		int parts = parse_version(entry + (exact || ubuntu), &from, &rest);
		if (SERIES(from) != SERIES(era->version))
			continue;
		if (answer == 0)
			answer = -1;
		if (ubuntu) {
			*likely = era->vendor == ERA_UBUNTU;
			if (era->vendor == ERA_UBUNTU && era->abi >= strtoul(rest + 1, NULL, 10))
				return 1;
		} else if (parts == 3 && era->sublevel_known) {
			if (era->version >= from)
				return 1;
			if (exact)
				return 0;
		} else {
			*likely = !era->sublevel_known;
		}
	}
	return answer;
}

/* The value of a behaviour by version, vendor and backports. */
static bool value_of(const struct era *era, const struct era_behaviour *b, bool *unsure)
{
	uint64_t v = era->version;
	bool holds = v >= b->since && v < b->until;
	*unsure = v >= b->unsure_from && v < b->unsure_to;
	bool newer_differs = v < b->since || (b->until != ERA_NEVER && v < b->until);
	if (era->el) {
		era_rhel_value(era, b, newer_differs, &holds, unsure);
		return holds;
	}
	bool likely;
	int reached = newer_differs ? backported(era, b->backports, &likely) : 0;
	if (reached > 0)
		return !holds;
	if (reached < 0) {
		*unsure = true;
		if (likely)
			return !holds;
	}
	/* What SUSE's kernels took from later versions was not read, nor what those have that only look like RHEL's. */
	if ((era->vendor == ERA_RHEL || era->vendor == ERA_SUSE) && newer_differs && v >= KVER(4, 0, 0))
		*unsure = true;
	if (era->rc && (SERIES(v) == SERIES(b->since) || (b->until != ERA_NEVER && SERIES(v) == SERIES(b->until))))
		*unsure = true;
	return holds;
}

static void fill(struct era *era)
{
	size_t n;
	const struct era_behaviour *t = era_table(&n);
	for (size_t i = 0; i < n; i++) {
		*field(era, &t[i]) = value_of(era, &t[i], &era->unsure[i]);
		era->unsure[i] = era->unsure[i] || !era->known;
	}
	era->beyond = SERIES(era->version) > SERIES(NEWEST);
	era->ancient = era->version < OLDEST;
}

void era_from_release(const char *release, struct era *era)
{
	*era = (struct era){ .version = NEWEST };
	const char *rest;
	uint64_t version;
	int parts = release ? parse_version(release, &version, &rest) : 0;
	if (parts < 2 || version < KVER(2, 4, 0)) {
		fill(era);
		return;
	}
	era->known = true;
	era->version = version;
	const char *el = strstr(rest, ".el");
	if (el && isdigit((unsigned char)el[3])) {
		era->vendor = ERA_RHEL;
		era_rhel_build(era, rest);
	} else if (starts_with(rest, "-rc")) {
		era->rc = true;
		era->sublevel_known = true;
	} else if (strstr(rest, "-default")) {
		era->vendor = ERA_SUSE;
	} else if (parts == 3 && (version & 0xffff) == 0 && *rest == '-' && isdigit((unsigned char)rest[1])) {
		/* "5.4.0-216-generic", "6.1.0-40-amd64": the third number is always 0 and says nothing. Only these
		 * flavours of Ubuntu have the numbers that the table knows. */
		char *flavour;
		unsigned long abi = strtoul(rest + 1, &flavour, 10);
		if (strstr(flavour, "-generic") || strstr(flavour, "-lowlatency")) {
			era->vendor = ERA_UBUNTU;
			era->abi = (unsigned)abi;
		} else {
			era->vendor = ERA_DEBIAN;	/* or another that rebuilds stable releases */
		}
	} else {
		era->sublevel_known = true;
		if (strstr(rest, "deb") || strstr(rest, "-amd64"))
			era->vendor = ERA_DEBIAN;
	}
	fill(era);
}

bool era_refine(struct era *era, const char *version_text)
{
	static const char mark[] = "Debian ";
	const char *at = version_text ? strstr(version_text, mark) : NULL;
	uint64_t version;
	if (!at || parse_version(at + strlen(mark), &version, NULL) < 3 || SERIES(version) != SERIES(era->version))
		return false;
	era->version = version;
	era->sublevel_known = true;
	fill(era);
	return true;
}

static const struct era_behaviour *find(const char *name, size_t *index)
{
	size_t n;
	const struct era_behaviour *t = era_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!streq(t[i].name, name))
			continue;
		if (index)
			*index = i;
		return &t[i];
	}
	return NULL;
}

int era_find_behaviour(const struct era *era, const char *name, bool *value)
{
	const struct era_behaviour *b = find(name, NULL);
	if (!b)
		return -1;
	if (value)
		*value = *(const bool *)((const char *)era + b->offset);
	return 0;
}

bool era_unsure(const struct era *era, const char *name)
{
	size_t i;
	return find(name, &i) && era->unsure[i];
}

int era_override(struct era *era, const char *name, bool value)
{
	size_t i;
	const struct era_behaviour *b = find(name, &i);
	if (!b)
		return -1;
	*field(era, b) = value;
	era->unsure[i] = false;
	return 0;
}

const char *era_behaviour_names(void)
{
	static char names[ERA_MAX_BEHAVIOURS * 28];
	size_t n;
	const struct era_behaviour *t = era_table(&n);
	if (!*names)
		for (size_t i = 0, len = 0; i < n && len < sizeof(names); i++)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", t[i].name);
	return names;
}

const char *constraint_name(enum constraint c)
{
	switch (c) {
	case CONSTRAINT_NONE:
		return "CONSTRAINT_NONE";
	case CONSTRAINT_CPUSET:
		return "CONSTRAINT_CPUSET";
	case CONSTRAINT_MEMORY_POLICY:
		return "CONSTRAINT_MEMORY_POLICY";
	case CONSTRAINT_MEMCG:
		return "CONSTRAINT_MEMCG";
	case CONSTRAINT_ANY:
		break;
	}
	return "any";
}
