// SPDX-License-Identifier: GPL-2.0-or-later
/* hog N [MS]: grows by 1 MiB every MS (100) milliseconds to N MiB, and stays: so slowly that others can watch. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1 << 20)

int main(int argc, char **argv)
{
	unsigned ms = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
	for (int n = argc > 1 ? atoi(argv[1]) : 0; n > 0; n--) {
		char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return 1;
		for (int i = 0; i < MIB; i += 4096)
			p[i] = 1;
		usleep(ms * 1000);	/* its rate */
	}
	for (;;)
		pause();
}
