// SPDX-License-Identifier: GPL-2.0-or-later
/* In small, neighbours are nearer to each other than the kernel's counters are exact. Their sizes are made to tell them apart. */
#include <inttypes.h>

#include "base/util.h"
#include "drill/guest.h"

int64_t stand_in_less(const struct drill *d)
{
	return model_rss_error(d->era, SOURCE_TOUCHED, 1, 1) / 4 + STAND_IN_MORE;
}

int64_t stand_in_tables(const struct drill_task *t)
{
	return (int64_t)(t->size >> 21);	/* one maps 2 MiB */
}

uint64_t guest_pages(const struct drill *d, int most)
{
	uint64_t takes = most ? KERNEL_TAKES : KERNEL_TAKES + KERNEL_TAKES_MORE + d->memory / 32;
	return (d->memory > takes ? d->memory - takes : 0) / (uint64_t)d->audit->machine->page_size;
}

/* A stand-in's points, before old kernels' floor, in the least or largest of the guests. */
static int64_t points_of(const struct drill *d, const struct drill_task *t, int most)
{
	uint64_t page = (uint64_t)d->audit->machine->page_size;
	return (int64_t)(t->size / page) + stand_in_tables(t) + t->adj * model_adj_unit(guest_pages(d, most));
}

/* In the order in which the originals die. Those that die with another one follow it. */
struct place {
	int task;		/* index in drill.tasks */
	size_t step;
	bool chosen;
	int64_t points;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->step != y->step)
		return (x->step > y->step) - (x->step < y->step);
	if (x->chosen != y->chosen)
		return y->chosen - x->chosen;
	return (x->points < y->points) - (x->points > y->points);
}

/* Lets the first `n` stand out from each other; in total they grow by no more than `room` bytes, or stay as they are. */
static bool part(struct drill *d, const struct place *order, size_t n, uint64_t room)
{
	uint64_t page = (uint64_t)d->audit->machine->page_size, grown = 0, most = 0;
	CLEANUP_FREE uint64_t *sizes = xcalloc(n, sizeof(*sizes));
	int64_t least[2] = { INT64_MIN, INT64_MIN };
	for (size_t i = n; i-- > 0;) {
		struct drill_task t = d->tasks[order[i].task];
		uint64_t more = 0;
		for (int k = 0; k < 2; k++) {
			int64_t points = points_of(d, &t, k);
			uint64_t lacks = points < least[k] ? (uint64_t)(least[k] - points) * page : 0;
			more = lacks > more ? lacks : more;
		}
		t.size += more;
		sizes[i] = t.size;
		grown += more;
		most = more > most ? more : most;
		for (int k = 0; k < 2; k++)
			least[k] = points_of(d, &t, k) + stand_in_less(d) + STAND_IN_MORE + 1;
	}
	if (grown > room)
		return false;
	for (size_t i = 0; i < n; i++)
		d->tasks[order[i].task].size = sizes[i];
	if (grown)
		drill_note(d, "stand-ins are up to %" PRIu64 " KiB larger than in scale, so that each stands out from the next to die", most >> 10);
	return true;
}

void part_neighbours(struct drill *d, uint64_t room)
{
	const struct audit *a = d->audit;
	CLEANUP_FREE struct place *order = xcalloc(d->n_tasks, sizeof(*order));
	size_t n = 0;
	for (size_t i = 0; i < d->n_tasks; i++) {
		size_t step = a->place[d->tasks[i].source];
		if (step)
			order[n++] = (struct place){ (int)i, step, a->global.series.steps[step - 1].victim == d->tasks[i].source,
						     points_of(d, &d->tasks[i], 1) };
	}
	if (n)
		qsort(order, n, sizeof(*order), by_place);
	while (n > 1 && !part(d, order, n, room))
		n--;
}
