// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests explain: the OOM reports of logs, for people or as JSON Lines. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "explain/explain.h"
#include "klog/follow.h"
#include "klog/stream.h"

struct arguments {
	bool json, follow, journal;
	char **files;
	size_t n;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "One JSON object per report", 0 },
	{ "follow", 'f', NULL, 0, "Go on with new reports as they come, from /dev/kmsg (or --journal)", 0 },
	{ "journal", 'J', NULL, 0, "With --follow: read the journal (journalctl -k -f)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	switch (key) {
	case 'j':
		a->json = true;
		return 0;
	case 'f':
		a->follow = true;
		return 0;
	case 'J':
		a->follow = a->journal = true;
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (a->follow && a->n)
			argp_error(state, "--follow reads /dev/kmsg or the journal, no FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	(void)arg;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[FILE...]",
	.doc = "Explain the kernel's OOM reports in logs (standard input without FILE, or for \"-\"): dmesg, syslog, journalctl in "
	       "every format, /dev/kmsg, mails; .gz, .xz and .zst are unpacked.\v"
	       "Exit status: 0 read, 1 a report disagrees with the model, 2 an input could not be read.",
};

/* 0, or -1. Reports that were found before an error are printed. */
static int explain_file(struct explainer *x, const char *name, struct error *err)
{
	bool standard_input = !name || streq(name, "-");
	x->file = standard_input ? "-" : name;
	if (standard_input && isatty(STDIN_FILENO))
		complain(0, "reading a log from the terminal, until Ctrl-D; this machine's: dmesg | oomtests explain");
	CLEANUP_FD int fd = standard_input ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	if (fd < 0)
		return error_set(err, errno, "%s can't be opened", x->file);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(err, 0, "%s is a directory, not a log; name the files in it", x->file);
	struct reader *r = reader_open(TAKE_FD(fd), x->file, err);
	if (!r)
		return -1;
	struct klog *k = klog_new(explain_report, x);
	struct stream *s = stream_new(k);
	int rc = stream_read(s, r, err);
	stream_free(s);
	klog_free(k);
	reader_close(r);
	return rc;
}

int cmd_explain(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct explainer x = { .out = stdout, .width = terminal_width(stdout), .earlier.usec = OOM_UNKNOWN };
	struct error err;
	int status = STATUS_OK;
	char *standard_input[] = { NULL };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	x.json = a.json;
	if (a.follow) {
		x.follow = true;
		x.file = a.journal ? "journal" : "/dev/kmsg";
		struct klog *k = klog_new(explain_report, &x);
		int rc = a.journal ? follow_journal(k, &err) : follow_kmsg(k, &err);
		klog_free(k);
		if (rc < 0)
			return complain(STATUS_USAGE, "%s", err.text);
		return x.disagree ? STATUS_FAILED : STATUS_OK;
	}
	char **files = a.n ? a.files : standard_input;
	for (size_t i = 0; i < (a.n ? a.n : 1); i++) {
		size_t before = x.reports;
		if (explain_file(&x, files[i], &err) < 0) {
			fflush(stdout);
			status = complain(STATUS_USAGE, "%s", err.text);
		} else if (x.reports == before && !a.json) {
			printf("%s: no OOM report\n", x.file);
		}
	}
	if (status == STATUS_OK && x.disagree)
		status = STATUS_FAILED;
	return status;
}
