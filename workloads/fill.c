// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pages are filled with. A page must not compress (zram and zswap store a zero page in no memory at all) and must
 * not equal another (KSM); and writing it must cost little beside faulting it in. A random block is made once;
 * each page is that block xor a 32-byte key, and the key is another for every page of every process.
 *
 * New private memory is filled by the fastest way there is (fill_copy.c). Where that fails, and for other memory, the
 * kernel is asked to write the pages (process_vm_writev() on itself): it faults them in by the batch and copies through
 * its own mapping, without an exception and a TLB miss per page. Where that fails, or where a holder must meet its OOM
 * as programs do (grow), every page is faulted in by a store from user mode.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "fill_copy.h"

typedef uint64_t vec __attribute__((vector_size(32)));
#define VECS (FILL_BLOCK / sizeof(vec))

#define WINDOW 4	/* pages of one copy */
static vec pattern[(WINDOW + 1) * VECS] __attribute__((aligned(FILL_BLOCK)));
static vec block[VECS] __attribute__((aligned(FILL_BLOCK)));
static uint64_t seed;

static uint64_t next_random(void)	/* splitmix64 */
{
	uint64_t z = __atomic_add_fetch(&seed, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void fill_reseed(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seed += ((uint64_t)getpid() << 40) ^ (uint64_t)now.tv_nsec;
	next_random();
}

/* xor with a key of its own: the compiler's vectors, as wide as the build's baseline has them. */
static void write_block(void *to)
{
	uint64_t a = next_random(), b = next_random();
	vec key = { a, b, ~a, a + b };
	vec *v = to;
	for (size_t i = 0; i < VECS; i++)
		v[i] = pattern[i] ^ key;
}

const void *fill_block(void)
{
	write_block(block);
	return block;
}

void *fill_room(void)
{
	return block;
}

/* --- a page that can't be had is a signal --- */

static __thread sigjmp_buf *guard;

static void on_fault(int signo)
{
	if (guard)
		siglongjmp(*guard, signo);
	signal(signo, SIG_DFL);	/* a defect of this program: die of it when the instruction is run again */
}

failure fill_guard(failure (*fn)(void *arg), void *arg)
{
	sigjmp_buf env, *outer = guard;
	int signo = sigsetjmp(env, 0);	/* SA_NODEFER: there is no mask to restore */
	if (signo) {
		guard = outer;
		return FAILED_BY_SIGNAL + signo;
	}
	guard = &env;
	failure f = fn(arg);
	guard = outer;
	return f;
}

void fill_init(void)
{
	const uint64_t *random = (const uint64_t *)getauxval(AT_RANDOM);
	seed = random ? random[0] ^ random[1] : 1;
	fill_reseed();
	for (size_t i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = (vec){ next_random(), next_random(), next_random(), next_random() };
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER | SA_ONSTACK };
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
}

/* --- whole ranges --- */

struct range {
	char *p;
	uint64_t len, stride;
	enum contents contents;
	volatile uint64_t done;
};

static failure write_by_faults(void *arg)
{
	struct range *r = arg;
	for (; r->done < r->len; r->done += FILL_BLOCK)
		if (r->contents == CONTENTS_ALIKE)
			memcpy(r->p + r->done, pattern, FILL_BLOCK);
		else if (r->contents == CONTENTS_SPARSE)	/* never all zero, which some kernels do not store at all */
			*(uint64_t *)(r->p + r->done) = next_random() | 1;
		else
			write_block(r->p + r->done);
	return 0;
}

/* Big enough to make the system call cheap. A page is eight bytes of its own and the pattern from a random offset
 * on. */
#define BATCH 64

static void write_by_kernel(struct range *r)
{
	while (r->done < r->len) {
		struct iovec from[2 * BATCH];
		uint64_t own[BATCH];
		uint64_t n = (r->len - r->done) / FILL_BLOCK;
		if (n > BATCH)
			n = BATCH;
		for (uint64_t i = 0; i < n; i++) {
			own[i] = next_random();
			from[2 * i] = (struct iovec){ &own[i], sizeof(own[i]) };
			from[2 * i + 1] = (struct iovec){ (char *)pattern + own[i] % FILL_BLOCK,
							  FILL_BLOCK - sizeof(own[i]) };
		}
		struct iovec to = { r->p + r->done, n * FILL_BLOCK };
		ssize_t put = process_vm_writev(getpid(), from, 2 * n, &to, 1, 0);
		if (put > 0)
			r->done += (uint64_t)put / FILL_BLOCK * FILL_BLOCK;
		if (put != (ssize_t)(n * FILL_BLOCK))
			return;	/* the faults in user mode say why */
	}
}

/* The pattern from a random offset on, with a new word at the start of each page: no page is like one before. */
static const void *next_window(void *arg, uint64_t *len)
{
	(void)arg;
	char *from = (char *)pattern + next_random() % (FILL_BLOCK / sizeof(uint64_t)) * sizeof(uint64_t);
	if (*len > WINDOW * FILL_BLOCK)
		*len = WINDOW * FILL_BLOCK;
	for (uint64_t at = 0; at < *len; at += FILL_BLOCK) {
		uint64_t own = next_random();
		memcpy(from + at, &own, sizeof(own));
	}
	return from;
}

failure fill_write_new(struct load *l, char *p, uint64_t len, uint64_t *done)
{
	uint64_t copied = 0;
	if (!l->by_faults && l->contents == CONTENTS_RANDOM && l->advice < 0 && page_size == FILL_BLOCK)
		copied = fill_copy(p, len, next_window, NULL);
	failure f = fill_write(l, p + copied, len - copied, done);
	*done += copied;
	return f;
}

failure fill_write(struct load *l, char *p, uint64_t len, uint64_t *done)
{
	struct range r = { .p = p, .len = len, .contents = l->contents };
	if (!l->by_faults && l->contents == CONTENTS_RANDOM)
		write_by_kernel(&r);
	failure f = fill_guard(write_by_faults, &r);
	*done = r.done / page_size * page_size;
	return f;
}

static failure read_range(void *arg)
{
	struct range *r = arg;
	for (; r->done < r->len; r->done += r->stride)
		(void)*(volatile char *)(r->p + r->done);
	return 0;
}

failure fill_read(const char *p, uint64_t len, uint64_t stride, uint64_t *done)
{
	struct range r = { .p = (char *)p, .len = len, .stride = stride };
	failure f = fill_guard(read_range, &r);
	*done = r.done;
	return f;
}
