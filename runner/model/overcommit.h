/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vm.overcommit_memory admits (mm/util.c:__vm_enough_memory), exact to the page.
 */
#pragma once

#include "model/model.h"

struct model_vm {
	int mode;		/* vm.overcommit_memory */
	int ratio;		/* vm.overcommit_ratio */
	uint64_t overcommit_kb;	/* vm.overcommit_kbytes; 0: ratio counts */
	uint64_t admin_reserve_kb, user_reserve_kb;	/* vm.admin_reserve_kbytes, vm.user_reserve_kbytes */
	int page_size;		/* bytes */
	uint64_t totalram, total_swap, hugetlb;	/* pages; hugetlb: all of the pool, in base pages */
	uint64_t committed;	/* Committed_AS before the request, pages */
	/* mode 0 before overcommit_total, pages */
	uint64_t free, file, shmem, free_swap, slab_reclaimable, misc_reclaimable;
	uint64_t totalreserve;	/* sum of zoneinfo's high + the largest lowmem reserve of each zone; 0: not known */
};

struct model_request {
	uint64_t pages;
	uint64_t total_vm;	/* VmSize of the asker before the request, pages */
	bool no_mm;		/* the kernel asks (shmem without an mm) */
	bool cap_sys_admin;	/* in the first user namespace */
	bool noreserve;		/* MAP_NORESERVE */
};

enum model_admit { ADMIT_NO, ADMIT_YES, ADMIT_UNKNOWN };

/* CommitLimit, pages (mm/util.c:vm_commit_limit). */
uint64_t model_commit_limit(const struct era *era, const struct model_vm *vm);

/* Is such a mapping accounted at all? MAP_NORESERVE counts only outside mode 2 (mm/mmap.c:accountable_mapping). */
bool model_accounted(const struct model_vm *vm, const struct model_request *r);

/* ADMIT_UNKNOWN: mode 0 of an old kernel, too near to call or without the numbers. */
enum model_admit model_overcommit(const struct era *era, const struct model_vm *vm, const struct model_request *r);

/* The largest request that is admitted, pages (r->pages is not looked at); MODEL_NO_LIMIT without a limit.
 * False: not known (mode 0 of an old kernel). */
bool model_overcommit_largest(const struct era *era, const struct model_vm *vm, const struct model_request *r,
			      uint64_t *pages);
