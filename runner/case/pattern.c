// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define LONGEST	 1000
#define COPIES_MAX 100000	/* of single characters, about 100 bytes each when compiled */

/* The end of what is repeated as one: a bracket expression, an escaped character, a character. */
static const char *skip_atom(const char *p)
{
	if (*p == '\\')
		return p + 1 + (p[1] != '\0');
	if (*p != '[')
		return p + 1;
	p += 1 + (p[1] == '^');
	p += *p == ']';
	while (*p && *p != ']') {
		const char *end = p[0] == '[' && p[1] && strchr(":.=", p[1]) ? strchr(p + 2, ']') : NULL;
		p = end ? end + 1 : p + 1;
	}
	return p + (*p == ']');
}

/* How often may be written out what stands in front of this "+", "{2,5}", …? 0: it repeats nothing. *end: behind it. */
static double copies(const char *p, const char **end)
{
	*end = p + 1;
	if (*p == '+')
		return 2;
	if (*p == '*' || *p == '?')
		return 1;
	if (*p != '{')
		return 0;
	double most = 1;
	for (p++; *p && *p != '}'; p++)
		if (*p >= '0' && *p <= '9') {
			char *behind;
			double n = strtod(p, &behind);
			most = n + 1 > most ? n + 1 : most;
			p = behind - 1;
		}
	*end = p + (*p == '}');
	return most;
}

/* No fewer than there will be: as if each repetition of a group, or of a repetition, stood within all the others. */
static double copies_of_all(const char *p)
{
	double single = 0, nested = 1;
	bool plain = true;	/* what stands before is a single character */
	while (*p) {
		const char *end;
		double n = copies(p, &end);
		if (!n) {
			plain = *p != ')';
			p = skip_atom(p);
			single++;
			continue;
		}
		if (plain)
			single += n;
		else
			nested *= n;
		plain = false;
		p = end;
	}
	return single * nested;
}

bool pattern_fits(const char *text, char why[200])
{
	regex_t re;
	if (strlen(text) > LONGEST) {
		snprintf(why, 200, "longer than %d bytes", LONGEST);
		return false;
	}
	if (copies_of_all(text) > COPIES_MAX) {
		snprintf(why, 200, "too many repetitions of repetitions");
		return false;
	}
	int result = regcomp(&re, text, REG_EXTENDED | REG_NOSUB);
	if (result)
		regerror(result, NULL, why, 200);
	else
		regfree(&re);
	return !result;
}

const char *pattern_pid(const char *text, char **name, const char **end)
{
	static const char begin[] = "<pid ";
	const char *at = strstr(text, begin), *close = at ? strchr(at, '>') : NULL;
	if (!close)
		return NULL;
	*name = xasprintf("%.*s", (int)(close - at) - (int)strlen(begin), at + strlen(begin));
	*end = close + 1;
	return at;
}

const char *pattern_of_log(const char *text, bool *none)
{
	*none = starts_with(text, "!~");
	return *none ? text + strlen("!~") : text;
}
