/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "target/target.h"

/* User Mode Linux: a kernel that is a program. No root, no QEMU; one CPU, no NUMA, no cpusets. Every start is a boot. */
extern const struct target_ops target_uml;
