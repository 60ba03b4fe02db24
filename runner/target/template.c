// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A template: a machine that booted once, up to the agent's hello, and stands still in memory files. Its RAM is not
 * part of the migration stream (x-ignore-shared) but stays in the files QEMU had mapped; clones map them privately
 * (but see vm_ram_in_files()).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/util.h"
#include "kernel/image.h"
#include "target/initramfs.h"
#include "target/tcg.h"
#include "target/vm.h"

#define SECOND INT64_C(1000000000)
#define SAVE_SECONDS 60
#define RESTORE_SECONDS 30
#define PROBE_SECONDS 10
#define MIN_MEMORY (UINT64_C(64) << 20)

static int check_shape(const struct machine_request *req, struct error *err)
{
	const struct shape *s = req->shape;
	char a[32], b[32];
	uint64_t sum = 0;
	if (s->cpus < 1 || s->cpus > 64)
		return error_set(err, 0, "a machine with %d CPUs cannot be: 1 to 64", s->cpus);
	if (s->nodes > VM_MAX_NODES)
		return error_set(err, 0, "a machine with %d nodes cannot be: %d at most", s->nodes, VM_MAX_NODES);
	if (s->memory < MIN_MEMORY || s->memory % (1 << 20))
		return error_set(err, 0, "a machine with %s of memory cannot be: whole MiB, and %s at least",
				 format_size(s->memory, a), format_size(MIN_MEMORY, b));
	for (int i = 0; s->nodes > 1 && i < s->nodes; i++) {
		if (s->node_memory[i] % (1 << 20))
			return error_set(err, 0, "node %d: its memory must be whole MiB, not %s", i,
					 format_size(s->node_memory[i], a));
		sum += s->node_memory[i];
	}
	if (s->nodes > 1 && sum != s->memory)
		return error_set(err, 0, "the nodes have %s together, but the machine has %s", format_size(sum, a),
				 format_size(s->memory, b));
	CLEANUP_FREE char *meminfo = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	const char *line = meminfo ? strstr(meminfo, "MemAvailable:") : NULL;
	uint64_t available = line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : UINT64_MAX;
	if (s->memory > available)
		return error_set(err, 0, "no room for a machine with %s of memory: %s are available here (MemAvailable); free "
				 "some, or lower `memory` of the case", format_size(s->memory, a), format_size(available, b));
	return 0;
}

void vm_release(struct target_template *t)
{
	if (!t)
		return;
	for (int i = 0; i < VM_MAX_NODES; i++)
		if (t->ram[i] >= 0)
			close(t->ram[i]);
	if (t->state >= 0)
		close(t->state);
	if (t->initramfs >= 0)
		close(t->initramfs);
	if (t->facts)
		munmap(t->facts, sizeof(*t->facts));
	free(t->release);
	free(t);
}

