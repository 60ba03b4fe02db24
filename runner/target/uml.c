// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/uml.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/util.h"
#include "target/console.h"
#include "target/initramfs.h"
#include "target/process.h"
#include "target/sealed.h"
#include "target/swap_header.h"

#define SECOND INT64_C(1000000000)
#define PROGRAM "linux.uml"
#define MODULES "/usr/lib/uml/modules"
#define MIN_MEMORY (UINT64_C(32) << 20)
#define BOOT_SECONDS 120
#define GONE_SECONDS 5

struct target_template {
	int initramfs;
	const char *memory_dir;	/* where its memory file can be */
};

struct uml {
	struct sealed sealed;
	int fd, console_fd, output_fd;
	struct tail console;
};

static int usable(struct error *err)
{
	if (process_find(PROGRAM, NULL))
		return 0;
	return error_set(err, 0, "User Mode Linux (" PROGRAM ") is not installed: apt-get install user-mode-linux, or use -t vm");
}

/* linux.uml --version prints its release. Malloced; NULL: unknown. */
static char *own_release(void)
{
	char *text = process_line(PROGRAM, "--version");
	if (text)
		text[strcspn(text, " ")] = '\0';
	if (text && !isdigit((unsigned char)*text))
		free(TAKE_PTR(text));
	return text;
}

static char *engine(void)
{
	CLEANUP_FREE char *release = own_release();
	return xasprintf("User Mode Linux %s", release ? release : "");
}

/* Its memory is a file: in a directory that has the room, or the first page that is not there kills it with SIGBUS. */
static const char *find_memory_dir(uint64_t bytes)
{
	const char *dirs[] = { getenv("TMPDIR"), "/dev/shm", "/tmp", "/var/tmp" };
	struct statvfs fs;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] && *dirs[i] == '/' && access(dirs[i], W_OK) == 0 && statvfs(dirs[i], &fs) == 0 &&
		    !(fs.f_flag & ST_NOEXEC) && (uint64_t)fs.f_bavail * fs.f_frsize > bytes)
			return dirs[i];
	return NULL;
}

/* It never has such a machine: the errnum says so to the runner, and would be noise in the text. */
static int never(struct error *err)
{
	if (err)
		err->errnum = EOPNOTSUPP;
	return -1;
}

static int check_shape(const struct shape *s, struct error *err)
{
	char size[32], least[32];
	if (s->nodes > 1) {
		error_set(err, 0, "User Mode Linux has no NUMA nodes: use -t vm");
		return never(err);
	}
	if (s->cpus > 1) {
		error_set(err, 0, "User Mode Linux has one CPU, not %d: use -t vm", s->cpus);
		return never(err);
	}
	if (s->plug || s->balloon) {
		error_set(err, 0, "User Mode Linux has neither memory modules nor a balloon: use -t vm");
		return never(err);
	}
	if (s->memory < MIN_MEMORY)
		return error_set(err, 0, "a machine with %s of memory cannot be: %s at least", format_size(s->memory, size),
				 format_size(MIN_MEMORY, least));
	return 0;
}

static void release(struct target_template *t)
{
	if (!t)
		return;
	if (t->initramfs >= 0)
		close(t->initramfs);
	free(t);
}

static struct target_template *reserve(const struct machine_request *req, struct error *err)
{
	char size[32];
	if (check_shape(req->shape, err) < 0)
		return NULL;
	const char *dir = find_memory_dir(req->shape->memory);
	if (!dir) {
		error_set(err, 0, "no directory has %s free for the machine's memory: make room in /dev/shm or /tmp, or set TMPDIR",
			  format_size(req->shape->memory, size));
		return NULL;
	}
	/* Its kernel is its own, whatever -k says. Its disks need no module. */
	CLEANUP_FREE char *own = own_release();
	CLEANUP_FREE char *modules = own ? xasprintf(MODULES "/%s", own) : NULL;
	CLEANUP_FREE char *dep = own ? xasprintf("%s/modules.dep", modules) : NULL;
	struct kernel kernel = { .name = (char *)PROGRAM, .modules = dep && access(dep, R_OK) == 0 ? modules : NULL };
	struct shape shape = *req->shape;
	struct machine_request inside = *req;
	shape.disk = false;
	inside.kernel = &kernel;
	inside.shape = &shape;
	struct target_template *t = xcalloc(1, sizeof(*t));
	t->memory_dir = dir;
	t->initramfs = memfd_new("initramfs", 0, err);
	if (t->initramfs < 0 || initramfs_write(t->initramfs, &inside, err) < 0) {
		release(t);
		return NULL;
	}
	return t;
}

struct uml_fds {
	int initramfs, disk, agent, console;
};

