/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One number or word in a file of /proc, /sys or a cgroup. */
#pragma once

#include "call.h"

/* Writes the text in one write(); the value is the number of bytes. */
struct result sysfile_write(const char *path, const char *text);
/* The integer that the file begins with; EINVAL when it begins with none. */
struct result sysfile_read(const char *path);
/* The same of an open file, from its beginning. */
struct result sysfile_reread(int fd);
/* The same for /proc/PID/file. */
struct result sysfile_write_of(pid_t pid, const char *file, const char *text);
struct result sysfile_read_of(pid_t pid, const char *file);
/*
 * The directory of this process's cgroup below a mount, for a hierarchy's key in /proc/self/cgroup: "0::" or ":memory:". Returns where
 * the path ends, or NULL: it is in none. There must be room for the 2048 bytes that a path may have.
 */
char *own_cgroup(char *path, const char *key, const char *mount);
/* The path of a file there, or of one named from there (../other/FILE). Returns the `/` behind the directory, or NULL. There must be room
 * for the file's name besides. */
char *own_cgroup_file(char *path, const char *key, const char *mount, const char *file);
