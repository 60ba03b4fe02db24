// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The largest mapping that a task is granted, against the overcommit rules (mm/util.c:__vm_enough_memory), to the page.
 */
#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"
#include "model/overcommit.h"

static int64_t sysctl(const json_t *snapshot, const char *name, int64_t otherwise)
{
	return look_int(json_object_get(snapshot, "sysctl"), name, otherwise);
}

static void fill_vm(struct model_vm *vm, const json_t *snapshot, int64_t page_kb)
{
	const json_t *mem = json_object_get(snapshot, "meminfo");
	*vm = (struct model_vm){
		.mode = (int)sysctl(snapshot, "vm.overcommit_memory", 0),
		.ratio = (int)sysctl(snapshot, "vm.overcommit_ratio", 50),
		.overcommit_kb = (uint64_t)sysctl(snapshot, "vm.overcommit_kbytes", 0),
		.admin_reserve_kb = (uint64_t)sysctl(snapshot, "vm.admin_reserve_kbytes", 0),
		.user_reserve_kb = (uint64_t)sysctl(snapshot, "vm.user_reserve_kbytes", 0),
		.page_size = (int)page_kb * 1024,
		.totalram = look_pages(mem, "MemTotal", page_kb),
		.total_swap = look_pages(mem, "SwapTotal", page_kb),
		.hugetlb = (uint64_t)(look_int(mem, "Hugetlb", 0) / page_kb),
		.committed = (uint64_t)(look_int(mem, "Committed_AS", 0) / page_kb),
	};
}

/*
 * vm_committed_as is a per-CPU counter. A request that is larger than its batch folds the CPU's own share into what is
 * compared, so on one CPU the comparison is exact; each other CPU may hold back up to the batch (mm/mm_init.c:
 * mm_compute_batch: in mode 2 1/256 of memory over the CPUs, else up to 1/4 of it, and at least 32 pages or 2 a CPU). Up to 5.8
 * Committed_AS itself lacks what the CPUs hold back, also that of the one that then asks (mm/util.c:vm_memory_committed).
 */
static int64_t held_back(const struct trial *t, const struct model_vm *vm)
{
	int64_t share = (int64_t)vm->totalram / t->ncpus / (vm->mode == 2 ? 256 : 4);
	int64_t least = 2 * t->ncpus > 32 ? 2 * t->ncpus : 32;
	int holders = vm->mode == 2 && t->era.version < KVER(5, 9, 0) ? t->ncpus : t->ncpus - 1;
	return holders * (share > least ? share : least);
}

static const json_t *snapshot_of(const struct trial *t, size_t step)
{
	char label[32];
	snprintf(label, sizeof(label), "commit-%zu", step);
	return look_snapshot(t->seen, label);
}

bool commit_seen(const struct trial *t, const struct step *s, size_t step)
{
	const char *answer = look_text(trial_answer(t, step, "call"), "answer");
	return look_task(snapshot_of(t, step), s->tasks[0]) && answer && starts_with(answer, "called mmapmax ");
}

void check_commit(struct trial *t, const struct step *s, size_t step)
{
	if (!commit_seen(t, s, step))
		return;
	const json_t *snapshot = snapshot_of(t, step), *task = look_task(snapshot, s->tasks[0]);
	const char *answer = look_text(trial_answer(t, step, "call"), "answer");
	int64_t k = look_int(t->seen->hello, "page_size", 4096) / 1024, seen = strtoll(answer + 15, NULL, 10);
	struct model_vm vm;
	fill_vm(&vm, snapshot, k);
	struct model_request r = { .total_vm = (uint64_t)(look_int(task, "vm_kb", 0) / k),
				   .cap_sys_admin = look_int(task, "uid", 0) == 0 };
	uint64_t largest;
	if (!model_overcommit_largest(&t->era, &vm, &r, &largest))
		return;
	if (largest == MODEL_NO_LIMIT) {
		/* Only the address space ends it: it is beyond all memory there is. */
		trial_check_range(t, CHECK_COMMIT, s->tasks[0], &s->where, (int64_t)(vm.totalram + vm.total_swap) * 4,
				  INT64_MAX, seen);
		return;
	}
	int64_t slack = held_back(t, &vm);
	trial_check_range(t, CHECK_COMMIT, s->tasks[0], &s->where, (int64_t)largest - slack, (int64_t)largest + slack, seen);
}
