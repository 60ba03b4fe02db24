// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes, streams and QEMU's control socket: what machines are started, heard and ended with. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/util.h"
#include "target/console.h"
#include "target/process.h"
#include "target/qmp.h"
#include "target/sealed.h"
#include "target/tcg.h"
#include "target/vm.h"
#include "tests/harness.h"

#define SOON (now_ns() + INT64_C(20000000000))

static pid_t shell(const char *script, const int *keep, size_t n_keep, int output_fd)
{
	struct argv a = { 0 };
	struct error err;
	argv_add(&a, "sh");
	argv_opt(&a, "-c", "%s", script);
	pid_t pid = process_spawn(&a, keep, n_keep, output_fd, &err);
	argv_free(&a);
	ck_assert_msg(pid > 0, "%s", err.text);
	return pid;
}

/* True at end of file, false when nothing came within the time. */
static bool closes(int fd, int ms)
{
	char c;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, ms) > 0 && read(fd, &c, 1) == 0;
}

START_TEST(spawn)
{
	struct argv a = { 0 };
	struct error err;
	int status, out = memfd_new("out", 0, NULL), kept[2], other[2];
	char buf[64];
	ck_assert_int_eq(pipe2(kept, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe(other), 0);	/* not close-on-exec, and yet not inherited */
	char script[128];
	snprintf(script, sizeof(script), "echo hi >&2; echo x >&%d; (: >&%d) 2>/dev/null || echo closed; exit 3", kept[1], other[1]);
	pid_t pid = shell(script, &kept[1], 1, out);
	ck_assert_int_eq(process_wait(pid, SOON, &status), 1);
	CLEANUP_FREE char *said = memfd_text(out, 1000);
	ck_assert_str_eq(said, "hi; closed");
	ck_assert_int_eq((int)read(kept[0], buf, sizeof(buf)), 2);
	ck_assert_str_eq(process_status(status, buf), "exit status 3");
	argv_add(&a, "/nonexistent/program");
	ck_assert_int_lt(process_spawn(&a, NULL, 0, -1, &err), 0);
	ck_assert_str_eq(err.text, "cannot start /nonexistent/program: No such file or directory");
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);	/* nothing left to reap */
	argv_free(&a);
	pid = shell("exec sleep 1000", NULL, 0, -1);
	ck_assert_int_eq(process_wait(pid, 0, &status), 0);
	process_kill(pid, &status);
	ck_assert_str_eq(process_status(status, buf), "killed by signal 9 (Killed)");
}
END_TEST

/* The child of a process that dies: spawn()'s dies with it, spawn_heir()'s lives until its stream closes. */
static bool outlives(pid_t (*start)(const struct argv *, const int *, size_t, int, struct error *))
{
	int life[2], end[2], ready;
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(end, O_CLOEXEC), 0);
	pid_t parent = fork();
	if (parent == 0) {
		struct argv a = { 0 };
		argv_add(&a, "sh");
		argv_opt(&a, "-c", "read x <&%d", end[0]);
		_exit(start(&a, (int[]){ life[1], end[0] }, 2, -1, NULL) < 0);
	}
	ck_assert_int_eq(waitpid(parent, &ready, 0), parent);
	ck_assert_int_eq(ready, 0);
	close(life[1]);
	bool lives = !closes(life[0], 1000);
	close(end[1]);
	ck_assert(!lives || closes(life[0], 20000));
	return lives;
}

START_TEST(deaths)
{
	ck_assert(!outlives(process_spawn));
	ck_assert(outlives(process_spawn_heir));
}
END_TEST

/* A program with children in the background, in its session and in one of their own, that ends in three ways: nobody
 * holds the pipe afterwards. */
static void sealed_case(const char *end, bool by_lifeline, bool want_ended, int want_status)
{
	struct argv a = { 0 };
	struct sealed s;
	struct error err;
	int life[2];
	bool ended;
	char c[2];
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	argv_add(&a, "sh");
	argv_opt(&a, "-c", "sh -c 'echo >&%d; sleep 1000; :' & setsid sh -c '(echo >&%d; sleep 1000; :) & sleep 1000; :' & %s",
		 life[1], life[1], end);
	ck_assert_msg(sealed_spawn(&s, &a, &life[1], 1, -1, &err) == 0, "%s", err.text);
	argv_free(&a);
	close(life[1]);
	if (by_lifeline)
		ck_assert(read(life[0], c, 1) == 1 && read(life[0], c + 1, 1) == 1);
	int status = sealed_end(&s, by_lifeline ? 0 : SOON, &ended);
	ck_assert_int_eq(ended, want_ended);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), want_status);
	while (!closes(life[0], 20000))	/* the lines they wrote, one byte each */
		ck_assert_int_gt(poll(&(struct pollfd){ .fd = life[0], .events = POLLIN }, 1, 0), 0);
	close(life[0]);		/* a shell may know descriptors of one digit only */
}

