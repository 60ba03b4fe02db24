// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests drill: a contained OOM in the shape of a unit, or a rehearsal of the whole machine in a guest. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/drill_order.h"
#include "drill/drill.h"
#include "drill/service.h"
#include "kernel/image.h"
#include "kernel/kernel.h"

enum { KEY_DRY_RUN = 256, KEY_FROM, KEY_IN, KEY_LEAK, KEY_PLAY };

struct arguments {
	bool dry_run, vm;
	const char *from, *kernel, *dir;
	struct drill_options options;
};

static const struct argp_option options[] = {
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "Print the case that would be run, and do nothing", 0 },
	{ "leak", KEY_LEAK, "NAME", 0, "The process that grows (default: the largest)", 0 },
	{ "memory", 'm', "SIZE", 0, "Limit of the box (default 96M), memory of the guest (512M)", 0 },
	{ "in", KEY_IN, "vm", 0, "Rehearse the whole machine in a guest", 0 },
	{ "number", 'n', "N", 0, "With --in vm: only so many OOMs (default: until nobody is left)", 0 },
	{ "kernel", 'k', "KERNEL", 0, "With --in vm: as for oomtests run", 0 },
	{ "from", KEY_FROM, "FILE", 0, "With --in vm or --dry-run: a saved snapshot in place of this machine", 0 },
	{ "output", 'o', "DIR", 0, "As for oomtests run", 0 },
	{ "play", KEY_PLAY, NULL, OPTION_HIDDEN, NULL, 0 },	/* be the processes of a drill's service */
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct error err;
	int64_t n;
	switch (key) {
	case KEY_DRY_RUN:
		a->dry_run = true;
		return 0;
	case KEY_LEAK:
		a->options.leak = arg;
		return 0;
	case 'm':
		if (parse_size(arg, &a->options.memory, &err) < 0)
			argp_error(state, "--memory: %s", err.text);
		return 0;
	case KEY_IN:
		if (!streq(arg, "vm"))
			argp_error(state, "--in %s: only vm is known", arg);
		a->vm = true;
		return 0;
	case 'n':
		if (parse_int(arg, 1, 100, &n, &err) < 0)
			argp_error(state, "--number: %s", err.text);
		a->options.most = (size_t)n;
		return 0;
	case 'k':
		a->kernel = arg;
		return 0;
	case KEY_FROM:
		a->from = arg;
		return 0;
	case 'o':
		a->dir = arg;
		return 0;
	case KEY_PLAY:
		exit(service_play(state->argv + state->next, (size_t)(state->argc - state->next)));
	case ARGP_KEY_ARG:
		if (a->options.what)
			argp_error(state, "one unit or cgroup at a time");
		a->options.what = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->vm && !a->options.what)
			argp_error(state, "which unit or cgroup? (or --in vm for the whole machine)");
		if (a->vm && a->options.what)
			argp_error(state, "--in vm rehearses the whole machine, not \"%s\"", a->options.what);
		if (a->kernel && !a->vm)
			argp_error(state, "-k is for --in vm: a box is on this machine's kernel");
		if (a->options.most && !a->vm)
			argp_error(state, "-n is for --in vm: in a box there is one OOM");
		if (a->options.leak && a->vm)
			argp_error(state, "--leak names a process of the unit: it is not for --in vm");
		if (a->from && !a->vm && !a->dry_run)
			argp_error(state, "--from is for --in vm or --dry-run: a box is on this machine");
		if (!a->options.memory)
			a->options.memory = (a->vm ? UINT64_C(512) : UINT64_C(96)) << 20;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "UNIT|CGROUP\n--in vm",
	.doc = "Rebuilds the shape of a unit (its processes' sizes, oom_score_adj, limit and group, in small) with stand-ins in a cgroup of its "
	       "own, runs out of memory there, and compares what the kernel did with what it had to do. The unit itself is not touched.\v"
	       "Refuses unless there is room enough, and a limit that holds. What a killed drill left, \"oomtests recover\" undoes.\n"
	       "Exit status: as of oomtests run.",
};

