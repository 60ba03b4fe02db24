// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oomload.h"

char **system_argv;

/* No order runs deeper than this. */
#define STACK_USED 8192

__attribute__((noinline)) void system_prefault_stack(void)
{
	volatile char room[STACK_USED];
	for (size_t i = 0; i < sizeof(room); i += 512)
		room[i] = 0;
}

void system_prefault(void)
{
	const ElfW(Phdr) *ph = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	for (unsigned long n = getauxval(AT_PHNUM); ph && n--; ph++) {
		if (ph->p_type != PT_LOAD)
			continue;
		/* Linked to fixed addresses (see Makefile): the headers say where all is. */
		for (uintptr_t p = ph->p_vaddr & ~(page_size - 1); p < ph->p_vaddr + ph->p_memsz; p += page_size) {
			volatile char *byte = (volatile char *)(p < ph->p_vaddr ? ph->p_vaddr : p);
			if (ph->p_flags & PF_W)
				*byte = *byte;
			else
				(void)*byte;
		}
	}
	system_prefault_stack();
}

void system_raise_limit(int which, uint64_t most)
{
	struct rlimit r, wanted = { most, most };
	if (getrlimit(which, &r) < 0 || r.rlim_cur >= most)
		return;
	if (r.rlim_max >= most)
		wanted.rlim_max = r.rlim_max;
	/* More than the hard limit needs CAP_SYS_RESOURCE. */
	if (setrlimit(which, &wanted) < 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(which, &r);
	}
}

void system_set_comm(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

void system_set_comm_of_child(const char *name, unsigned int i)
{
	char comm[15 + 1 + 21];
	size_t len = strlen(name);
	memcpy(comm, name, len);
	comm[len] = '/';
	put_decimal(comm + len + 1, i);
	comm[15] = '\0';
	system_set_comm(comm);
}

failure system_exec(void)
{
	execv("/proc/self/exe", system_argv);
	return errno;
}

void *system_scratch(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* The state in /proc/PID/stat, behind the comm, which may hold anything but ends with the last ')'. */
static char leader_state(void)
{
	char text[256];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 'Z';	/* without /proc nobody can tell the difference */
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	while (n > 2 && text[n - 1] != ')')
		n--;
	return n > 2 ? text[n + 1] : 'Z';
}

void system_outlive_leader(void)
{
	while (leader_state() != 'Z')
		sched_yield();	/* it is on its way: from exit(2) to the zombie nothing waits */
}
