/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds over the loopback interface share. */
#pragma once

/* Buffers of 4M, by SO_xBUFFORCE or, without CAP_NET_ADMIN, as much of it by SO_xBUF as may be. */
void loopback_enlarge(int fd, int forced, int plain);
/* Brings the interface up, by any socket: a guest comes with it down. 0, or -1 with errno. */
int loopback_up(int fd);
