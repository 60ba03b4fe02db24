// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/vm.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/util.h"
#include "target/swap_header.h"

#define SECOND INT64_C(1000000000)
#define LAUNCH_SECONDS 20	/* until QEMU speaks on its control socket */
#define KVM_SECONDS 10		/* a kernel that runs under KVM needs one */
#define TELL_SECONDS 20		/* for the boot that is only made to hear what the kernel says */

/* Emulated boots take 2 to 7 s on an idle core. */
static int64_t boot_seconds(bool kvm)
{
	const char *text = getenv("OOMTESTS_BOOT_SECONDS");
	int64_t n = 120;
	if (text)
		parse_int(text, 1, 3600, &n, NULL);
	return kvm && n > KVM_SECONDS ? KVM_SECONDS : n;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->pid > 0)
		process_kill(vm->pid, NULL);
	const int fds[] = { vm->fd, vm->to_fd, vm->console_fd, vm->output_fd };
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	qmp_close(&vm->qmp);
	free(vm);
}

/* QEMU went away: adds how it ended and what it printed to what err says. */
void vm_tell_end(struct vm *vm, struct error *err)
{
	int status;
	char buf[64];
	if (!process_wait(vm->pid, now_ns() + SECOND, &status))
		return;
	vm->pid = 0;
	CLEANUP_FREE char *said = memfd_text(vm->output_fd, 2000);
	if (status || *said)
		error_wrap(err, "QEMU ended (%s)%s%s", process_status(status, buf), *said ? ": " : "", said);
}

