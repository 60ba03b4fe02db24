// SPDX-License-Identifier: GPL-2.0-or-later
/* A mail's part in base64: which lines are of it, and what lines they stand for. */
#include <check.h>

#include "base/util.h"
#include "klog/base64.h"
#include "tests/harness.h"

#define HEAD "Content-Transfer-Encoding: base64|"

/* Lines parted by '|' to the lines that a reader gets, parted so. */
static char *read_all(const char *in)
{
	struct base64 b = { .state = BASE64_OFF };
	char *out;
	size_t size;
	FILE *f = open_memstream(&out, &size);
	struct text t;
	for (const char *end, *p = in; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '|');
		if (!base64_take(&b, text_of(p, (size_t)(end - p))))
			fprintf(f, "%.*s|", (int)(end - p), p);
		while (base64_next(&b, &t))
			fprintf(f, "%.*s|", (int)text_len(t), t.p);
	}
	base64_end(&b);
	while (base64_next(&b, &t))
		fprintf(f, "%.*s|", (int)text_len(t), t.p);
	fclose(f);
	return out;
}

static const struct {
	const char *in, *out;
} table[] = {
	/* "hog one\nhog two\n" */
	{ HEAD "|aG9nIG9uZQpob2cgdHdvCg==", HEAD "|hog one|hog two|" },
	{ HEAD "|aG9nIG9uZQpo|b2cgdHdvCg==", HEAD "|hog one|hog two|" },
	{ HEAD "|aG9nIG|9uZQp|ob2cg|dHdvCg==", HEAD "|hog one|hog two|" },
	/* the last line has no end: what comes behind is another */
	{ HEAD "|aG9nIG9uZQpob2cgdHdv|--x|y", HEAD "|hog one|hog two|--x|y|" },
	{ HEAD "|aG9nIG9uZQpob2cgdHdv||y", HEAD "|hog one|hog two|y|" },
	{ HEAD "|aG9nIG9uZQpob2cgdHdv", HEAD "|hog one|hog two|" },
	/* CR LF; and what stands behind a padding begins anew */
	{ HEAD "|aG9nIG9uZQ0KaG9nIHR3bw0K", HEAD "|hog one|hog two|" },
	{ HEAD "|aA==|b2c=|Cg==", HEAD "|hog|" },
	/* the head */
	{ "content-transfer-encoding:BASE64|To: x||aG9nCg==", "content-transfer-encoding:BASE64|To: x||hog|" },
	{ "Content-Transfer-Encoding: base64x||aG9nCg==", "Content-Transfer-Encoding: base64x||aG9nCg==|" },
	{ "Content-Transfer-Encoding: 7bit||aG9nCg==", "Content-Transfer-Encoding: 7bit||aG9nCg==|" },
	{ HEAD "aG9nCg==", HEAD "aG9nCg==|" },
	/* no text, or not of that alphabet: as it stands */
	{ HEAD "|iVBORw0KGgoAAAANSUhEUg==|aG9nCg==", HEAD "|iVBORw0KGgoAAAANSUhEUg==|aG9nCg==|" },
	{ HEAD "|aG9nAAo=|aG9nCg==", HEAD "|aG9nAAo=|aG9nCg==|" },
	{ HEAD "|hog one", HEAD "|hog one|" },
	{ HEAD "|aG9n=Cg=|aG9nCg==", HEAD "|aG9n=Cg=|aG9nCg==|" },
	/* another part */
	{ HEAD "|aG9nCg==|--x|" HEAD "|aG9nCg==", HEAD "|hog|--x|" HEAD "|hog|" },
};

START_TEST(lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *out = read_all(table[i].in);
		ck_assert_msg(streq(out, table[i].out), "%s gives %s", table[i].in, out);
	}
}
END_TEST

/* Without a newline in it, or an end of the head, what is kept stays small. */
START_TEST(bounds)
{
	struct base64 b = { .state = BASE64_OFF };
	struct text t;
	char line[1000];
	size_t got = 0, n = 0;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = "QUFB"[i % 4];
	ck_assert(!base64_take(&b, text_of("Content-Transfer-Encoding: base64", 33)));
	ck_assert(!base64_take(&b, text_of("", 0)));
	for (int i = 0; i < 1000; i++) {
		ck_assert(base64_take(&b, text_of(line, sizeof(line))));
		for (; base64_next(&b, &t); n++)
			got += text_len(t);
	}
	base64_end(&b);
	for (; base64_next(&b, &t); n++)
		got += text_len(t);
	ck_assert_uint_eq(got, 750000);
	ck_assert_uint_ge(n, 750000 / (BASE64_LINE + 750));
	ck_assert(!base64_take(&b, text_of("Content-Transfer-Encoding: base64", 33)));
	for (int i = 0; i < 40; i++)
		ck_assert(!base64_take(&b, text_of("x", 1)));
	ck_assert_int_eq(b.state, BASE64_OFF);
}
END_TEST

TESTS("base64", lines, bounds)
