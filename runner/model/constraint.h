/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an OOM is confined to, and the NUMA policies that can confine it. Words shared by the model and everything
 * above it.
 */
#pragma once

/* include/linux/oom.h:enum oom_constraint. CONSTRAINT_ANY is ours: not known, or not asked. */
enum constraint { CONSTRAINT_ANY = -1, CONSTRAINT_NONE, CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY, CONSTRAINT_MEMCG };

/* Task policies as far as the OOM killer tells them apart. POLICY_PREFERRED stands for every mode that only prefers
 * (preferred, preferred-many, local); weighted interleave restricts nobody and counts as POLICY_PREFERRED too. */
enum policy_mode { POLICY_DEFAULT, POLICY_BIND, POLICY_PREFERRED, POLICY_INTERLEAVE };

/* "CONSTRAINT_NONE" … as the kernel's log has it (mm/oom_kill.c:oom_constraint_text); "any" for CONSTRAINT_ANY. */
const char *constraint_name(enum constraint c);
