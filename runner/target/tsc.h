/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frequency of the time stamp counter that an emulated guest reads. */
#pragma once

/*
 * In kHz; 0 where there is none (QEMU gives a guest the host's own counter on x86 only; other guests are told theirs). Measured
 * once against CLOCK_MONOTONIC, which takes 20 ms.
 */
unsigned long host_tsc_khz(void);