struct vm *vm_launch(const struct target_template *t, const struct machine_request *req, enum vm_mode mode, bool kvm,
		     const char *extra, struct error *err)
{
	struct argv a = { 0 };
	struct vm_fds fds = { .initramfs = t->initramfs, .disk = -1, .console = -1, .qmp = -1 };
	struct vm *vm = xcalloc(1, sizeof(*vm));
	int qmp = -1, port_in = -1, port_out = -1;	/* the ends that are QEMU's: its standard input and output */
	*vm = (struct vm){ .fd = -1, .to_fd = -1, .console_fd = -1, .output_fd = -1, .shape = req->shape };
	memcpy(fds.ram, t->ram, sizeof(fds.ram));
	vm->output_fd = memfd_new("qemu output", 0, err);
	if (vm->output_fd < 0 || socket_pair(&vm->to_fd, &port_in, err) < 0 ||
	    wide_pipe(&vm->fd, &port_out, err) < 0 || wide_pipe(&vm->console_fd, &fds.console, err) < 0 || socket_pair(&qmp, &fds.qmp, err) < 0)
		goto out;
	if (req->shape->disk) {
		fds.disk = memfd_new("swap disk", req->shape->disk_size, err);
		if (fds.disk < 0 || swap_header_write(fds.disk, req->shape->disk_size, err) < 0)
			goto out;
	}
	qemu_args(&a, req, &fds, mode, kvm, extra);
	if (req->verbose > 1) {
		for (size_t i = 0; i < a.n; i++)
			fprintf(stderr, "%s%s", i ? " " : "# ", a.v[i]);
		fputc('\n', stderr);
	}
	vm->pid = process_spawn_talking(&a, (const int *)&fds, sizeof(fds) / sizeof(int), port_in, port_out, vm->output_fd, err);
out:
	argv_free(&a);
	const int theirs[] = { port_in, port_out, fds.console, fds.qmp, fds.disk };
	for (size_t i = 0; i < ARRAY_SIZE(theirs); i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (vm->pid > 0) {
		int r = qmp_open(&vm->qmp, qmp, now_ns() + LAUNCH_SECONDS * SECOND, err);
		qmp = -1;
		if (r == 0)
			return vm;
		vm_tell_end(vm, err);
	}
	if (qmp >= 0)
		close(qmp);
	vm_free(vm);
	return NULL;
}

/* What to do about a kernel that booted and yet had no agent, by what its console says. */
static const char *panic_advice(const char *panic)
{
	if (strstr(panic, "Unable to mount root fs") || strstr(panic, "No working init found"))
		return "; it does not take the initramfs: build it with CONFIG_BLK_DEV_INITRD=y and CONFIG_BINFMT_ELF=y";
	if (strstr(panic, "Out of memory") || strstr(panic, "out of memory") || strstr(panic, "System is deadlocked"))
		return "; give the machine more memory";
	return "";
}

/* The boot ended without a hello: says why, in err. */
static void tell_boot_failure(struct vm *vm, const char *kernel, enum message_end end, int64_t seconds, struct error *err)
{
	CLEANUP_FREE char *panic = tail_find(&vm->console, "Kernel panic");
	CLEANUP_FREE char *last = tail_lines(&vm->console, 6);
	CLEANUP_FREE char *reason = qmp_shutdown_reason(&vm->qmp);
	CLEANUP_FREE char *cpus = end == MESSAGE_EOF ? xstrdup("") : vm_cpus(vm);
	if (panic) {
		/* of an Oops the panic says little: where it was tells more */
		CLEANUP_FREE char *where = tail_find(&vm->console, "RIP: 0010:");
		error_set(err, 0, "the kernel %s panicked before the agent could speak: %s%s%s%s", kernel, panic,
			  where ? ", " : "", where ? where : "", panic_advice(panic));
	} else if (end == MESSAGE_EOF && reason && starts_with(reason, "guest-")) {
		error_set(err, 0, "the kernel %s %s before the agent could speak%s%s", kernel,
			  streq(reason, "guest-shutdown") ? "powered off" : "reset the machine (a damaged image, too little memory, or a panic it could not print)",
			  *last ? "; its console's last lines: " : "; its console is empty", last);
	} else if (end == MESSAGE_EOF) {
		error_set(err, 0, "the machine of kernel %s went away while it booted", kernel);
		vm_tell_end(vm, err);
	} else if (vm->console.total == 0) {
		error_set(err, 0, "the kernel %s said nothing within %lld s, not even on its serial console: the image is "
			  "damaged, or lacks CONFIG_SERIAL_8250_CONSOLE=y, or wants more time (OOMTESTS_BOOT_SECONDS)%s%s", kernel,
			  (long long)seconds, *cpus ? "; " : "", cpus);
	} else {
		error_set(err, 0, "the kernel %s boots but its agent did not speak on the second serial port within %lld s: "
			  "it needs CONFIG_SERIAL_8250=y with two ports, CONFIG_BLK_DEV_INITRD=y and CONFIG_DEVTMPFS=y (or more time: "
			  "OOMTESTS_BOOT_SECONDS)%s%s; the last lines of its console, or of another boot's: %s", kernel, (long long)seconds,
			  *cpus ? "; " : "", cpus, last);
	}
}

/* Quiet boots that fail leave nothing to read: boots once more, only to hear what the kernel says. */
static void hear_console(const struct target_template *t, const struct machine_request *req, bool kvm, struct tail *heard)
{
	struct vm *vm = vm_launch(t, req, VM_BOOT, kvm, "earlyprintk=ttyS0,115200 ignore_loglevel loglevel=7", NULL);
	if (!vm)
		return;
	char *line = NULL;
	message_wait(vm->fd, vm->console_fd, "hello", now_ns() + TELL_SECONDS * SECOND, &vm->console, &line);
	free(line);
	*heard = vm->console;
	vm_free(vm);
}

struct vm *vm_boot(const struct target_template *t, const struct machine_request *req, enum vm_mode mode, bool kvm,
		   char **hello, struct error *err)
{
	struct vm *vm = vm_launch(t, req, mode, kvm, "", err);
	if (!vm)
		return NULL;
	int64_t seconds = boot_seconds(kvm);
	enum message_end end = message_wait(vm->fd, vm->console_fd, "hello", now_ns() + seconds * SECOND, &vm->console,
					    hello);
	if (end == MESSAGE_SEEN)
		return vm;
	if (!kvm && vm->console.total == 0)
		hear_console(t, req, kvm, &vm->console);
	tell_boot_failure(vm, req->kernel->name, end, seconds, err);
	vm_free(vm);
	return NULL;
}

static int usable(struct error *err)
{
#ifdef __x86_64__
	if (process_find(VM_PROGRAM, NULL))
		return 0;
	return error_set(err, 0, "QEMU (" VM_PROGRAM ") is not installed: apt-get install qemu-system-x86, dnf install "
			 "qemu-system-x86-core, or use -t uml or -t host");
#else
	return error_set(err, 0, "the vm target runs x86-64 guests, and this is another machine: use -t host");
#endif
}

static char *engine(void)
{
	return process_line(VM_PROGRAM, "--version");
}

/* How the machine ended when nobody here ended it. */
static enum machine_end end_of(struct vm *vm, int status)
{
	CLEANUP_FREE char *reason = qmp_shutdown_reason(&vm->qmp);
	if (streq(reason, "guest-shutdown"))
		return MACHINE_OFF;
	if (status == 0 && reason && starts_with(reason, "guest-"))
		return MACHINE_RESET;
	return MACHINE_DIED;
}

static enum machine_end stop(struct session *s, int *status)
{
	struct vm *vm = s->priv;
	enum machine_end end = MACHINE_KILLED;
	int how = 0;
	vm->fd = s->fd;
	vm->to_fd = s->to_fd;
	vm->console_fd = s->console_fd;
	/* At end of file QEMU is on its way out; give it the moment, so that the way it ended is known. */
	char c;
	bool eof = recv(vm->to_fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	if (process_wait(vm->pid, eof ? now_ns() + 5 * SECOND : 0, &how))
		end = end_of(vm, how);
	else
		process_kill(vm->pid, &how);
	vm->pid = 0;
	vm_free(vm);
	free(s->hello);
	free(s);
	if (status)
		*status = how;
	return end;
}

static struct session *start(struct target_template *t, const struct machine_request *req, bool boot, struct error *err)
{
	struct session *s = xcalloc(1, sizeof(*s));
	struct vm *vm = NULL;
	if (!boot && t->facts->frozen) {
		struct error why;
		vm = vm_clone(t, req, &why);
		if (!vm)
			snprintf(s->note, sizeof(s->note), "booted, because the frozen machine could not be restored: %.400s", why.text);
	} else if (!boot) {
		snprintf(s->note, sizeof(s->note), "booted, because the machine could not be frozen: %.400s", t->facts->note);
	}
	if (!vm) {
		vm = vm_boot(t, req, VM_BOOT, t->facts->kvm, &s->hello, err);
		s->booted = true;
	}
	if (!vm) {
		free(s);
		return NULL;
	}
	s->fd = vm->fd;
	s->to_fd = vm->to_fd;
	s->trickles = true;
	s->console_fd = vm->console_fd;
	s->pid = vm->pid;
	s->priv = vm;
	return s;
}

const struct target_ops target_vm = {
	.name = "vm",
	.throw_away = true,
	.boots_kernels = true,
	.boot_seconds = 6,	/* and the restore that tries the template; under KVM less */
	.usable = usable,
	.engine = engine,
	.reserve = vm_reserve,
	.prepare = vm_prepare,
	.release = vm_release,
	.start = start,
	.act = vm_act,
	.stop = stop,
};
