/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Red Hat's kernels keep one base version for the life of a major release (4.18.0 in RHEL 8) and take later rules one
 * by one: what tells them apart is the build, 553.16.1 in 4.18.0-553.16.1.el8_10. The table's entries
 * "el8:193.28.1..240" say between which two builds a behaviour changed: 193.28.1 was read and has the old value, 240
 * was read and has the new one. Several entries for one major release: it changed back.
 */
#pragma once

#include "model/era.h"

/* Where the release goes on behind "4.18.0": finds the build and the major release in "-553.16.1.el8_10.x86_64" and
 * puts them into the era, whose version is set. Left 0: not a kernel of a major release that was read. */
void era_rhel_build(struct era *era, const char *rest);

/* The value that a behaviour has in the era's build, given *holds in its base version; true in *unsure where the build
 * lies between two that were read, or, for a behaviour that changed upstream since (newer_differs), outside them all. */
void era_rhel_value(const struct era *era, const struct era_behaviour *b, bool newer_differs, bool *holds, bool *unsure);

/* The base version of a major release that was read, or 0. */
uint64_t era_rhel_base(unsigned el);
