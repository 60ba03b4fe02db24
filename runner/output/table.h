/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libsmartcols/libsmartcols.h>

/*
 * Prints the table, whose cells are printable() already, and are not escaped once more. What a character is smartcols asks the locale;
 * this program has none set, and in "C" a cell that is not all ASCII would be escaped, or have no end. 0, or smartcols' error.
 */
int table_print(struct libscols_table *table);