static void sealed_cases(void)
{
	sealed_case("exit 7", false, true, 7);
	sealed_case("kill -ABRT $$", false, true, 128 + SIGABRT);
	sealed_case("wait", true, false, 128 + SIGKILL);
}

START_TEST(sealed)
{
	sealed_cases();
	setenv("OOMTESTS_SEAL", "session", 1);
	sealed_cases();
}
END_TEST

START_TEST(tails)
{
	struct tail *t = xcalloc(1, sizeof(*t));
	CLEANUP_FREE char *none = tail_lines(t, 3);
	ck_assert_str_eq(none, "");
	static const char text[] = "one\r\n\n\033[31mtwo\nKernel panic - not syncing: x\nfour";
	tail_add(t, text, sizeof(text) - 1);
	CLEANUP_FREE char *two = tail_lines(t, 2);
	ck_assert_str_eq(two, "Kernel panic - not syncing: x; four");
	CLEANUP_FREE char *all = tail_lines(t, 9);
	ck_assert_str_eq(all, "one; [31mtwo; Kernel panic - not syncing: x; four");
	CLEANUP_FREE char *panic = tail_find(t, "panic");
	ck_assert_str_eq(panic, "panic - not syncing: x");
	ck_assert_ptr_null(tail_find(t, "absent"));
	/* only the end is kept, wherever the cuts are */
	for (int i = 0; i < 5000; i++)
		tail_add(t, "0123456789\n", 11);
	tail_add(t, "end", 3);
	CLEANUP_FREE char *last = tail_lines(t, 2);
	ck_assert_str_eq(last, "0123456789; end");
	ck_assert_ptr_null(tail_find(t, "panic"));
	ck_assert_uint_eq(t->total, sizeof(text) - 1 + 55000 + 3);
	free(t);
}
END_TEST

/* What it reads and what it says go different ways, and neither is its standard error. */
START_TEST(talking)
{
	struct argv a = { 0 };
	struct error err;
	int to, in, from, out, status;
	char buf[16] = "";
	ck_assert_int_eq(socket_pair(&to, &in, &err), 0);
	ck_assert_int_eq(wide_pipe(&from, &out, &err), 0);
	int said = memfd_new("said", 0, &err);
	argv_add(&a, "sh");
	argv_opt(&a, "-c", "read x; echo got $x; echo bad >&2");
	pid_t pid = process_spawn_talking(&a, NULL, 0, in, out, said, &err);
	ck_assert_int_gt(pid, 0);
	argv_free(&a);
	close(in);
	close(out);
	ck_assert_int_eq((int)write(to, "it\n", 3), 3);
	ck_assert_int_eq(process_wait(pid, SOON, &status), 1);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq((int)read(from, buf, sizeof(buf)), 7);
	ck_assert_str_eq(buf, "got it\n");
	ck_assert_int_eq((int)read(from, buf, sizeof(buf)), 0);
	CLEANUP_FREE char *text = memfd_text(said, 100);
	ck_assert_str_eq(text, "bad");
	close(to);
	close(from);
	close(said);
}
END_TEST