static int reserve_files(struct target_template *t, const struct shape *s, struct error *err)
{
	int nodes = s->nodes > 1 ? s->nodes : 1;
	for (int i = 0; i < nodes; i++) {
		t->ram[i] = memfd_new("template memory", nodes > 1 ? s->node_memory[i] : s->memory, err);
		if (t->ram[i] < 0)
			return -1;
	}
	t->state = memfd_new("template state", 0, err);
	t->initramfs = t->state < 0 ? -1 : memfd_new("initramfs", 0, err);
	if (t->initramfs < 0)
		return -1;
	void *p = mmap(NULL, sizeof(*t->facts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "cannot map a page");
	t->facts = p;
	snprintf(t->facts->note, sizeof(t->facts->note), "it was not prepared");
	return 0;
}

struct target_template *vm_reserve(const struct machine_request *req, struct error *err)
{
	struct kernel_image image;
	if (!req->kernel->image) {
		error_set(err, 0, "the vm target needs a kernel image (-k)");
		return NULL;
	}
	if (kernel_image_probe(req->kernel->image, &image, err) < 0 || check_shape(req, err) < 0)
		return NULL;
	struct target_template *t = xcalloc(1, sizeof(*t));
	memset(t->ram, -1, sizeof(t->ram));
	t->state = t->initramfs = -1;
	t->release = image.release;
	if (image.arch != IMAGE_X86_64) {
		error_set(err, 0, "%s is an arm64 kernel: the vm target boots x86-64 kernels", req->kernel->image);
		goto fail;
	}
	tcg_is_mended();	/* asked here, so that no worker has to */
	if (reserve_files(t, req->shape, err) < 0 || initramfs_write(t->initramfs, req, err) < 0)
		goto fail;
	return t;
fail:
	vm_release(t);
	return NULL;
}

/* Moves what comes from QEMU into a file, up to the end of the stream. */
static int save_stream(int from, int to, int64_t deadline_ns, struct error *err)
{
	char buf[65536];
	for (;;) {
		ssize_t n = read(from, buf, sizeof(buf));
		if (n == 0)
			return 0;
		if (n > 0 && write_all(to, buf, (size_t)n) < 0)
			return error_set(err, errno, "cannot write the state of the machine");
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		int64_t left = (deadline_ns - now_ns()) / 1000000;
		if (errno != EAGAIN || left <= 0)
			return error_set(err, errno == EAGAIN ? ETIMEDOUT : errno, "cannot read the state of the machine");
		poll(&(struct pollfd){ .fd = from, .events = POLLIN }, 1, (int)left);
	}
}

static int load_stream(int from, int to, int64_t deadline_ns, struct error *err)
{
	char buf[65536];
	off_t at = 0;
	ssize_t have;
	while ((have = pread(from, buf, sizeof(buf), at)) > 0) {
		ssize_t n = send(to, buf, (size_t)have, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			at += n;
		if (n >= 0 || errno == EINTR)
			continue;
		int64_t left = (deadline_ns - now_ns()) / 1000000;
		if (errno != EAGAIN || left <= 0)
			return error_set(err, errno == EAGAIN ? ETIMEDOUT : errno, "QEMU does not take the state of the machine");
		poll(&(struct pollfd){ .fd = to, .events = POLLOUT }, 1, (int)left);
	}
	return have < 0 ? error_set(err, errno, "cannot read the state of the machine") : 0;
}

bool vm_ram_in_files(const struct shape *shape)
{
	return !shape->balloon;
}

static int set_capabilities(const struct vm *vm, struct qmp *q, int64_t deadline_ns, struct error *err)
{
	return qmp_command(q, "migrate-set-capabilities",
			   json_pack("{s:[{s:s,s:b},{s:s,s:b}]}", "capabilities", "capability", "x-ignore-shared", "state",
				     vm_ram_in_files(vm->shape), "capability", "events", "state", 1), -1, deadline_ns, err);
}

/* Gives QEMU one end of a socket pair under the name "state". The other end, or -1. */
static int give_state_socket(struct qmp *q, int64_t deadline_ns, struct error *err)
{
	int ours, theirs;
	if (socket_pair(&ours, &theirs, err) < 0)
		return -1;
	int r = qmp_command(q, "getfd", json_pack("{s:s}", "fdname", "state"), theirs, deadline_ns, err);
	close(theirs);
	if (r < 0)
		close(ours);
	return r < 0 ? -1 : ours;
}

int vm_freeze(struct target_template *t, struct vm *vm, struct error *err)
{
	struct qmp *q = &vm->qmp;
	int64_t deadline = now_ns() + SAVE_SECONDS * SECOND;
	if (qmp_command(q, "stop", NULL, -1, deadline, err) < 0 || set_capabilities(vm, q, deadline, err) < 0)
		return -1;
	CLEANUP_FD int state = give_state_socket(q, deadline, err);
	if (state < 0 || ftruncate(t->state, 0) < 0 || lseek(t->state, 0, SEEK_SET) < 0)
		return -1;
	if (qmp_command(q, "migrate", json_pack("{s:s}", "uri", "fd:state"), -1, deadline, err) < 0)
		return -1;
	/* A socket, not a file: QEMU 9.1 and later want files named by path. */
	if (save_stream(state, t->state, deadline, err) < 0)
		return -1;
	return qmp_await_migration(q, deadline, err);
}

/*
 * Does the agent of a restored machine answer? The serial port, the interrupt, the scheduler and the agent must all
 * work for that. Between plans the agent answers a probe with the same line.
 */
static int probe(struct vm *vm, struct error *err)
{
	static const char line[] = "{\"probe\": 1}\n";
	int64_t deadline = now_ns() + PROBE_SECONDS * SECOND;
	if (send(vm->to_fd, line, sizeof(line) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(line) - 1)
		return error_set(err, errno, "the restored machine takes no input");
	char *answer = NULL;
	enum message_end end = message_wait(vm->fd, vm->console_fd, "probe", deadline, &vm->console, &answer);
	free(answer);
	if (end == MESSAGE_EOF)
		return error_set(err, 0, "the restored machine went away");
	if (end != MESSAGE_SEEN)
		return error_set(err, 0, "the restored machine does not answer within %d s", PROBE_SECONDS);
	return 0;
}

static int restore(const struct target_template *t, struct vm *vm, struct error *err)
{
	struct qmp *q = &vm->qmp;
	int64_t deadline = now_ns() + RESTORE_SECONDS * SECOND;
	if (set_capabilities(vm, q, deadline, err) < 0)
		return -1;
	CLEANUP_FD int state = give_state_socket(q, deadline, err);
	if (state < 0)
		return -1;
	if (qmp_command(q, "migrate-incoming", json_pack("{s:s}", "uri", "fd:state"), -1, deadline, err) < 0 ||
	    load_stream(t->state, state, deadline, err) < 0 || qmp_await_migration(q, deadline, err) < 0 ||
	    qmp_command(q, "cont", NULL, -1, deadline, err) < 0)
		return -1;
	return probe(vm, err);
}

struct vm *vm_clone(const struct target_template *t, const struct machine_request *req, struct error *err)
{
	struct vm *vm = vm_launch(t, req, VM_CLONE, t->facts->kvm, "", err);
	if (vm && restore(t, vm, err) < 0) {
		if (vm->qmp.eof)
			vm_tell_end(vm, err);
		vm_free(vm);
		return NULL;
	}
	return vm;
}

/* Boots under KVM if that is worth trying, and under TCG if that fails. */
static struct vm *boot_template(struct target_template *t, const struct machine_request *req, char **hello,
				struct error *err)
{
	const char *image = req->kernel->image;
	if (kvm_try(image)) {
		struct vm *vm = vm_boot(t, req, VM_TEMPLATE, true, hello, err);
		kvm_remember(image, vm);
		t->facts->kvm = vm;
		if (vm)
			return vm;
		/* Nothing of the failed attempt may be in the memory of the next. */
		for (int i = 0; i < VM_MAX_NODES && t->ram[i] >= 0; i++) {
			off_t size = lseek(t->ram[i], 0, SEEK_END);
			if (ftruncate(t->ram[i], 0) < 0 || ftruncate(t->ram[i], size) < 0)
				return NULL;
		}
	}
	return vm_boot(t, req, VM_TEMPLATE, false, hello, err);
}

int vm_prepare(struct target_template *t, const struct machine_request *req, int hello_fd, struct error *err)
{
	CLEANUP_FREE char *hello = NULL;
	struct vm *vm = boot_template(t, req, &hello, err);
	if (!vm)
		return -1;
	/* A machine that cannot be frozen is no failure: every test boots then, and says why. */
	struct error why = { .text = "" };
	bool frozen = vm_freeze(t, vm, &why) == 0;
	if (!frozen && vm->qmp.eof)
		vm_tell_end(vm, &why);
	vm_free(vm);
	vm = frozen ? vm_clone(t, req, &why) : NULL;
	t->facts->frozen = vm;
	snprintf(t->facts->note, sizeof(t->facts->note), "%.500s", why.text);
	vm_free(vm);
	if (dprintf(hello_fd, "%s\n", hello) < 0)
		return error_set(err, errno, "cannot pass on the agent's hello");
	return 0;
}
