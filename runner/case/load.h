/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a loaded case is made of; for the loader's own files. */
#pragma once

#include "case/raw.h"
#include "case/tree.h"

struct case_file {
	char *path, *id;
	size_t text_len;	/* bytes of the file */
	struct tree tree;	/* where each part stands */
	struct raw_case *raw;
};
