/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of containers, from the state that their runtimes keep: Docker, Podman and CRI-O (containers/storage), containerd.
 * What can't be read stays an id.
 */
#pragma once

#include <stddef.h>

struct container_name {
	char id[16];		/* the first 12 digits */
	char *name;		/* "web", "kube-system/coredns-1/coredns"; bytes */
};

struct names {
	struct container_name *all;
	size_t n;
};

/* Reads what is below ROOT/var/lib and ROOT/run. */
void names_read(const char *root, struct names *names);
void names_free(struct names *names);

/* The name of a container by its id (12 digits or more), or NULL. Borrowed. */
const char *names_of(const struct names *names, const char *id);
