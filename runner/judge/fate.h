/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the machine ended: by itself as it should, in a panic, or without a word. Private to the judge. */
#pragma once

struct trial;

/* Says what is wrong with it: a panic that was not due, or one that was due and did not come, as far as there is evidence. */
void judge_fate(struct trial *t);
