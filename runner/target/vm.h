/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the vm target: one QEMU process, and the template that clones are made from.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "target/console.h"
#include "target/process.h"
#include "target/qmp.h"
#include "target/target.h"

#define VM_MAX_NODES 8
#define VM_DISK "disk"		/* QEMU's name of the swap disk; its image is the node "swap" */
#define VM_PROGRAM "qemu-system-x86_64"

enum vm_mode {
	VM_TEMPLATE,		/* boots; RAM is the template's files, shared, so that it stays there */
	VM_CLONE,		/* waits for the template's state; RAM is the template's files, copy-on-write */
	VM_BOOT,		/* boots; RAM is its own */
};

/* What QEMU inherits. -1: not there. */
struct vm_fds {
	int ram[VM_MAX_NODES];
	int initramfs, disk;
	int console, qmp;
};

/* The command line. Everything the guest can see is the same in all modes. `extra` goes to the end of the kernel's. */
void qemu_args(struct argv *a, const struct machine_request *req, const struct vm_fds *fds, enum vm_mode mode, bool kvm,
	       const char *extra);

/*
 * Is the template's RAM left in its files, and mapped by the clones? Not that of a machine with a balloon: what the guest
 * gives up QEMU punches out of the file, under all the other clones (softmmu/physmem.c:ram_block_discard_range). It goes
 * through the stream.
 */
bool vm_ram_in_files(const struct shape *shape);

/* What a worker learnt in prepare(); lives in memory that all workers share. */
struct vm_facts {
	bool frozen;		/* clones can be made */
	bool kvm;
	char note[512];		/* why not frozen, or "" */
};

struct target_template {
	int ram[VM_MAX_NODES];
	int state;		/* the migration stream: devices and what RAM is not in ram[] */
	int initramfs;
	char *release;		/* of the kernel image, or NULL */
	struct vm_facts *facts;
};

struct vm {
	pid_t pid;
	int fd, to_fd, console_fd;	/* as in struct session */
	int output_fd;		/* what QEMU printed */
	struct qmp qmp;
	struct tail console;	/* what the console said while it booted */
	const struct shape *shape;	/* borrowed from the request */
	int modules;		/* memory modules that are plugged in */
};

/* Starts QEMU and opens its control socket. */
struct vm *vm_launch(const struct target_template *t, const struct machine_request *req, enum vm_mode mode, bool kvm,
		     const char *extra, struct error *err);
/* SIGKILL if it still runs, and frees. NULL is fine. */
void vm_free(struct vm *vm);
/* "CPU 0 at ffffffff81a17a0b (halted), CPU 1 at …": the instruction that each is at. Malloced; empty when QEMU does not say. */
char *vm_cpus(struct vm *vm);
/* The same of what its monitor's `info registers -a` prints. */
char *cpus_listed(const char *registers);
/* QEMU went away: adds how it ended and what it printed to what err says. */
void vm_tell_end(struct vm *vm, struct error *err);
/* Boots (VM_TEMPLATE, VM_BOOT) up to the agent's hello; the error tells what stopped the kernel. */
struct vm *vm_boot(const struct target_template *t, const struct machine_request *req, enum vm_mode mode, bool kvm,
		   char **hello, struct error *err);

/* target_ops of the template side. */
struct target_template *vm_reserve(const struct machine_request *req, struct error *err);
int vm_prepare(struct target_template *t, const struct machine_request *req, int hello_fd, struct error *err);
void vm_release(struct target_template *t);

/* Saves the machine into the template; it is of no use afterwards. */
int vm_freeze(struct target_template *t, struct vm *vm, struct error *err);
/* A machine from the template that answers. */
struct vm *vm_clone(const struct target_template *t, const struct machine_request *req, struct error *err);

/* target_ops.act: by QEMU's control socket. */
int vm_act(struct session *s, const struct host_order *order, int64_t deadline_ns, struct error *err);

/* Is KVM worth trying for this kernel? OOMTESTS_ACCEL=tcg|kvm decides; else /dev/kvm and what was learnt before. */
bool kvm_try(const char *image);
/* Remembers whether the kernel reached its agent under KVM on this host. */
void kvm_remember(const char *image, bool works);

extern const struct target_ops target_vm;
