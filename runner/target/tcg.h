/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU before 8.1 emulates wrongly, so that a kernel may die of it; newer ones need neither of the ways around.
 *
 * Processors as threads of their own: Linux changes its own code while it runs: an int3 comes first, the rest of the
 * instruction next (arch/x86/kernel/alternative.c:text_poke_bp_batch). One thread could translate what another had just
 * changed, and keep what it saw for ever (accel/tcg/translate-all.c:tb_gen_code, mended by deba78709ae8): then some
 * processor meets an int3 that nobody knows of any more, about once in a hundred boots.
 *
 * cmpxchg16b, of which kmalloc() is made: it computes the flags that it keeps from an operation that is not the last one
 * (target/i386/tcg/mem_helper.c:helper_cmpxchg16b_unlocked), where that had come with an interrupt's return. When another
 * interrupt comes before the next operation, it returns to flags that are part of an address: a double fault, about
 * once in several thousand tests. Without the instruction, Linux does the same with interrupts off.
 */
#pragma once

#include <stdbool.h>

/* Of the first line that `qemu-system-x86_64 --version` prints. NULL, or without a number: false. */
bool tcg_mended(const char *version);

/* Of the installed QEMU, which is asked once in the life of this process (children inherit the answer). */
bool tcg_is_mended(void);