START_TEST(hello)
{
	struct tail console = { 0 };
	struct error err;
	int ours, theirs, con[2];
	char *line = NULL, buf[64];
	ck_assert_int_eq(socket_pair(&ours, &theirs, &err), 0);
	ck_assert_int_eq(pipe2(con, O_NONBLOCK), 0);
	dprintf(theirs, "noise\n{\"other\":1}\n\"hello\"\n{\"hello\":{\"a\":1}}\n{\"next\":2}\n");
	dprintf(con[1], "console text\n");
	ck_assert_int_eq(message_wait(ours, con[0], "hello", SOON, &console, &line), MESSAGE_SEEN);
	ck_assert_str_eq(line, "{\"hello\":{\"a\":1}}");
	free(line);
	/* what follows is the caller's */
	ck_assert_int_eq((int)read(ours, buf, sizeof(buf)), 11);
	ck_assert_int_eq(memcmp(buf, "{\"next\":2}\n", 11), 0);
	ck_assert_uint_eq(console.total, 13);
	int64_t before = now_ns();
	ck_assert_int_eq(message_wait(ours, con[0], "hello", before + 100000000, &console, &line), MESSAGE_LATE);
	ck_assert_int_ge(now_ns() - before, 90000000);
	dprintf(con[1], "Kernel panic - not syncing\n");
	ck_assert_int_eq(message_wait(ours, con[0], "hello", SOON, &console, &line), MESSAGE_PANIC);
	dprintf(theirs, "{\"hel");
	close(theirs);
	ck_assert_int_eq(message_wait(ours, con[0], "hello", SOON, &console, &line), MESSAGE_EOF);
}
END_TEST

