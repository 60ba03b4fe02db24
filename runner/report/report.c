// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report.h"

#include <errno.h>

#include "base/util.h"
#include "report/pack.h"
#include "report/story.h"

#define KEPT_MAX (256u << 20)	/* bytes of one test's file: what a worker may hand over */

/* What assets.S took in. */
#define ASSET(name) extern const char asset_##name[], asset_##name##_end[]
ASSET(template);
ASSET(page_css);
ASSET(uplot_css);
ASSET(uplot_js);
ASSET(text_js);
ASSET(scene_js);
ASSET(plot_js);
ASSET(log_js);
ASSET(story_js);
ASSET(list_js);

struct page {
	FILE *out;
	const struct past_run *run;
	size_t unread;
	struct error first;	/* why the first of these could not be read */
};

static void put_css(struct page *p)
{
	fwrite(asset_uplot_css, 1, (size_t)(asset_uplot_css_end - asset_uplot_css), p->out);
	fwrite(asset_page_css, 1, (size_t)(asset_page_css_end - asset_page_css), p->out);
}

static void put_js(struct page *p)
{
#define PUT(name) fwrite(asset_##name, 1, (size_t)(asset_##name##_end - asset_##name), p->out)
	PUT(uplot_js);
	PUT(text_js);
	PUT(scene_js);
	PUT(plot_js);
	PUT(log_js);
	PUT(story_js);
	PUT(list_js);
#undef PUT
}

/* The test's own file; NULL when there is none, or it can't be read. */
static json_t *read_kept(struct page *p, const json_t *result)
{
	CLEANUP_FREE char *base = past_run_base(p->run, result);
	CLEANUP_FREE char *path = xasprintf("%s.json", base);
	CLEANUP_FILE FILE *f = fopen(path, "re");
	json_error_t at;
	if (!f && errno == ENOENT)
		return NULL;
	json_t *kept = f ? json_loadf(f, 0, &at) : NULL;
	if (json_is_object(kept))
		return kept;
	if (!p->unread++) {
		if (!f)
			error_set(&p->first, errno, "%s can't be read", path);
		else
			error_set(&p->first, 0, "%s:%d: %s; it was cut off, or is not what a run keeps", path, at.line,
				  kept ? "no object" : at.text);
	}
	json_decref(kept);
	return NULL;
}

static json_t *names_of_failed(const json_t *result)
{
	json_t *list = json_array(), *check;
	size_t i;
	json_array_foreach(json_object_get(result, "checks"), i, check)
		if (!json_is_true(json_object_get(check, "ok")))
			json_array_append(list, json_object_get(check, "name"));
	return list;
}

/* What the list of tests shows and searches. */
static json_t *summary_of(const json_t *result)
{
	static const char *const members[] = { "id", "title", "kernel", "target", "verdict", "why", "seconds", "predicted",
					       "victims" };
	json_t *o = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_object_set(o, members[i], json_object_get(result, members[i]));
	json_object_set_new(o, "failed", names_of_failed(result));
	json_object_set_new(o, "checks", json_integer((json_int_t)json_array_size(json_object_get(result, "checks"))));
	return o;
}

static void put_index(struct page *p)
{
	json_t *tests = json_array(), *result, *run = json_deep_copy(p->run->run);
	size_t i;
	json_object_del(run, "tests");
	json_array_foreach(p->run->results, i, result)
		json_array_append_new(tests, summary_of(result));
	json_t *index = json_pack("{s:s s:o s:b s:b s:I s:o}", "version", OOMTESTS_VERSION, "run", run, "finished",
				  p->run->finished, "cut", p->run->cut, "planned", (json_int_t)past_run_planned(p->run),
				  "tests", tests);
	pack_plain(p->out, index);
	json_decref(index);
}

static void put_stories(struct page *p)
{
	const json_t *result;
	size_t i;
	json_array_foreach(p->run->results, i, result) {
		json_t *kept = read_kept(p, result), *story = story_make(result, kept);
		fputs("<script type=\"application/gzip\" class=\"story\">", p->out);
		pack_small(p->out, story);
		fputs("</script>\n", p->out);
		json_decref(story);
		json_decref(kept);
	}
}

/* The template, with what each "<!-- PART -->" stands for. */
static int put_template(struct page *p, struct error *err)
{
	static const struct {
		const char *name;
		void (*put)(struct page *p);
	} parts[] = { { "CSS", put_css }, { "INDEX", put_index }, { "STORIES", put_stories }, { "JS", put_js } };
	const char *at = asset_template;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		CLEANUP_FREE char *place = xasprintf("<!-- %s -->", parts[i].name);
		const char *found = memmem(at, (size_t)(asset_template_end - at), place, strlen(place));
		if (!found)
			return error_set(err, 0, "the page's template has no place for %s", parts[i].name);
		fwrite(at, 1, (size_t)(found - at), p->out);
		parts[i].put(p);
		at = found + strlen(place);
	}
	fwrite(at, 1, (size_t)(asset_template_end - at), p->out);
	return 0;
}

int report_write(FILE *out, const struct past_run *run, size_t *unread, struct error *err)
{
	struct page p = { .out = out, .run = run };
	if (put_template(&p, err) < 0)
		return -1;
	if (fflush(out) || ferror(out))
		return error_set(err, errno, "the page can't be written");
	*unread = p.unread;
	if (p.unread)
		*err = p.first;
	return 0;
}
