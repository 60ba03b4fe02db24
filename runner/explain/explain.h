/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports for people and for programs. An explainer takes reports one after another (its explain_report() is a sink of
 * klog) and writes what it finds to a stream; memory does not grow with their number.
 */
#pragma once

#include <stdio.h>

#include "explain/recompute.h"
#include "klog/klog.h"

struct explainer {
	FILE *out;
	bool json;
	bool follow;		/* each report is written out at once, and has no line number: the stream has none */
	const char *file;	/* of the reports to come; borrowed */
	unsigned width;		/* of lines for people; 0: as long as they are */
	size_t reports, disagree, undecided;
	struct earlier earlier;
};

/* Writes one report and frees it. `explainer` is a struct explainer *. */
void explain_report(struct oom_report *r, void *explainer);

/* json.c: one line, as docs/design of `explain` has it. */
void explain_json(FILE *out, const char *file, const struct oom_report *r, const struct recomputed *c);

/* people.c: one block. */
void explain_people(FILE *out, const char *file, const struct oom_report *r, const struct recomputed *c);

/* save.c: what would have let the chosen one live, by the model, reckoned with total_least(). */
struct saving {
	struct model_save model;
	const struct oom_row *adj_victim, *raise_victim, *lower_victim;	/* of the report; who dies then; NULL: nobody */
};
enum saved {
	SAVED_UNSAID,	/* it can't be said: see c->agreement */
	SAVED_BY,
	SAVED_BY_UNKNOWN,	/* a lower oom_score_adj, but the log does not tell what a step of it is worth */
};
enum saved explain_save(const struct oom_report *r, const struct recomputed *c, struct saving *s);

/* findings.c: what the report says besides of why memory was short, or that it was not. */
#define MAX_REPORT_FINDINGS 6
struct report_finding {
	const char *id;		/* static, for programs: "low-memory" */
	char text[400];		/* one sentence */
};
size_t explain_findings(const struct oom_report *r, const struct recomputed *c, struct report_finding found[MAX_REPORT_FINDINGS]);

/* people.c: kB as "12 kB", "12 MiB" or "120 GiB" in buf, or "?". */
const char *explain_size(int64_t kb, char buf[32]);

/* place.c: what a memcg path says. Empty where it says nothing. */
struct place {
	char pod[80];		/* Kubernetes' pod uid */
	char container[256];	/* container id (12 digits) or name: a component of a path has up to 255 bytes */
	char runtime[16];	/* "docker", "cri-containerd", "lxc", … */
	char unit[256];		/* systemd unit: the last *.service, *.scope of a session, or *.slice */
};
void place_of(const char *path, struct place *p);
