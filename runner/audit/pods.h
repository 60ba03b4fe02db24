/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kubernetes' classes of pods, out of cgroup paths. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum pod_class { POD_NONE, POD_BEST_EFFORT, POD_BURSTABLE, POD_GUARANTEED };

enum pod_class pod_class_of(const char *path);
const char *pod_class_name(enum pod_class c);

/* What the kubelet gives to containers of a class. False: to none. */
bool pod_adj_range(enum pod_class c, int *min, int *max);

/* The memory request, in kB, that a burstable container's adj tells, within 0.1 % of the machine's memory; -1: it tells none. */
int64_t pod_request_kb(int adj, int64_t memtotal_kb);
