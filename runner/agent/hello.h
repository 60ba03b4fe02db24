/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct agent;

/* Sends {"hello": …}: what this machine is. */
void hello_send(struct agent *a);
