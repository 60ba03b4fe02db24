// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/swap_header.h"

#include <errno.h>

#include "base/util.h"

#define PAGE 4096u

/* include/linux/swap.h:union swap_header, its "info" view; the first page of the area. Little endian. */
struct swap_header {
	unsigned char bootbits[1024];
	uint32_t version, last_page, nr_badpages;
	unsigned char uuid[16];
	char volume_name[16];
	uint32_t padding[117], badpages[1];
};

int swap_header_write(int fd, uint64_t bytes, struct error *err)
{
	unsigned char page[PAGE] = { 0 };
	struct swap_header header = { .version = 1, .volume_name = "oomtests" };
	uint64_t pages = bytes / PAGE;
	/* mm/swapfile.c:setup_swap_map_and_extents refuses an area with no page but the header's. */
	if (pages < 2 || pages > UINT32_MAX)
		return error_set(err, 0, "a swap disk of %llu bytes cannot be: it needs two pages of %u at least, and 16T at most",
				 (unsigned long long)bytes, PAGE);
	header.last_page = (uint32_t)(pages - 1);
	memcpy(page, &header, sizeof(header));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	ssize_t n = pwrite(fd, page, PAGE, 0);
	if (n != PAGE)
		return error_set(err, n < 0 ? errno : 0, "cannot write the swap header");
	return 0;
}