/* What QEMU says is in the socket before it is asked: the order is what counts. */
START_TEST(qmp)
{
	struct qmp q;
	struct error err;
	int ours, theirs;
	ck_assert_int_eq(socket_pair(&ours, &theirs, &err), 0);
	dprintf(theirs, "{\"QMP\":{}}\n{\"return\":{}}\n");
	ck_assert_int_eq(qmp_open(&q, ours, SOON, &err), 0);
	/* events before the answer are kept */
	dprintf(theirs, "{\"event\":\"MIGRATION\",\"data\":{\"status\":\"active\"}}\n"
			 "{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}\n{\"return\":{}}\n");
	int passed = memfd_create("passed", 0);
	ck_assert_int_eq(qmp_command(&q, "getfd", json_pack("{s:s}", "fdname", "x"), passed, SOON, &err), 0);
	ck_assert_int_eq(qmp_await_migration(&q, SOON, &err), 0);
	dprintf(theirs, "{\"error\":{\"class\":\"X\",\"desc\":\"no such thing\"}}\n");
	ck_assert_int_lt(qmp_command(&q, "fly", NULL, -1, SOON, &err), 0);
	ck_assert_str_eq(err.text, "QEMU refuses fly: no such thing");
	dprintf(theirs, "{\"event\":\"MIGRATION\",\"data\":{\"status\":\"failed\"}}\n{\"return\":{\"error-desc\":\"bad block\"}}\n");
	ck_assert_int_lt(qmp_await_migration(&q, SOON, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "bad block"));
	ck_assert_ptr_null(qmp_shutdown_reason(&q));
	dprintf(theirs, "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-reset\"}}\n");
	CLEANUP_FREE char *reason = qmp_shutdown_reason(&q);
	ck_assert_str_eq(reason, "guest-reset");
	ck_assert_int_lt(qmp_command(&q, "wait", NULL, -1, now_ns() + 50000000, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "did not answer to wait"));

	/* the descriptor went along with the command, as SCM_RIGHTS */
	char text[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n;
	int with_fd = 0;
	while ((n = recvmsg(theirs, &msg, MSG_DONTWAIT)) > 0) {
		if (CMSG_FIRSTHDR(&msg)) {
			with_fd++;
			ck_assert_ptr_nonnull(memmem(text, (size_t)n, "getfd", 5));
		}
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
	}
	ck_assert_int_eq(with_fd, 1);
	close(theirs);
	ck_assert_int_lt(qmp_command(&q, "stop", NULL, -1, SOON, &err), 0);
	qmp_close(&q);
}
END_TEST

static char *joined(const struct argv *a)
{
	char *all = xstrdup("");
	for (size_t i = 0; i < a->n; i++) {
		char *longer = xasprintf("%s%s ", all, a->v[i]);
		free(all);
		all = longer;
	}
	return all;
}

static char *arguments(const struct shape *shape, enum vm_mode mode, bool kvm)
{
	struct kernel kernel = { .name = (char *)"k", .image = (char *)"/boot/k", .cmdline = (char *)"own=1" };
	struct machine_request req = { .kernel = &kernel, .shape = shape };
	struct vm_fds fds = { .ram = { 10, 11 }, .initramfs = 12, .disk = 13, .console = 14, .qmp = 15 };
	struct argv a = { 0 };
	qemu_args(&a, &req, &fds, mode, kvm, "");
	char *all = joined(&a);
	argv_free(&a);
	return all;
}

#define has(text, what) ck_assert_msg(strstr(text, what), "\"%s\" is not in \"%s\"", what, text)
#define lacks(text, what) ck_assert_msg(!strstr(text, what), "\"%s\" is in \"%s\"", what, text)

START_TEST(qemu)
{
	const struct shape one = { .memory = 512 << 20, .cpus = 1, .nodes = 1, .cmdline = (char *)"more=1" };
	const struct shape two = { .memory = 384 << 20, .cpus = 3, .nodes = 2, .node_memory = { 128 << 20, 256 << 20 },
				   .disk = true, .cmdline = (char *)"" };
	CLEANUP_FREE char *template = arguments(&one, VM_TEMPLATE, false), *clone = arguments(&one, VM_CLONE, false);
	CLEANUP_FREE char *boot = arguments(&one, VM_BOOT, true), *numa = arguments(&two, VM_CLONE, false);
	has(template, "mem-path=/proc/self/fd/10,share=on");
	has(template, "size=536870912");
	has(template, "thread=single");
	has(template, "-initrd /proc/self/fd/12");
	has(template, " own=1 more=1 ");
	lacks(template, "-incoming");
	lacks(template, "virtio-blk");
	has(clone, "mem-path=/proc/self/fd/10,share=off");
	has(clone, "-incoming defer");
	lacks(clone, "-kernel");
	has(boot, "memory-backend-ram");
	has(boot, "-accel kvm -cpu host");
	lacks(boot, "/fd/10");
	lacks(boot, "tsc_early_khz");	/* hardware tells */
	lacks(boot, "watchdog_thresh");
#ifdef __x86_64__
	has(template, " tsc_early_khz=");
	has(template, " watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300");
#endif
	has(numa, "-numa node,nodeid=0,memdev=mem0,cpus=0,cpus=2");
	has(numa, "-numa node,nodeid=1,memdev=mem1,cpus=1");
	has(numa, "id=mem1,size=268435456,mem-path=/proc/self/fd/11,share=off");
	has(numa, "sockets=3");
	has(numa, tcg_is_mended() ? "thread=multi" : "thread=single");
	has(numa, tcg_is_mended() ? "qemu64,+rdrand,+rdseed" : "qemu64,+rdrand,+rdseed,-cx16");
	has(numa, "filename=/proc/self/fd/13");
	lacks(numa, "memory-backend=mem0");
}
END_TEST

START_TEST(what_tcg_mended)
{
	ck_assert(!tcg_mended("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"));
	ck_assert(!tcg_mended("QEMU emulator version 8.0.5"));
	ck_assert(tcg_mended("QEMU emulator version 8.1.0 (Debian 1:8.1.0+ds-1)"));
	ck_assert(tcg_mended("QEMU emulator version 10.0.2"));
	ck_assert(!tcg_mended("QEMU emulator version"));
	ck_assert(!tcg_mended("version x.y"));
	ck_assert(!tcg_mended(NULL));
}
END_TEST

START_TEST(kvm)
{
	char dir[TEST_DIR_MAX];
	test_dir(dir);
	setenv("XDG_CACHE_HOME", dir, 1);
	setenv("OOMTESTS_ACCEL", "tcg", 1);
	ck_assert(!kvm_try("/bin/sh"));
	setenv("OOMTESTS_ACCEL", "kvm", 1);
	ck_assert(kvm_try("/bin/sh"));
	unsetenv("OOMTESTS_ACCEL");
	kvm_remember("/bin/sh", false);
	kvm_remember("/bin/sh", false);
	ck_assert(!kvm_try("/bin/sh"));
	kvm_remember("/bin/sh", true);
	ck_assert_int_eq(kvm_try("/bin/sh"), access("/dev/kvm", R_OK | W_OK) == 0);
	CLEANUP_FREE char *own = xasprintf("%s/oomtests", dir), *path = xasprintf("%s/kvm", own);
	CLEANUP_FREE char *facts = read_whole_at(AT_FDCWD, path, 4096, NULL);
	ck_assert_ptr_nonnull(facts);
	size_t lines = 0;
	for (char *p = facts; (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 2);	/* what is known is not written again */
	has(facts, " no\n");
	has(facts, " yes\n");
	unlink(path);
	rmdir(own);
	rmdir(dir);
}
END_TEST

TESTS("machine", spawn, talking, deaths, sealed, tails, hello, qmp, qemu, what_tcg_mended, kvm)
