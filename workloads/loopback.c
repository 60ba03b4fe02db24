// SPDX-License-Identifier: GPL-2.0-or-later
#include "loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void loopback_enlarge(int fd, int forced, int plain)
{
	static const int size = 4 << 20;
	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

int loopback_up(int fd)
{
	struct ifreq lo = { .ifr_name = "lo" };
	if (ioctl(fd, SIOCGIFFLAGS, &lo) < 0 || lo.ifr_flags & IFF_UP)
		return lo.ifr_flags & IFF_UP ? 0 : -1;
	lo.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &lo);
}
