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
	/* What SUSE's kernels took from later versions was not read, nor what those of others have, or that only look like RHEL's. */
	bool unread = era->vendor == ERA_RHEL || era->vendor == ERA_SUSE || era->vendor == ERA_UNREAD;
	if (unread && newer_differs && v >= KVER(4, 0, 0))
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

/* Is a word followed by a digit in the text? "Of which distribution" is said so: ".fc39". */
static bool has_numbered(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	return at && isdigit((unsigned char)at[strlen(word)]);
}

/* Debian's flavours end with what they are for: "-cloud-amd64", "-armmp-lpae", "-4kc-malta". */
static bool is_debian_flavour(const char *flavour)
{
	static const char *const words[] = { "amd64", "686", "pae", "arm64", "16k", "armmp", "lpae", "marvell", "rpi", "s390x", "powerpc",
					     "powerpc-smp", "powerpc64", "powerpc64le", "riscv64", "loong64", "malta", "octeon",
					     "loongson-3", "mips32r2el", "mips64r2el", "parisc", "parisc64", "itanium", "mckinley",
					     "m68k", "sparc64", "sparc64-smp", "alpha-smp" };
	size_t len = strlen(flavour);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);
		if (len > n && flavour[len - n - 1] == '-' && streq(flavour + len - n, words[i]))
			return true;
	}
	return false;
}

/*
 * Somebody's package, whose patches were not read: "-216.0.0.115.oe2203sp4.x86_64", "-223.885.amzn2.x86_64", ".1-7.azl3", or by name.
 * Debian's backports have a point there, too.
 */
static bool is_unread_package(const char *rest)
{
	static const char *const names[] = { "-android", "-perf", "-pve", "-tlinux" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(rest, names[i]))
			return true;
	if (starts_with(rest, "-0.bpo.") || starts_with(rest, "-0.deb"))
		return false;
	size_t build = *rest == '-' ? 1 + strspn(rest + 1, "0123456789") : 0;
	return rest[build] == '.' && (build > 1 || isdigit((unsigned char)rest[1]));
}

/* "5.4.0-216-generic", "6.1.0-40-amd64": the third number is always 0 and says nothing. */
static void hidden_sublevel(struct era *era, const char *rest)
{
	char *flavour;
	unsigned long abi = strtoul(rest + 1, &flavour, 10);
	bool own_count = abi >= 1000;	/* as 5.4.0-1103-azure: the numbers that the table knows are those of -generic */
	if (own_count || strstr(flavour, "-generic") || strstr(flavour, "-lowlatency")) {
		era->vendor = ERA_UBUNTU;
		era->abi = own_count ? 0 : (unsigned)abi;
	} else {
		era->vendor = is_debian_flavour(flavour) ? ERA_DEBIAN : ERA_UNREAD;
	}
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
	bool zero = (version & 0xffff) == 0;
	if (has_numbered(rest, ".el")) {
		era->vendor = ERA_RHEL;
		era_rhel_build(era, rest);
	} else if (starts_with(rest, "-rc")) {
		era->rc = true;
		era->sublevel_known = true;
	} else if (strstr(rest, "-default")) {
		era->vendor = ERA_SUSE;
	} else if (has_numbered(rest, ".fc")) {
		era->rc = strstr(rest, ".rc");	/* Fedora's are stable releases, and before them candidates */
		era->sublevel_known = true;
	} else if (is_unread_package(rest)) {
		era->vendor = ERA_UNREAD;
		era->sublevel_known = !zero;
	} else if (parts == 3 && zero && *rest == '-' && isdigit((unsigned char)rest[1])) {
		hidden_sublevel(era, rest);
	} else {
		if (strstr(rest, "deb") || strstr(rest, "-amd64"))
			era->vendor = ERA_DEBIAN;
		era->sublevel_known = !(zero && era->vendor == ERA_DEBIAN);	/* Kali's 5.10.0-kali9-amd64 */
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
