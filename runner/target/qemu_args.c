// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/vm.h"

#include "base/util.h"
#include "target/tcg.h"
#include "target/tsc.h"

static void add_memory(struct argv *a, const struct shape *s, const struct vm_fds *fds, enum vm_mode mode)
{
	int nodes = s->nodes > 1 ? s->nodes : 1;
	if (s->plug)
		argv_opt(a, "-m", "%lluK,slots=%d,maxmem=%lluK", (unsigned long long)s->memory / 1024, HOST_SLOTS,
			 (unsigned long long)(s->memory + s->plug) / 1024);
	else
		argv_opt(a, "-m", "%lluK", (unsigned long long)s->memory / 1024);
	for (int i = 0; i < nodes; i++) {
		unsigned long long size = nodes > 1 ? s->node_memory[i] : s->memory;
		if (!size)	/* the node has CPUs only */
			continue;
		/*
		 * A path, not a memory-backend-memfd: x-ignore-shared leaves out only RAM that QEMU knows to live in a
		 * named file (migration/ram.c:migrate_ram_is_ignored since 8.1).
		 */
		if (mode == VM_BOOT || !vm_ram_in_files(s))
			argv_opt(a, "-object", "memory-backend-ram,id=mem%d,size=%llu", i, size);
		else
			argv_opt(a, "-object",
				 "memory-backend-file,id=mem%d,size=%llu,mem-path=/proc/self/fd/%d,share=%s", i, size,
				 fds->ram[i], mode == VM_TEMPLATE ? "on" : "off");
	}
	if (nodes == 1) {
		argv_opt(a, "-smp", "%d", s->cpus);
		return;
	}
	/* A socket has one node (Linux warns about a topology where it has two), so every CPU is a socket. */
	argv_opt(a, "-smp", "cpus=%d,sockets=%d,cores=1,threads=1", s->cpus, s->cpus);
	for (int i = 0; i < nodes; i++) {
		char cpus[16 * 64] = "";
		size_t at = 0;
		for (int cpu = i; cpu < s->cpus && at < sizeof(cpus) - 16; cpu += nodes)
			at += (size_t)sprintf(cpus + at, ",cpus=%d", cpu);
		if (s->node_memory[i])
			argv_opt(a, "-numa", "node,nodeid=%d,memdev=mem%d%s", i, i, cpus);
		else
			argv_opt(a, "-numa", "node,nodeid=%d%s", i, cpus);
	}
}

static char *kernel_cmdline(const struct machine_request *req, bool kvm, const char *extra)
{
	/*
	 * A guest that measures its clock's frequency while the host is busy is wrong by factors, and its watchdogs then see
	 * lockups that are none (arch/x86/kernel/tsc.c:determine_cpu_tsc_frequencies; older kernels pass the parameter over).
	 */
	unsigned long khz = kvm ? 0 : host_tsc_khz();
	CLEANUP_FREE char *tsc = khz ? xasprintf(" tsc_early_khz=%lu", khz) : xstrdup("");
	/*
	 * Its clock goes on while its processor waits for one of a busy host, so what is stuck for the usual 22 s may have
	 * run for less than one. These are beyond any test's deadline, by which a real lockup is found.
	 */
	const char *more = req->shape->cmdline ? req->shape->cmdline : "";
	const char *log = strstr(more, "log_buf_len=") ? "" : "log_buf_len=4M ";
	const char *patience = kvm ? "" : " watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300";
	/*
	 * quiet: each line takes the emulated UART about a millisecond. panic=-1 with -no-reboot ends QEMU at a panic.
	 * mitigations, init_on_alloc, nokaslr, notests, no_timer_check: time, at boot and for every page (where
	 * init_on_alloc is on, what is about to be overwritten is zeroed first). tsc=reliable: the clocksource
	 * watchdog would see the template's standstill. nr_uarts: some configurations register one port only.
	 * log_buf_len: no record may be lost, unless a case wants it so (the kernel takes the largest that it is told).
	 */
	return xasprintf("console=ttyS0 quiet loglevel=1 panic=-1 oomtests.port=ttyS1 8250.nr_uarts=4 %s"
			 "printk.devkmsg=on mitigations=off init_on_alloc=0 nokaslr cryptomgr.notests no_timer_check "
			 "tsc=reliable random.trust_cpu=on%s%s%s%s%s%s%s%s", log, tsc, patience,
			 req->kernel->cmdline ? " " : "", req->kernel->cmdline ? req->kernel->cmdline : "",
			 *more ? " " : "", more, *extra ? " " : "", extra);
}

void qemu_args(struct argv *a, const struct machine_request *req, const struct vm_fds *fds, enum vm_mode mode, bool kvm,
	       const char *extra)
{
	const struct shape *s = req->shape;
	argv_add(a, VM_PROGRAM);
	argv_opt(a, "-name", "oomtests");
	argv_add(a, "-no-user-config");
	argv_add(a, "-nodefaults");
	argv_add(a, "-no-reboot");
	argv_opt(a, "-display", "none");
	/* One node's memory is the machine's; -numa names them otherwise. */
	argv_opt(a, "-machine", "q35,sata=off,smbus=off,vmport=off%s", s->nodes > 1 ? "" : ",memory-backend=mem0");
	if (kvm) {
		argv_opt(a, "-accel", "kvm");
		argv_opt(a, "-cpu", "host");
	} else {
		argv_opt(a, "-accel", "tcg,tb-size=128,thread=%s", s->cpus > 1 && tcg_is_mended() ? "multi" : "single");
		/* The least CPU that has a random number source: without, getrandom() in a guest may wait for long. */
		argv_opt(a, "-cpu", "qemu64,+rdrand,+rdseed%s", tcg_is_mended() ? "" : ",-cx16");
	}
	add_memory(a, s, fds, mode);
	/* The guest's clock stands still with the machine: a clone goes on where the template stopped. */
	argv_opt(a, "-rtc", "clock=vm");
	argv_opt(a, "-chardev", "file,id=console,path=/proc/self/fd/%d", fds->console);
	argv_opt(a, "-serial", "chardev:console");
	argv_opt(a, "-chardev", "stdio,id=agent,signal=off");
	argv_opt(a, "-serial", "chardev:agent");
	argv_opt(a, "-chardev", "socket,id=qmp,fd=%d", fds->qmp);
	argv_opt(a, "-mon", "chardev=qmp,mode=control");
	if (s->disk) {
		argv_opt(a, "-blockdev",
			 "driver=file,node-name=swap,locking=off,discard=unmap,filename=/proc/self/fd/%d", fds->disk);
		argv_opt(a, "-device", "virtio-blk-pci,id=" VM_DISK ",drive=swap,disable-legacy=on");
	}
	if (s->balloon)
		argv_opt(a, "-device", "virtio-balloon-pci,deflate-on-oom=%s",
			 s->balloon == BALLOON_DEFLATES ? "on" : "off");
	if (mode == VM_CLONE) {
		argv_opt(a, "-incoming", "defer");
		return;
	}
	CLEANUP_FREE char *cmdline = kernel_cmdline(req, kvm, extra);
	argv_opt(a, "-kernel", "%s", req->kernel->image);
	argv_opt(a, "-initrd", "/proc/self/fd/%d", fds->initramfs);
	argv_opt(a, "-append", "%s", cmdline);
}
