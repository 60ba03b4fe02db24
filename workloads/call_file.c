// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls about files that stay open: some tell each of their openers something else (memory.peak, since Linux 6.12). And about
 * pipes, whose pages are counted for their user.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

static int held[16];
static unsigned int n_held;

static struct result call_open(struct load *l, char *args)
{
	static char path[2400];
	char *file = next_word(&args);
	(void)l;
	if (!file || next_word(&args) || strlen(file) > 100)
		return BAD_ARGS;
	if (n_held == ARRAY_SIZE(held))
		return (struct result){ -1, EMFILE };
	if (*file != '/' && !own_cgroup_file(path, "0::", "/sys/fs/cgroup", file))
		return (struct result){ -1, ENOENT };
	int fd = open(*file == '/' ? file : path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	held[n_held++] = fd;
	return (struct result){ n_held, 0 };
}

/* The descriptor of the file with this number, or -1. */
static int held_file(char **args)
{
	char *word = next_word(args);
	int64_t number;
	return word && parse_int(word, 1, n_held, &number) ? held[number - 1] : -1;
}

static struct result call_reread(struct load *l, char *args)
{
	int fd = held_file(&args);
	(void)l;
	return fd < 0 || next_word(&args) ? BAD_ARGS : sysfile_reread(fd);
}

static struct result call_rewrite(struct load *l, char *args)
{
	int fd = held_file(&args);
	const char *text = *args ? args : "\n";
	(void)l;
	return fd < 0 ? BAD_ARGS : result_of(pwrite(fd, text, strlen(text), 0));
}

/* A pipe that stays. It is there also where the kernel does not let it be of that size. */
static struct result call_pipe(struct load *l, char *args)
{
	uint64_t bytes = 0;
	int ends[2];
	char *word = next_word(&args);
	(void)l;
	if (next_word(&args) || (word && (!parse_size(word, &bytes) || bytes > INT32_MAX)))
		return BAD_ARGS;
	if (pipe2(ends, O_CLOEXEC) < 0 || (word && fcntl(ends[1], F_SETPIPE_SZ, (int)bytes) < 0))
		return result_of(-1);
	return result_of(fcntl(ends[1], F_GETPIPE_SZ));
}

const struct call file_calls[] = {
	{ "open", "FILE", "open a path, or a file of the own v2 cgroup, to read and write, and keep it so; the result is its number, from 1", call_open },
	{ "reread", "FILE", "read a file by number that begins with an integer; it is the result", call_reread },
	{ "rewrite", "FILE [VALUE]", "write a file by number, without a value an empty line; the result is the bytes written", call_rewrite },
	{ "pipe", "[SIZE]", "make a pipe, of that size, and keep it; the result is its size", call_pipe },
	{ NULL, NULL, NULL, NULL },
};
