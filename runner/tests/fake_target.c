// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake_target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/util.h"

#define HELLO "{\"hello\":{\"protocol\":1,\"release\":\"6.1.0-fake\"}}\n"

struct fake_counts *fake_counts;

struct target_template {
	int dummy;
};

void fake_reset(void)
{
	if (!fake_counts)
		fake_counts = mmap(NULL, sizeof(*fake_counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*fake_counts = (struct fake_counts){ .alive_fd = -1, .runner = getpid() };
}

static void say(int fd, const char *text)
{
	(void)!write_all(fd, text, strlen(text));
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

/* Reads until the plan's newline. */
static void take_plan(int fd)
{
	char c = 0;
	while (c != '\n' && read(fd, &c, 1) == 1)
		;
}

/* The runner's next line, as a note of the agent. */
static void hand_back(int in, int out)
{
	char line[512] = "", c = 0;
	for (size_t n = 0; n < sizeof(line) - 1 && read(in, &c, 1) == 1 && c != '\n';)
		if (c != '\\')
			line[n++] = c == '"' ? '\'' : c;
	dprintf(out, "{\"note\":\"%s\"}\n", line);
}

static void agent(const char *how, int in, int out, int console)
{
	if (streq(how, "no-hello"))
		return;
	if (streq(how, "mute"))
		hang();
	if (streq(how, "boot-panic")) {
		say(console, "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n");
		return;
	}
	take_plan(in);
	if (streq(how, "dies"))
		return;
	if (streq(how, "silent"))
		hang();
	if (streq(how, "late")) {
		say(out, "{\"step\":{\"i\":0,\"op\":\"await\",\"timeout\":true}}\n");
		hang();
	}
	if (streq(how, "interrupts") || streq(how, "terminates") || streq(how, "hangs up")) {
		kill(fake_counts->runner, *how == 'i' ? SIGINT : *how == 't' ? SIGTERM : SIGHUP);
		hang();
	}
	if (streq(how, "junk"))
		say(out, "[    1.0] random: crng init done\r\n{\"step\":\n\xff\xfe\x1b[2J\n{\"unknown\":1}\n");
	if (streq(how, "huge")) {
		static char block[1 << 20];
		memset(block, 'x', sizeof(block));
		for (int i = 0; i < 20; i++)
			(void)!write_all(out, block, sizeof(block));
		say(out, "\n");
	}
	if (streq(how, "asks")) {
		static const char *const orders[] = { "nmi", "unplug", "disk ok", "explode" };
		for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
			dprintf(out, "{\"host\":{\"step\":%zu,\"what\":\"%s\"}}\n", i, orders[i]);
			hand_back(in, out);
		}
	}
	if (streq(how, "flood")) {
		for (;;)
			say(out, "junk junk junk junk junk junk junk junk junk junk junk junk junk\n");
	}
	if (streq(how, "panic")) {
		say(out, "{\"step\":{\"i\":0,\"op\":\"start\"}}\n");
		say(console, "[    9.0] Kernel panic - not");
		/* the second half comes with the end of the machine: no pause is needed to make two pieces likely */
		say(console, " syncing: Out of memory: compulsory panic_on_oom is enabled\n");
		say(console, "[    9.1] ---[ end Kernel panic - not syncing ]---\n");
		return;
	}
	say(out, "{\"begin\":{\"t\":4000000}}\n");
	say(out, "{\"step\":{\"i\":0,\"op\":\"start\"}}\n");
	say(out, "{\"kmsg\":[{\"seq\":1,\"t\":5,\"text\":\"Out of memory: Killed process 7 (big)\"}]}\n");
	say(out, "{\"end\":{\"removed\":true,\"t\":3000000}}\n");
	hang();
}

static int usable(struct error *err)
{
	(void)err;
	return 0;
}

static struct target_template *reserve(const struct machine_request *req, struct error *err)
{
	__atomic_add_fetch(&fake_counts->reserved, 1, __ATOMIC_SEQ_CST);
	if (streq(req->kernel->name, "unreservable")) {
		error_set(err, EOPNOTSUPP, "this target has one NUMA node");
		return NULL;
	}
	return xcalloc(1, sizeof(struct target_template));
}

static int prepare(struct target_template *t, const struct machine_request *req, int hello_fd, struct error *err)
{
	(void)t;
	__atomic_add_fetch(&fake_counts->prepared, 1, __ATOMIC_SEQ_CST);
	if (streq(req->kernel->name, "unbootable"))
		return error_set(err, 0, "the kernel did not boot");
	if (streq(req->kernel->name, "crashing"))
		raise(SIGKILL);
	say(hello_fd, HELLO);
	return 0;
}

static void release(struct target_template *t)
{
	__atomic_add_fetch(&fake_counts->released, 1, __ATOMIC_SEQ_CST);
	free(t);
}

/* The request has no place for a behaviour: the shape's command line carries it. */
static struct session *start(struct target_template *t, const struct machine_request *req, bool boot, struct error *err)
{
	(void)t;
	const char *how = req->shape->cmdline;
	int to[2], words[2], console[2];	/* as from a serial port: what is said goes another way */
	if (streq(how, "unstartable")) {
		error_set(err, 0, "QEMU would not start");
		return NULL;
	}
	if (streq(how, "crash"))
		raise(SIGKILL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to) < 0 || pipe2(words, O_CLOEXEC) < 0 || pipe2(console, O_CLOEXEC) < 0) {
		error_set(err, errno, "no pipes");
		return NULL;
	}
	pid_t worker = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != worker)
			_exit(1);
		close(to[0]);
		close(words[0]);
		close(console[0]);
		if (boot && !streq(how, "no-hello") && !streq(how, "mute") && !streq(how, "boot-panic"))
			say(words[1], HELLO);
		agent(how, to[1], words[1], console[1]);
		_exit(7);
	}
	close(to[1]);
	close(words[1]);
	close(console[1]);
	fcntl(to[0], F_SETFL, O_NONBLOCK);
	fcntl(words[0], F_SETFL, O_NONBLOCK);
	fcntl(console[0], F_SETFL, O_NONBLOCK);
	struct session *s = xcalloc(1, sizeof(*s));
	*s = (struct session){ .fd = words[0], .to_fd = to[0], .trickles = true, .console_fd = console[0], .pid = pid };
	__atomic_add_fetch(&fake_counts->started, 1, __ATOMIC_SEQ_CST);
	return s;
}

static enum machine_end stop(struct session *s, int *status)
{
	enum machine_end end = MACHINE_DIED;
	/* it may be on its way out: then its own end is what counts */
	if (waitpid(s->pid, status, WNOHANG) != s->pid) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, status, 0);
		end = WIFEXITED(*status) ? MACHINE_DIED : MACHINE_KILLED;
	}
	close(s->fd);
	close(s->to_fd);
	close(s->console_fd);
	free(s);
	__atomic_add_fetch(&fake_counts->stopped, 1, __ATOMIC_SEQ_CST);
	return end;
}

static int act(struct session *s, const struct host_order *order, int64_t deadline_ns, struct error *err)
{
	(void)s;
	(void)deadline_ns;
	if (order->deed == HOST_NMI)
		return 0;
	return order->deed == HOST_UNPLUG ? EBUSY : error_set(err, 0, "no such disk");
}

const struct target_ops fake_target = {
	.name = "fake",
	.throw_away = true,
	.boots_kernels = true,
	.usable = usable,
	.reserve = reserve,
	.prepare = prepare,
	.release = release,
	.start = start,
	.act = act,
	.stop = stop,
};
