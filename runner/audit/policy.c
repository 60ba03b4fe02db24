// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/policy.h"

#include <stdarg.h>

#include "audit/policy_file.h"
#include "base/bytes.h"
#include "base/suggest.h"
#include "base/util.h"

#define TEXT_BYTES 4096
#define TEXT(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, TEXT_BYTES)
#define TEXT_REQUIRED(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 0, TEXT_BYTES)
#define LIST(key, type, member, entry) \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, n_##member, entry, 0, 1000)

static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, TEXT_BYTES) };

static const cyaml_schema_field_t pair_fields[] = {
	TEXT_REQUIRED("who", struct raw_pair, who),
	TEXT_REQUIRED("whom", struct raw_pair, whom),
	TEXT("why", struct raw_pair, why),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t pair = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_pair, pair_fields) };

static const cyaml_schema_field_t sysctl_fields[] = {
	TEXT_REQUIRED("name", struct raw_value, name),
	TEXT_REQUIRED("is", struct raw_value, is),
	TEXT("why", struct raw_value, why),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t sysctl = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_value, sysctl_fields) };

static const cyaml_schema_field_t adj_fields[] = {
	TEXT_REQUIRED("who", struct raw_value, name),
	TEXT_REQUIRED("is", struct raw_value, is),
	TEXT("why", struct raw_value, why),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t adj = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_value, adj_fields) };

static const cyaml_schema_field_t findings_fields[] = {
	TEXT("worst", struct raw_findings, worst),
	LIST("allow", struct raw_findings, allow, &text),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t policy_fields[] = {
	TEXT("title", struct raw_policy, title),
	LIST("critical", struct raw_policy, critical, &text),
	LIST("optional", struct raw_policy, optional, &text),
	LIST("never_first", struct raw_policy, never_first, &text),
	TEXT("first", struct raw_policy, first),
	LIST("survives", struct raw_policy, survives, &text),
	LIST("outlives", struct raw_policy, outlives, &pair),
	LIST("adj", struct raw_policy, adj, &adj),
	LIST("sysctls", struct raw_policy, sysctls, &sysctl),
	CYAML_FIELD_MAPPING_PTR("findings", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_policy, findings, findings_fields),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_policy, policy_fields) };

int bound_parse(const char *bound, struct bound *b, struct error *err)
{
	struct bound made = { '=', 0 };
	if (starts_with(bound, ">=") || starts_with(bound, "<=") || starts_with(bound, "!=")) {
		made.op = bound[0];
		bound += 2;
	}
	bound += strspn(bound, " ");
	if (parse_int(bound, INT64_MIN, INT64_MAX, &made.value, err) < 0)
		return -1;
	*b = made;
	return 0;
}

bool bound_holds(const struct bound *b, int64_t value)
{
	switch (b->op) {
	case '>':
		return value >= b->value;
	case '<':
		return value <= b->value;
	case '!':
		return value != b->value;
	default:
		return value == b->value;
	}
}

/* "FILE:LINE:COLUMN: " of a part, in front of what err says. */
static int at(const struct policy *p, struct error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int at(const struct policy *p, struct error *err, const char *fmt, ...)
{
	char part[64];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	const struct mark *m = tree_find(&p->tree, part);
	return error_wrap(err, "%s:%d:%d", p->path, m->line, m->column);
}

static int check_bounds(const struct policy *p, const char *list, const struct raw_value *values, unsigned n, struct error *err)
{
	struct bound b;
	for (unsigned i = 0; i < n; i++) {
		if (bound_parse(values[i].is, &b, err) < 0) {
			error_wrap(err, "\"is\" is a whole number, maybe behind >=, <= or !=");
			return at(p, err, "%s[%u].is", list, i);
		}
	}
	return 0;
}

/* An id that no finding has allows nothing, and is a slip of the pen. */
static int check_allowed(const struct policy *p, struct error *err)
{
	const struct raw_findings *f = p->raw->findings;
	size_t n = 0;
	while (finding_ids[n])
		n++;
	for (unsigned i = 0; f && i < f->n_allow; i++) {
		size_t k = 0;
		while (k < n && !streq(finding_ids[k], f->allow[i]))
			k++;
		if (k < n)
			continue;
		const char *near = suggest(f->allow[i], finding_ids, n);
		error_set(err, 0, "no finding \"%s\"%s%s%s; docs/audit.md lists them", f->allow[i], near ? ", did you mean \"" : "",
			  near ? near : "", near ? "\"?" : "");
		return at(p, err, "findings.allow[%u]", i);
	}
	return 0;
}

static int interpret(struct policy *p, struct error *err)
{
	const struct raw_policy *r = p->raw;
	p->first = 1;
	if (r->first && parse_int(r->first, 1, INT32_MAX, &p->first, err) < 0)
		return at(p, err, "first");
	if (check_bounds(p, "sysctls", r->sysctls, r->n_sysctls, err) < 0 || check_bounds(p, "adj", r->adj, r->n_adj, err) < 0)
		return -1;
	if (check_allowed(p, err) < 0)
		return -1;
	const char *worst = r->findings ? r->findings->worst : NULL;
	if (streq(worst, "critical"))
		error_set(err, 0, "\"critical\" allows all findings: leave \"findings\" out; allowed are none, notice, warning");
	else if (!worst || streq(worst, "none") || streq(worst, "notice") || streq(worst, "warning"))
		return 0;
	else
		error_set(err, 0, "\"%s\" is no severity; allowed are none, notice, warning", worst);
	return at(p, err, "findings.worst");
}

struct policy *policy_parse(const char *path, const char *content, size_t len, struct error *err)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	p->path = xstrdup(path);
	void *raw = NULL;
	int ret = yamlfile_parse(path, "policy", content, len, &schema, &p->tree, &raw, err);
	p->raw = raw;
	if (ret == 0)
		ret = interpret(p, err);
	if (ret == 0 && !policy_rules(p))
		ret = error_set(err, 0, "%s: the policy has no rule", path);
	if (ret == 0)
		return p;
	policy_free(p);
	return NULL;
}

struct policy *policy_load(const char *path, struct error *err)
{
	size_t len;
	CLEANUP_FREE char *content = yamlfile_read(path, "policy", &len, err);
	return content ? policy_parse(path, content, len, err) : NULL;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	yamlfile_free(&schema, p->raw);
	tree_free(&p->tree);
	free(p->path);
	free(p);
}

const char *const *policy_critical(const struct policy *p, size_t *n)
{
	*n = p->raw->n_critical;
	return (const char *const *)p->raw->critical;
}
