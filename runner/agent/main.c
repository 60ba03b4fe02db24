// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <sys/prctl.h>

#include "agent/agent.h"
#include "agent/guest.h"
#include "agent/hello.h"
#include "agent/plan.h"
#include "base/bytes.h"
#include "machine/machine.h"

enum { EXIT_USAGE = 2, EXIT_TROUBLE = 3 };

static const char help[] =
	"usage: oomagent --fd N | --stdio --journal FILE [--load OOMLOAD]\n"
	"       oomagent undo FILE\n"
	"       oomagent snapshot\n"
	"       oomagent --version | --help\n"
	"\n"
	"The hands of oomtests on the machine under test: carries out plans that come on descriptor N and reports\n"
	"what it saw. Every change to the machine is written to FILE before it is made and undone at the end; when\n"
	"a run was killed, `oomagent undo FILE` undoes what it left. As /init of a guest it needs no options.\n"
	"`oomagent snapshot` prints this machine as `oomtests audit --save` does, for `oomtests audit --from`.\n"
	"\n"
	"  --fd N          descriptor of the protocol, open for reading and writing\n"
	"  --stdio         the protocol on standard input and output\n"
	"  --journal FILE  must not exist; removed when all is undone\n"
	"  --load OOMLOAD  the workload program (default: oomload beside oomagent)\n";

static void input_ready(struct agent *a, int fd, void *data)
{
	(void)data;
	if (wire_receive(&a->wire))
		return;
	a->abort = true;
	loop_remove(a, fd);
}

static char *next_line;

static bool line_there(struct agent *a, void *arg)
{
	(void)arg;
	next_line = wire_line(&a->wire);
	return next_line != NULL;
}

/* Between plans: is anyone there? The same line is the answer. */
static bool answer_probe(struct agent *a, const char *line)
{
	json_t *message = json_loads(line, 0, NULL);
	json_t *probe = json_object_size(message) == 1 ? json_object_get(message, "probe") : NULL;
	if (probe)
		wire_send(&a->wire, "probe", json_incref(probe));
	json_decref(message);
	return probe;
}

/* Plans until the input ends; in a guest until one was carried out. */
static void serve(struct agent *a)
{
	hello_send(a);
	wire_drain(&a->wire);
	while (loop_wait(a, line_there, NULL, INT64_MAX, 0) == WAIT_DONE) {
		CLEANUP_FREE char *line = xstrdup(next_line);
		if (!line[strspn(line, " \t\r")])
			continue;
		if (answer_probe(a, line)) {
			wire_drain(&a->wire);
			continue;
		}
		plan_run(a, line);
		a->ending = false;
		wire_drain(&a->wire);
		if (a->guest && a->served)
			break;
	}
}

static void agent_init(struct agent *a)
{
	*a = (struct agent){ .scale = 1, .step = -1 };
	a->kmsg.fd = a->cgroups.inotify = a->wire.fd = a->exits_fd = -1;
	prctl(PR_SET_NAME, "oomagent");
}

static int guest_main(void)
{
	static struct agent a;
	struct error err;
	agent_init(&a);
	a.guest = true;
	a.load = "/oomload";
	guest_init(&a);
	int fd = guest_port(&err);
	if (fd < 0 || wire_open(&a.wire, fd, fd, &err) < 0 || journal_open(&a.journal, NULL, &err) < 0 ||
	    tasks_init(&a, &err) < 0) {
		fprintf(stderr, "oomagent: %s\n", err.text);
		guest_off();
	}
	loop_add(&a, fd, POLLIN, input_ready, NULL);
	serve(&a);
	guest_off();
}

static char *default_load(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	char *slash = strrchr(self, '/');
	return xasprintf("%.*soomload", slash ? (int)(slash + 1 - self) : 0, self);
}

static int host_main(int fd, int out_fd, const char *journal, const char *load)
{
	static struct agent a;
	struct error err;
	agent_init(&a);
	a.load = load ? load : default_load();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (wire_open(&a.wire, fd, out_fd, &err) < 0 || journal_open(&a.journal, journal, &err) < 0 ||
	    tasks_init(&a, &err) < 0) {
		fprintf(stderr, "oomagent: %s\n", err.text);
		return EXIT_TROUBLE;
	}
	loop_add(&a, fd, POLLIN, input_ready, NULL);
	serve(&a);
	bool undone = json_array_size(a.journal.entries) == 0;
	journal_close(&a.journal);
	if (!undone)
		fprintf(stderr, "oomagent: not all could be undone; try later: oomagent undo %s\n", journal);
	return undone ? EXIT_SUCCESS : EXIT_TROUBLE;
}

/* For machines that have nothing but this static program. */
static int print_snapshot(void)
{
	struct machine m;
	struct error err;
	int ret = machine_collect("", &m, &err);
	if (ret == 0)
		ret = machine_save(&m, stdout, &err);
	machine_free(&m);
	if (ret < 0)
		fprintf(stderr, "oomagent: %s\n", err.text);
	return ret < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}

/* The protocol's pipes get other numbers, so that no workload writes into them. */
static int take_stdio(int *in, int *out, struct error *err)
{
	CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	*in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	*out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	if (null < 0 || *in < 0 || *out < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return error_set(err, errno, "standard input and output for the protocol");
	return 0;
}

static int usage(const char *why)
{
	fprintf(stderr, "oomagent: %s\ntry `oomagent --help`\n", why);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "fd", required_argument, NULL, 'f' },
						 { "stdio", no_argument, NULL, 's' },
						 { "journal", required_argument, NULL, 'j' },
						 { "load", required_argument, NULL, 'l' },
						 { "version", no_argument, NULL, 'V' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	const char *journal = NULL, *load = NULL;
	int64_t fd = -1;
	bool stdio = false;
	struct error err;
	/* jansson would read a seed from urandom, which takes a young guest a second to fill; nobody attacks these */
	json_object_seed(1);
	if (getpid() == 1)
		return guest_main();
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'f':
			if (parse_int(optarg, 0, INT_MAX, &fd, &err) < 0)
				return usage(err.text);
			break;
		case 's':
			stdio = true;
			fd = STDIN_FILENO;
			break;
		case 'j':
			journal = optarg;
			break;
		case 'l':
			load = optarg;
			break;
		case 'V':
			puts("oomagent " OOMTESTS_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return usage("unknown option");
		}
	}
	if (optind < argc && streq(argv[optind], "undo")) {
		if (optind + 2 != argc)
			return usage("undo takes one journal");
		if (journal_undo_file(argv[optind + 1], &err) == 0)
			return EXIT_SUCCESS;
		fprintf(stderr, "oomagent: %s\n", err.text);
		return EXIT_TROUBLE;
	}
	if (optind < argc && streq(argv[optind], "snapshot"))
		return optind + 1 == argc ? print_snapshot() : usage("snapshot takes no argument");
	if (optind < argc)
		return usage("unexpected argument");
	if (fd < 0 || !journal)
		return usage("--fd (or --stdio) and --journal are needed");
	int in = (int)fd, out = (int)fd;
	if (stdio && take_stdio(&in, &out, &err) < 0) {
		fprintf(stderr, "oomagent: %s\n", err.text);
		return EXIT_TROUBLE;
	}
	return host_main(in, out, journal, load);
}