/* CAP_SYS_RESOURCE, bit 24 of this process's effective capabilities. */
static bool may_lower(void)
{
	CLEANUP_FREE char *status = read_whole_at(AT_FDCWD, "/proc/self/status", 1 << 16, NULL);
	const char *line = status ? strstr(status, "\nCapEff:") : NULL;
	return line && strtoull(line + strlen("\nCapEff:"), NULL, 16) >> 24 & 1;
}

/* Waits for the run's end. A signal that ends a drill ends its run: it is handed on, but for what the terminal sends, which
 * comes to both. Returns the exit status, that of the signal if there was one. */
static int await_run(pid_t pid)
{
	int status = 0, first = 0;
	sigset_t set;
	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		siginfo_t info;
		int sig = sigwaitinfo(&set, &info);
		if (sig <= 0 || sig == SIGCHLD)
			continue;
		first = first ? first : sig;
		if (info.si_code != SI_KERNEL)
			kill(pid, sig);
	}
	if (first)
		return 128 + first;
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_ERROR;
}

/* Runs the case as `oomtests run` does, in a process of its own, with `mask`; here what await_run() takes is blocked. */
static int run_case(const struct arguments *a, const char *path, const char *kernel, const char *dir, const sigset_t *mask)
{
	const char *args[] = { "oomtests", "run", "-t", a->vm ? "vm" : "host", path, NULL, NULL, NULL, NULL, NULL };
	size_t n = 5;
	if (kernel) {
		args[n++] = "-k";
		args[n++] = kernel;
	}
	if (dir) {
		args[n++] = "-o";
		args[n++] = dir;
	}
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len < 0 ? 0 : len] = '\0';
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		/* A drill that is killed is over: the run ends in order. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			execv(self, (char *const *)args);
		_exit(STATUS_ERROR);
	}
	return pid > 0 ? await_run(pid) : complain(STATUS_ERROR, "no process for the run: %s", strerror(errno));
}

/* The case is in a file for as long as it is run, and no signal but SIGKILL leaves that behind. */
static int run_from_file(const struct arguments *a, const struct drill *d, const char *kernel, const char *dir)
{
	char path[] = "/tmp/oomtests-drill-XXXXXX.yaml";
	sigset_t set, before;
	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &before);
	int status = STATUS_OK, fd = mkstemps(path, strlen(".yaml"));
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (out) {
		drill_write(d, out);
		if (fclose(out))
			status = complain(STATUS_ERROR, "writing %s: %s", path, strerror(errno));
		if (status == STATUS_OK)
			status = run_case(a, path, kernel, dir, &before);
		unlink(path);
	} else {
		status = complain(STATUS_ERROR, "making a case file in /tmp: %s", strerror(errno));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* Where `oomtests run` keeps the results of who does not say where; /tmp, where that can't be made. Malloced, or NULL. */
static char *results_dir(void)
{
	char stamp[32], own[] = "/tmp/oomtests-drill-XXXXXX";
	time_t now = time(NULL);
	struct tm tm;
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	if ((mkdir("results", 0777) == 0 || errno == EEXIST) && (mkdir("results/runs", 0777) == 0 || errno == EEXIST) &&
	    access("results/runs", W_OK) == 0)
		return xasprintf("results/runs/%s-drill", stamp);
	return mkdtemp(own) ? xstrdup(own) : NULL;
}

/* The whole order is held against what is kept of the run. */
static int rehearse(const struct arguments *a, const struct drill *d, const char *kernel)
{
	CLEANUP_FREE char *dir = a->dir ? xstrdup(a->dir) : results_dir();
	if (!dir)
		return complain(STATUS_ERROR, "making a directory in /tmp: %s", strerror(errno));
	int status = run_from_file(a, d, kernel, dir);
	struct error err;
	if (status <= STATUS_FAILED && drill_print_order(d, dir, stdout, &err) < 0)
		complain(0, "%s", err.text);
	return status;
}

/* The same unit again, under systemd: what becomes of it once the kernel has killed. */
static int rehearse_service(const struct arguments *a, const struct drill *d)
{
	struct service s;
	struct service_seen seen = { 0 };
	struct error err;
	int status = STATUS_OK, here = service_read(a->options.what, &s, &err);
	if (here < 0)
		status = complain(STATUS_ERROR, "%s", err.text);
	if (here > 0 && service_drill(d, &s, &seen, &err) < 0) {
		status = complain(STATUS_ERROR, "under systemd: %s", err.text);
	} else if (here > 0) {
		const char *wrong = service_judge(&s, &seen);
		printf("under systemd, OOMPolicy=%s, Restart=%s:\n", s.policy, s.restart);
		printf("  the kernel killed   %s\n  systemd ended       %s\n  still alive         %s\n", seen.killed, *seen.ended ? seen.ended : "nobody",
		       *seen.left ? seen.left : "nobody");
		printf("  the unit is then    %s, its result is %s, started again %d times\n", seen.state, seen.result, seen.restarts);
		printf("  who is told         %s%s%s\n", seen.told ? "the journal" : "nobody", *s.on_failure ? ", OnFailure=" : "", s.on_failure);
		if (wrong)
			status = complain(STATUS_FAILED, "systemd did not do as it says: %s", wrong);
	}
	service_seen_free(&seen);
	service_free(&s);
	return status;
}

static int carry_out(const struct arguments *a, const struct drill *d, const char *kernel)
{
	for (size_t i = 0; i < d->n_notes; i++)
		complain(0, "note: %s", d->notes[i]);
	if (a->vm)
		return rehearse(a, d, kernel);
	printf("by the rules %s is to die%s\n", d->tasks[d->steps[0].victims[0]].name, d->steps[0].n > 1 ? ", with its group" : "");
	fflush(stdout);
	int status = run_from_file(a, d, NULL, a->dir);
	return status == STATUS_OK ? rehearse_service(a, d) : status;
}

/* The rules are those of the guest's kernel. Only a case that is carried out is worth fetching a kernel for. */
static int guest_kernel(const struct arguments *args, struct kernel *k, struct era *era, struct error *err)
{
	CLEANUP_FREE char *release = NULL;
	if (args->kernel ? kernel_resolve(args->kernel, NULL, NULL, k, err) < 0 : kernel_default(NULL, NULL, k, err) < 0)
		return -1;
	if (!k->release && k->image && kernel_image_read(k->image, &release, err) < 0)
		return -1;
	era_from_release(k->release ? k->release : release, era);
	return 0;
}

static int drill(struct arguments *args, const struct audit *a)
{
	struct drill d = { 0 };
	struct kernel kernel = { 0 };
	struct era era;
	struct error err;
	int status = STATUS_OK;
	bool boots = args->vm && (!args->dry_run || args->kernel);
	if (boots && guest_kernel(args, &kernel, &era, &err) < 0) {
		kernel_clear(&kernel);
		return complain(err.input ? STATUS_USAGE : STATUS_ERROR, "%s", err.text);
	}
	args->options.era = boots ? &era : NULL;
	if ((args->vm ? drill_guest(a, &args->options, &d, &err) : drill_box(a, &args->options, &d, &err)) < 0)
		status = complain(STATUS_USAGE, "%s", err.text);
	else if (args->dry_run)
		drill_write(&d, stdout);
	else if (!args->vm && drill_prove(&d, &err) < 0)
		status = complain(STATUS_USAGE, "no drill: %s", err.text);
	else
		status = carry_out(args, &d, kernel.name);
	drill_free(&d);
	kernel_clear(&kernel);
	return status;
}

static int load(const char *name, struct machine *m, struct error *err)
{
	CLEANUP_FILE FILE *in = fopen(name, "re");
	return in ? machine_load(in, name, m, err) : error_set(err, errno, "opening the snapshot %s", name);
}

int cmd_drill(int argc, char **argv)
{
	struct arguments args = { .options = { .may_lower = may_lower() } };
	struct machine m = { 0 };
	struct audit a = { 0 };
	struct error err;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	int ret = args.from ? load(args.from, &m, &err) : machine_collect("", &m, &err);
	if (ret == 0)
		ret = audit_make(&m, &(struct audit_options){ .most = args.vm ? 0 : 1, .near_percent = 101 }, &a, &err);
	int status = ret == 0 ? drill(&args, &a) : complain(args.from ? STATUS_USAGE : STATUS_ERROR, "%s", err.text);
	audit_free(&a);
	machine_free(&m);
	return status;
}
