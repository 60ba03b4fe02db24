/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May the processors of an emulated machine be threads of their own? Linux changes its own code while it runs: an int3
 * comes first, the rest of the instruction next (arch/x86/kernel/alternative.c:text_poke_bp_batch). Before QEMU 8.1 one
 * thread could translate what another had just changed, and keep what it saw for ever
 * (accel/tcg/translate-all.c:tb_gen_code, mended by deba78709ae8): then some processor meets an int3 that nobody knows
 * of any more, and the kernel dies of it, about once in a hundred boots.
 */
#pragma once

#include <stdbool.h>

/* Of the first line that `qemu-system-x86_64 --version` prints. NULL, or without a number: false. */
bool tcg_threads_safe(const char *version);

/* Of the installed QEMU, which is asked once in the life of this process (children inherit the answer). */
bool tcg_threads(void);
