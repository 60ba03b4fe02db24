// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/era_rhel.h"

#include <ctype.h>

#include "base/util.h"

#define BUILD(n, y, z) KVER(n, y, z)

/* The builds whose sources were read: every one that Red Hat's rebuilders published from the first to the last. */
static const struct rhel {
	unsigned el;
	uint64_t base;
	uint64_t first, last;
} majors[] = {
	{ 8, KVER(4, 18, 0), BUILD(80, 0, 0), BUILD(553, 66, 1) },
	{ 9, KVER(5, 14, 0), BUILD(70, 13, 1), BUILD(570, 32, 1) },
	{ 10, KVER(6, 12, 0), BUILD(55, 9, 1), BUILD(55, 24, 1) },
};

static const struct rhel *find(unsigned el)
{
	for (size_t i = 0; i < ARRAY_SIZE(majors); i++)
		if (majors[i].el == el)
			return &majors[i];
	return NULL;
}

/* "553.16.1" at *s, which is moved behind it: up to three numbers, the missing ones 0. */
static uint64_t parse_build(const char **s)
{
	unsigned long part[3] = { 0, 0, 0 };
	for (int n = 0; n < 3 && isdigit((unsigned char)**s); n++) {
		char *end;
		part[n] = strtoul(*s, &end, 10);
		if (part[n] > UINT16_MAX)
			part[n] = UINT16_MAX;
		*s = end;
		if (n < 2 && end[0] == '.' && isdigit((unsigned char)end[1]))
			*s = end + 1;
	}
	return BUILD(part[0], part[1], part[2]);
}

void era_rhel_build(struct era *era, const char *rest)
{
	if (*rest != '-' || !isdigit((unsigned char)rest[1]))
		return;
	rest++;
	uint64_t build = parse_build(&rest);
	/* Others build from these sources with patches of their own ("-553.5.1.lve.el8"); real-time kernels
	 * ("-305.rt7.72.el8") are the same source. */
	if (!starts_with(rest, ".el") && !starts_with(rest, ".rt"))
		return;
	const char *el = strstr(rest, ".el");
	char *end;
	unsigned long number = el ? strtoul(el + 3, &end, 10) : 0;
	if (!number || number > UINT16_MAX || (*end && *end != '.' && *end != '_'))
		return;	/* Oracle's "el8uek" has another base */
	const struct rhel *r = find((unsigned)number);
	if (!r || r->base != era->version)
		return;
	era->el = (unsigned)number;
	era->build = build;
}

void era_rhel_value(const struct era *era, const struct era_behaviour *b, bool newer_differs, bool *holds, bool *unsure)
{
	const struct rhel *r = find(era->el);
	bool newest = b->until == ERA_NEVER, arrived = false;
	for (const char *p = b->backports; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		if (!starts_with(p, "el"))
			continue;
		char *end;
		if (strtoul(p + 2, &end, 10) != era->el || *end != ':')
			continue;
		const char *at = end + 1;
		uint64_t without = parse_build(&at);
		at += strspn(at, ".");
		uint64_t with = parse_build(&at);
		if (era->build <= without)
			break;
		if (era->build < with) {
			*unsure = true;
			break;
		}
		*holds = !*holds;
		arrived = *holds == newest;
	}
	if (newer_differs && !arrived && (era->build < r->first || era->build > r->last))
		*unsure = true;
}

uint64_t era_rhel_base(unsigned el)
{
	const struct rhel *r = find(el);
	return r ? r->base : 0;
}
