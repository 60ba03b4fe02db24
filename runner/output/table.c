// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/table.h"

#include <locale.h>

int table_print(struct libscols_table *table)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = utf8 ? uselocale(utf8) : (locale_t)0;
	scols_table_enable_noencoding(table, utf8 != (locale_t)0);
	int rc = scols_print_table(table);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return rc;
}