static void uml_args(struct argv *a, const struct target_template *t, const struct machine_request *req,
		     const struct uml_fds *fds)
{
	argv_add(a, "env");
	argv_add(a, "TMPDIR=%s", t->memory_dir);
	argv_add(a, PROGRAM);
	argv_add(a, "mem=%lluM", (unsigned long long)req->shape->memory >> 20);
	argv_add(a, "initrd=/proc/self/fd/%d", fds->initramfs);
	/* con0 and ssl0 are input,output: nothing is typed on the console. No other console is to open an xterm. */
	argv_add(a, "con0=null,fd:%d", fds->console);
	argv_add(a, "con=null");
	argv_add(a, "ssl0=fd:%d", fds->agent);
	argv_add(a, "ssl=null");
	/* Its management socket would be a name on disk: there it cannot be made, and it does without. */
	argv_add(a, "uml_dir=/dev/null/");
	if (fds->disk >= 0)
		argv_add(a, "ubd0=/proc/self/fd/%d", fds->disk);
	/* Each old-style pty costs a usermode helper: 256 of them take three quarters of the boot. */
	argv_add(a, "pty.legacy_count=0");
	/* No panic=: it would boot again in the same process. A panic ends it by SIGABRT. */
	argv_add(a, "quiet");
	argv_add(a, "loglevel=1");
	argv_add(a, "log_buf_len=4M");
	argv_add(a, "printk.devkmsg=on");
	argv_add(a, "oomtests.port=ttyS0");
	CLEANUP_FREE char *more = xasprintf("%s %s", req->kernel->cmdline ? req->kernel->cmdline : "",
					    req->shape->cmdline ? req->shape->cmdline : "");
	char *save = NULL;
	for (char *word = strtok_r(more, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv_add(a, "%s", word);
}

static void uml_free(struct uml *u)
{
	bool ended;
	if (u->sealed.pid > 0)
		sealed_end(&u->sealed, 0, &ended);
	const int fds[] = { u->fd, u->console_fd, u->output_fd };
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(u);
}

static struct uml *launch(const struct target_template *t, const struct machine_request *req, struct error *err)
{
	struct uml_fds fds = { .initramfs = t->initramfs, .disk = -1, .agent = -1, .console = -1 };
	struct uml *u = xcalloc(1, sizeof(*u));
	struct argv a = { 0 };
	int r = -1;
	*u = (struct uml){ .fd = -1, .console_fd = -1, .output_fd = -1 };
	u->output_fd = memfd_new("uml output", 0, err);
	if (u->output_fd < 0 || socket_pair(&u->fd, &fds.agent, err) < 0 ||
	    wide_pipe(&u->console_fd, &fds.console, err) < 0)
		goto out;
	if (req->shape->disk) {
		fds.disk = memfd_new("swap disk", req->shape->disk_size, err);
		if (fds.disk < 0 || swap_header_write(fds.disk, req->shape->disk_size, err) < 0)
			goto out;
	}
	uml_args(&a, t, req, &fds);
	r = sealed_spawn(&u->sealed, &a, (const int *)&fds, sizeof(fds) / sizeof(int), u->output_fd, err);
out:
	argv_free(&a);
	const int theirs[] = { fds.agent, fds.console, fds.disk };
	for (size_t i = 0; i < ARRAY_SIZE(theirs); i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (r < 0) {
		uml_free(u);
		return NULL;
	}
	return u;
}

static struct uml *boot(const struct target_template *t, const struct machine_request *req, char **hello, struct error *err)
{
	struct uml *u = launch(t, req, err);
	if (!u)
		return NULL;
	enum message_end end = message_wait(u->fd, u->console_fd, "hello", now_ns() + BOOT_SECONDS * SECOND, &u->console, hello);
	if (end == MESSAGE_SEEN)
		return u;
	CLEANUP_FREE char *panic = tail_find(&u->console, "Kernel panic");
	CLEANUP_FREE char *said = memfd_text(u->output_fd, 1500);
	CLEANUP_FREE char *last = tail_lines(&u->console, 6);
	if (panic)
		error_set(err, 0, PROGRAM " panicked before the agent could speak: %s", panic);
	else
		error_set(err, 0, PROGRAM " %s; its console: %s; its output: %s",
			  end == MESSAGE_EOF ? "ended before the agent could speak" : "booted no agent within the time",
			  *last ? last : "nothing", said);
	uml_free(u);
	return NULL;
}

static struct session *start(struct target_template *t, const struct machine_request *req, bool real_boot, struct error *err)
{
	char *hello;
	(void)real_boot;
	struct uml *u = boot(t, req, &hello, err);
	if (!u)
		return NULL;
	struct session *s = xcalloc(1, sizeof(*s));
	*s = (struct session){ .fd = u->fd, .to_fd = u->fd, .console_fd = u->console_fd, .pid = u->sealed.pid, .booted = true,
			       .priv = u, .hello = hello };
	return s;
}

static enum machine_end stop(struct session *s, int *status)
{
	struct uml *u = s->priv;
	bool ended;
	char c;
	bool eof = recv(u->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	int how = sealed_end(&u->sealed, eof ? now_ns() + GONE_SECONDS * SECOND : 0, &ended);
	uml_free(u);
	free(s->hello);
	free(s);
	if (status)
		*status = how;
	if (!ended)
		return MACHINE_KILLED;
	/* An orderly end is 0; a panic aborts. */
	return how == 0 ? MACHINE_OFF : WIFEXITED(how) && WEXITSTATUS(how) == 128 + SIGABRT ? MACHINE_RESET : MACHINE_DIED;
}

const struct target_ops target_uml = {
	.name = "uml",
	.throw_away = true,
	.boot_seconds = 1,
	.usable = usable,
	.own_release = own_release,
	.engine = engine,
	.reserve = reserve,
	.release = release,
	.start = start,
	.stop = stop,
};
