// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/util.h"
#include "target/console.h"
#include "target/process.h"

#define SECOND INT64_C(1000000000)
#define ASK_SECONDS 120		/* a connection, a word */
#define COPY_SECONDS 300	/* two megabytes over a slow line */
#define END_SECONDS 90		/* ending tasks, removing cgroups, the directory */

struct target_template {
	char unused;
};

struct remote {
	pid_t pid;		/* ssh; 0: ended */
	int fd, output_fd;
};

static char *destination;	/* one device a run */
static char *release_there;

void ssh_to(const char *where)
{
	free(destination);
	destination = xstrdup(where);
}

/* ssh, its options, the destination. BatchMode: nobody is there to answer. The first value of an option counts. */
static void ssh_command(struct argv *a)
{
	const char *set = getenv("OOMTESTS_SSH");
	CLEANUP_FREE char *words = xstrdup(set && *set ? set : "ssh");
	for (char *save = NULL, *word = strtok_r(words, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save))
		argv_add(a, "%s", word);
	if (!a->n)
		argv_add(a, "ssh");
	argv_add(a, "-T");
	argv_opt(a, "-o", "BatchMode=yes");
	argv_opt(a, "-o", "ConnectTimeout=20");
	argv_opt(a, "-o", "ServerAliveInterval=15");
	argv_add(a, "--");
	argv_add(a, "%s", destination);
}

static void remote_clear(struct remote *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->output_fd >= 0)
		close(r->output_fd);
	r->fd = r->output_fd = -1;
}

/* Starts a command of the device's shell; `command` has no single quote. */
static int remote_start(struct remote *r, const char *command, struct error *err)
{
	struct argv a = { 0 };
	int theirs = -1;
	*r = (struct remote){ .fd = -1 };
	r->output_fd = memfd_new("ssh output", 0, err);
	if (r->output_fd < 0 || socket_pair(&r->fd, &theirs, err) < 0) {
		remote_clear(r);
		return -1;
	}
	ssh_command(&a);
	/* whatever the user's shell is: sh, and its words in single quotes */
	argv_add(&a, "exec sh -c '%s'", command);
	pid_t pid = process_spawn_stream(&a, theirs, r->output_fd, err);
	argv_free(&a);
	close(theirs);
	if (pid < 0) {
		remote_clear(r);
		return -1;
	}
	r->pid = pid;
	return 0;
}

/* Closes the stream, at which the other side cleans up, and waits for ssh's end. */
static int remote_end(struct remote *r)
{
	int status = 0;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	if (r->pid > 0 && !process_wait(r->pid, now_ns() + END_SECONDS * SECOND, &status))
		process_kill(r->pid, &status);
	r->pid = 0;
	return status;
}

/* What went wrong, in the words of ssh or of the device's shell. */
static int remote_trouble(struct remote *r, const char *what, struct error *err)
{
	char how[64];
	int status = remote_end(r);
	CLEANUP_FREE char *said = memfd_text(r->output_fd, 800);
	remote_clear(r);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 255)	/* ssh's own; the device's words have other ones */
		what = "the connection failed, or ended";
	return error_set(err, 0, "%s: %s (%s)%s%s", destination, what, process_status(status, how), *said ? ": " : "", said);
}

/* Waits for a line {"KEY": …}. Malloced; NULL: it did not come. */
static char *remote_line(const struct remote *r, const char *key, int seconds)
{
	struct tail none = { 0 };
	char *line = NULL;
	return message_wait(r->fd, -1, key, now_ns() + seconds * SECOND, &none, &line) == MESSAGE_SEEN ? line : NULL;
}

/* The device's release; an error when it is of another architecture than the agent. */
static int ask(char **release, struct error *err)
{
	struct remote r;
	struct utsname here;
	char machine[66], version[66];
	if (remote_start(&r, "echo \"{\\\"is\\\":\\\"$(uname -m) $(uname -r)\\\"}\"", err) < 0)
		return -1;
	CLEANUP_FREE char *line = remote_line(&r, "is", ASK_SECONDS);
	if (!line || sscanf(line, "{\"is\":\"%65[^ \"] %65[^ \"]\"}", machine, version) != 2)
		return remote_trouble(&r, "the device can't be reached, or has no sh and uname", err);
	remote_end(&r);
	remote_clear(&r);
	if (uname(&here) == 0 && !streq(here.machine, machine))
		return error_set(err, 0, "%s is %s, and the agent here is built for %s: build oomtests for it", destination, machine,
				 here.machine);
	*release = xstrdup(version);
	return 0;
}

static int usable(struct error *err)
{
	if (!destination || !*destination)
		return error_set(err, 0, "the device is missing: -t ssh:[USER@]HOST"), error_is_input(err);
	if (*destination == '-')
		return error_set(err, 0, "\"%s\" is no [USER@]HOST", destination), error_is_input(err);
	return release_there ? 0 : ask(&release_there, err);
}

static char *own_release(void)
{
	return release_there ? xstrdup(release_there) : NULL;
}

