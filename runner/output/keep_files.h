/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a run's directory; private to output/keep.c. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "judge/verdict.h"

/* mkdir -p for the directories of a path, up to its last slash. The path is put back as it was. */
int make_parents(char *path, struct error *err);

/* 0 when `dir` is not there or has nothing in it. */
int check_empty(const char *dir, struct error *err);

/* A kernel's name as part of a path: "debian-bookworm"; of a path its last part. Malloced. */
char *path_word(const char *name);

/* An id as a path below a directory, without any part that could lead out of it. Malloced. */
char *id_path(const char *id);

/* One line of JSON. */
void put_json_line(FILE *f, const json_t *value);

/* `text` and a newline become the file, at once and whole (by way of PATH.tmp). */
int put_file(const char *path, const char *text, struct error *err);

/* BASE.json, BASE.log and BASE.console of a test. `evidence` as keeper_keep() has it. */
int put_evidence(char *base, const struct result *r, const json_t *evidence, struct error *err);
