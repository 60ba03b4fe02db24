// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/printer.h"

#include "base/suggest.h"
#include "base/util.h"

const struct printer_form *printer_form_find(const char *name, struct error *err)
{
	static const struct printer_form forms[] = {
		{ "tap", printer_tap, NULL }, { "ktap", printer_ktap, NULL }, { "json", printer_json, NULL },
		{ "junit", printer_junit, NULL }, { "kcidb", printer_kcidb, kcidb_check },
	};
	const char *names[ARRAY_SIZE(forms)];
	CLEANUP_FREE char *all = xstrdup("");
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (streq(forms[i].name, name))
			return !forms[i].check || forms[i].check(err) == 0 ? &forms[i] : NULL;
		names[i] = forms[i].name;
		char *longer = xasprintf("%s%s%s", all, i ? ", " : "", names[i]);
		free(all);
		all = longer;
	}
	const char *near = suggest(name, names, ARRAY_SIZE(forms));
	error_set(err, 0, "no form \"%s\"%s%s%s; there are %s", name, near ? ", did you mean \"" : "", near ? near : "",
		  near ? "\"?" : "", all);
	return NULL;
}

void printer_free(struct printer *p)
{
	if (p)
		p->ops->free(p);
}