static struct target_template *reserve(const struct machine_request *req, struct error *err)
{
	(void)req;
	(void)err;
	return xcalloc(1, sizeof(struct target_template));
}

static void release(struct target_template *t)
{
	free(t);
}

/*
 * What the device's shell does: takes the two programs, each when it has said that it is ready for it (what head reads ahead
 * can then be nothing else's), runs the agent, and leaves nothing. A journal that is left is an agent that was killed.
 */
static char *script(int64_t agent, int64_t load)
{
	return xasprintf("umask 077; d=$(mktemp -d \"${TMPDIR:-/tmp}/oomtests-XXXXXX\") || exit 3; "
			 "trap \"\" HUP PIPE TERM INT; trap \"rm -rf \\\"$d\\\"\" EXIT; "
			 "take() { echo \"{\\\"send\\\":\\\"$1\\\"}\"; head -c $2 >\"$d/$1\"; [ $(wc -c <\"$d/$1\") -eq $2 ] && chmod 700 \"$d/$1\"; }; "
			 "take oomagent %lld && take oomload %lld || exit 3; "
			 "\"$d/oomagent\" --stdio --journal \"$d/journal\" --load \"$d/oomload\"; s=$?; "
			 "[ ! -e \"$d/journal\" ] || \"$d/oomagent\" undo \"$d/journal\" || "
			 "{ trap - EXIT; echo \"$d is left: oomagent undo journal\" >&2; }; exit $s",
			 (long long)agent, (long long)load);
}

static int64_t size_of(const char *path, struct error *err)
{
	struct stat st;
	return stat(path, &st) < 0 ? error_set(err, errno, "%s can't be read", path) : (int64_t)st.st_size;
}

/* 0, or -1 with errno. */
static int send_file(int to, const char *path, int64_t deadline_ns)
{
	CLEANUP_FD int from = open(path, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;
	if (from < 0)
		return -1;
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		for (ssize_t done = 0; done < n;) {
			int64_t left = (deadline_ns - now_ns()) / 1000000;
			struct pollfd p = { .fd = to, .events = POLLOUT };
			if (left <= 0 || poll(&p, 1, (int)left) == 0) {
				errno = ETIMEDOUT;
				return -1;
			}
			ssize_t m = write(to, buf + done, (size_t)(n - done));
			if (m < 0 && errno != EAGAIN && errno != EINTR)
				return -1;
			done += m > 0 ? m : 0;
		}
	}
	return n < 0 ? -1 : 0;
}

static int hand_over(struct remote *r, const char *name, const char *path, struct error *err)
{
	CLEANUP_FREE char *ready = remote_line(r, "send", ASK_SECONDS);
	CLEANUP_FREE char *asked = xasprintf("{\"send\":\"%s\"}", name);
	if (!streq(ready, asked))
		return remote_trouble(r, "no directory for the agent could be made in $TMPDIR or /tmp there", err);
	if (send_file(r->fd, path, now_ns() + COPY_SECONDS * SECOND) < 0) {
		CLEANUP_FREE char *what = xasprintf("%s can't be copied: %s", name, strerror(errno));
		return remote_trouble(r, what, err);
	}
	return 0;
}

static int launch(struct remote *r, const struct machine_request *req, char **hello, struct error *err)
{
	int64_t agent = size_of(req->agent, err), load = size_of(req->load, err);
	if (agent < 0 || load < 0)
		return -1;
	CLEANUP_FREE char *command = script(agent, load);
	if (remote_start(r, command, err) < 0 || hand_over(r, "oomagent", req->agent, err) < 0 ||
	    hand_over(r, "oomload", req->load, err) < 0)
		return -1;
	*hello = remote_line(r, "hello", ASK_SECONDS);
	return *hello ? 0 : remote_trouble(r, "the agent did not say hello", err);
}

static struct session *start(struct target_template *t, const struct machine_request *req, bool boot, struct error *err)
{
	struct remote r;
	char *hello;
	(void)t;
	(void)boot;
	if (launch(&r, req, &hello, err) < 0)
		return NULL;
	struct session *s = xcalloc(1, sizeof(*s));
	struct remote *kept = xcalloc(1, sizeof(*kept));
	*kept = r;
	*s = (struct session){ .fd = r.fd, .to_fd = r.fd, .console_fd = -1, .pid = r.pid, .hello = hello, .priv = kept };
	return s;
}

static enum machine_end stop(struct session *s, int *status)
{
	struct remote *r = s->priv;
	int how = 0;
	/* Ended although its stream was open: not in order. */
	bool ended = process_wait(r->pid, 0, &how);
	if (ended)
		r->pid = 0;
	else
		how = remote_end(r);
	remote_clear(r);
	free(r);
	free(s->hello);
	free(s);
	if (status)
		*status = how;
	return ended ? MACHINE_DIED : MACHINE_KILLED;
}

const struct target_ops target_ssh = {
	.name = "ssh",
	.usable = usable,
	.own_release = own_release,
	.reserve = reserve,
	.release = release,
	.start = start,
	.stop = stop,
};
