// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/overcommit.h"

static uint64_t kb_to_pages(const struct model_vm *vm, uint64_t kb)
{
	return kb / ((uint64_t)vm->page_size / 1024);
}

uint64_t model_commit_limit(const struct era *era, const struct model_vm *vm)
{
	uint64_t allowed;
	if (vm->overcommit_kb && era->overcommit_kbytes)
		allowed = kb_to_pages(vm, vm->overcommit_kb);
	else
		allowed = (vm->totalram - vm->hugetlb) * (uint64_t)vm->ratio / 100;
	return allowed + vm->total_swap;
}

bool model_accounted(const struct model_vm *vm, const struct model_request *r)
{
	return !r->noreserve || vm->mode == 2;
}

/* Mode 0 until 5.1: the largest request by what is free or can be freed, or less than 0. */
static int64_t guess(const struct era *era, const struct model_vm *vm, const struct model_request *r)
{
	int64_t free = (int64_t)(vm->free + vm->file + vm->free_swap + vm->slab_reclaimable) - (int64_t)vm->shmem;
	if (era->overcommit_misc)
		free += (int64_t)vm->misc_reclaimable;
	if (free <= (int64_t)vm->totalreserve)
		return -1;
	free -= (int64_t)vm->totalreserve;
	if (!r->cap_sys_admin)
		free -= (int64_t)kb_to_pages(vm, vm->admin_reserve_kb);
	return free - 1;
}

/* Mode 2: the largest request, or less than 0. The request is in Committed_AS already when it is compared. */
static int64_t strict(const struct era *era, const struct model_vm *vm, const struct model_request *r)
{
	int64_t allowed = (int64_t)model_commit_limit(era, vm);
	if (!r->cap_sys_admin)
		allowed -= (int64_t)kb_to_pages(vm, vm->admin_reserve_kb);
	if (!r->no_mm) {
		int64_t reserve = (int64_t)kb_to_pages(vm, vm->user_reserve_kb), grown = (int64_t)(r->total_vm / 32);
		allowed -= grown < reserve ? grown : reserve;
	}
	return allowed - (int64_t)vm->committed - 1;
}

bool model_overcommit_largest(const struct era *era, const struct model_vm *vm, const struct model_request *r,
			      uint64_t *pages)
{
	int64_t largest;
	if (vm->mode == 1 || !model_accounted(vm, r)) {
		*pages = MODEL_NO_LIMIT;
		return true;
	}
	if (vm->mode == 2)
		largest = strict(era, vm, r);
	else if (era->overcommit_total)
		largest = (int64_t)(vm->totalram + vm->total_swap);
	else if (vm->totalreserve)
		largest = guess(era, vm, r);
	else
		return false;
	*pages = largest < 0 ? 0 : (uint64_t)largest;
	return true;
}

enum model_admit model_overcommit(const struct era *era, const struct model_vm *vm, const struct model_request *r)
{
	uint64_t largest;
	if (model_overcommit_largest(era, vm, r, &largest))
		return r->pages <= largest ? ADMIT_YES : ADMIT_NO;
	/* whatever is free, RAM and swap bound it from above; the smallest page from below means nothing */
	return r->pages > vm->totalram + vm->total_swap ? ADMIT_NO : ADMIT_UNKNOWN;
}
