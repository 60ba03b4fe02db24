// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fuzz target without libFuzzer: runs every file named, or those of a directory; with -s SECONDS also files changed at
 * random for so long. The input of a crash is left in ./crash-input. Not as good as coverage-guided, but anywhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
/* json_mutate.c, in the targets that have it */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define INPUT_MAX (1u << 20)

static struct { uint8_t *data; size_t size; } seeds[1024], now;
static size_t n_seeds;

static void on_crash(int sig)
{
	int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0)
		(void)!write(fd, now.data, now.size);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void run(uint8_t *data, size_t size)
{
	now.data = data;
	now.size = size;
	LLVMFuzzerTestOneInput(data, size);
}

static void add(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		DIR *d = opendir(path);
		for (struct dirent *e; d && (e = readdir(d));)
			if (e->d_name[0] != '.') {
				CLEANUP_FREE char *one = xasprintf("%s/%s", path, e->d_name);
				add(one);
			}
		if (d)
			closedir(d);
		return;
	}
	size_t len;
	char *text = read_whole_at(AT_FDCWD, path, INPUT_MAX, &len);
	if (text && n_seeds < ARRAY_SIZE(seeds)) {
		seeds[n_seeds].data = (uint8_t *)text;
		seeds[n_seeds++].size = len;
	} else {
		free(text);
	}
}

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t upto(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (size_t)(state % n) : 0;
}

/* Flips, cuts, repeats, and pieces of other seeds. Returns the new size. */
static size_t change(uint8_t *buf, size_t size)
{
	for (size_t i = 1 + upto(6); i > 0; i--) {
		size_t at = upto(size), len = upto(size - at) % 512;
		switch (upto(5)) {
		case 0:
			if (size)
				buf[at] = (uint8_t)upto(256);
			break;
		case 1:
			memmove(buf + at, buf + at + len, size - at - len);
			size -= len;
			break;
		case 2:
			if (size + len < INPUT_MAX) {
				memmove(buf + at + len, buf + at, size - at);
				size += len;
			}
			break;
		case 3: {
			const uint8_t *other = seeds[upto(n_seeds)].data;
			size_t other_size = seeds[upto(n_seeds)].size;
			for (size_t s = 0; s < n_seeds; s++)
				if (seeds[s].data == other)
					other_size = seeds[s].size;
			size_t from = upto(other_size), n = upto(other_size - from) % 4096;
			if (size + n < INPUT_MAX) {
				memmove(buf + at + n, buf + at, size - at);
				memcpy(buf + at, other + from, n);
				size += n;
			}
			break;
		}
		default:
			if (size)
				buf[at] = (uint8_t)"0123456789[]():,=-\n \\x#\""[upto(24)];
		}
	}
	return size;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	/* change() wants room to grow */
	CLEANUP_FREE uint8_t *buf = xcalloc(1, INPUT_MAX + 8192);
	memcpy(buf, data, size);
	size = change(buf, size);
	if (size > max_size)
		size = max_size;
	memcpy(data, buf, size);
	return size;
}

int main(int argc, char **argv)
{
	double seconds = 0;
	for (int i = 1; i < argc; i++) {
		if (streq(argv[i], "-s") && i + 1 < argc)
			seconds = atof(argv[++i]);
		else
			add(argv[i]);
	}
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	uint64_t runs = 0;
	for (size_t i = 0; i < n_seeds; i++, runs++)
		run(seeds[i].data, seeds[i].size);
	CLEANUP_FREE uint8_t *buf = xcalloc(1, INPUT_MAX + 8192);
	for (int64_t end = now_ns() + (int64_t)(seconds * 1e9); n_seeds && now_ns() < end; runs++) {
		size_t which = upto(n_seeds), size = seeds[which].size;
		memcpy(buf, seeds[which].data, size);
		size = LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(buf, size, INPUT_MAX, (unsigned)upto(UINT32_MAX)) :
						 change(buf, size);
		run(buf, size);
	}
	printf("%llu runs, no crash\n", (unsigned long long)runs);
	return n_seeds ? 0 : 2;
}
