// SPDX-License-Identifier: GPL-2.0-or-later
#include "oomload.h"

extern const struct kind kind_anon, kind_file, kind_mapfile, kind_tmpfs, kind_tmpfs_mapped, kind_shm,
	kind_posixshm, kind_memfd, kind_memfd_unmapped, kind_cow, kind_mlock, kind_brk, kind_stack,
	kind_hugetlb, kind_pipe, kind_sockets, kind_tcp, kind_udp, kind_slab, kind_inodes, kind_stacks,
	kind_rings, kind_secret, kind_pinned, kind_pgtables, kind_children, kind_threads, kind_zombie_leader,
	kind_sharer, kind_vfork;

const struct kind *const kinds[] = {
	&kind_anon,
	&kind_file,
	&kind_mapfile,
	&kind_tmpfs,
	&kind_tmpfs_mapped,
	&kind_shm,
	&kind_posixshm,
	&kind_memfd,
	&kind_memfd_unmapped,
	&kind_cow,
	&kind_mlock,
	&kind_secret,
	&kind_pinned,
	&kind_brk,
	&kind_stack,
	&kind_hugetlb,
	&kind_pipe,
	&kind_sockets,
	&kind_tcp,
	&kind_udp,
	&kind_slab,
	&kind_inodes,
	&kind_stacks,
	&kind_rings,
	&kind_pgtables,
	&kind_children,
	&kind_threads,
	&kind_zombie_leader,
	&kind_sharer,
	&kind_vfork,
	NULL,
};

/* Every kind takes these; main.c and load.c see to them. */
static const struct arg common_args[] = {
	{ "thp", "1: transparent huge pages are allowed (and asked for, by anonymous kinds)" },
	{ "fault", "user: fill by page faults of user mode, as grow does, not by the faster way" },
	{ NULL, NULL },
};

const struct kind *kind_find(const char *name)
{
	for (const struct kind *const *k = kinds; *k; k++)
		if (streq((*k)->name, name))
			return *k;
	return NULL;
}

static bool knows(const struct arg *args, size_t n, const char *key, size_t len)
{
	for (size_t i = 0; i < n && args[i].key; i++)
		if (strlen(args[i].key) == len && memcmp(args[i].key, key, len) == 0)
			return true;
	return false;
}

bool kind_takes(const struct kind *k, char **args)
{
	for (; *args; args++) {
		const char *equals = strchr(*args, '=');
		if (!equals) {
			error_say("%s: %s: arguments have the form key=value", k->name, *args);
			return false;
		}
		size_t len = (size_t)(equals - *args);
		if (!knows(k->args, ARRAY_SIZE(k->args), *args, len) && !knows(common_args, ARRAY_SIZE(common_args), *args, len)) {
			error_say("%s: %s: no such argument; oomload --list shows them", k->name, *args);
			return false;
		}
	}
	return true;
}

static void list_args(int fd, const struct arg *args, size_t n)
{
	for (size_t i = 0; i < n && args[i].key; i++)
		say(fd, "      %s=  %s", args[i].key, args[i].help);
}

void kinds_list(int fd)
{
	say(fd, "Kinds (oomload NAME KIND [key=value]...):");
	for (const struct kind *const *k = kinds; *k; k++) {
		say(fd, "  %s  %s", (*k)->name, (*k)->help);
		if ((*k)->unimplemented_reason)
			say(fd, "      not here: %s", (*k)->unimplemented_reason);
		list_args(fd, (*k)->args, ARRAY_SIZE((*k)->args));
	}
	say(fd, "  Every kind also takes");
	list_args(fd, common_args, ARRAY_SIZE(common_args));
}
