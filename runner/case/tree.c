// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/tree.h"

#include <stdarg.h>
#include <yaml.h>

#include "base/util.h"
#include "case/text.h"

struct walk {
	const char *file;
	const char *what;	/* "case", "policy" */
	const char *text;
	size_t len;
	yaml_document_t *document;
	struct tree tree;
	char path[256];
	struct error *err;
};

static int bad(const struct walk *w, yaml_mark_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int bad(const struct walk *w, yaml_mark_t at, const char *fmt, ...)
{
	char sentence[900];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	return error_set(w->err, 0, "%s:%zu:%zu: %s", w->file, at.line + 1, at.column + 1, sentence);
}

/* Which place helps: where libyaml gave up, where the unfinished thing began, or the first with the second named. */
enum place { HERE, BEGINNING, HERE_BEGUN };

/* What libyaml says, in words that say what to do. The left side is libyaml 0.2's text (scanner.c, parser.c). */
static const struct {
	const char *problem, *sentence;
	enum place place;
} plainly[] = {
	{ "mapping values are not allowed in this context",
	  "a second \": \" on this line, or wrong indentation; put text that contains \": \" in quotes", HERE },
	{ "did not find expected key",
	  "wrong indentation, or a key without \": \"; the keys of one mapping begin in the same column", HERE },
	{ "could not find expected ':'", "a key without \": \" behind it", BEGINNING },
	{ "did not find expected '-' indicator", "wrong indentation in a list; its dashes stand in the same column",
	  HERE },
	{ "did not find expected ',' or ']'", "a list goes on without a comma, or lacks its ]", HERE_BEGUN },
	{ "did not find expected ',' or '}'", "a mapping goes on without a comma, or lacks its }", HERE_BEGUN },
	{ "found unexpected end of stream", "a quoted text has no closing quote", BEGINNING },
	{ "did not find expected node content", "a value is missing here, or a closing bracket", HERE_BEGUN },
	{ "block sequence entries are not allowed",
	  "a dash that begins no list item; put a text that begins with \"- \" in quotes", HERE },
};

/* The byte offset of a mark: libyaml counts characters. */
static size_t offset_of(const struct walk *w, yaml_mark_t at)
{
	size_t i = 0;
	for (size_t n = at.index; i < w->len; i++) {
		if (((unsigned char)w->text[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

/* '\0' behind the end. */
static char char_at(const struct walk *w, yaml_mark_t at)
{
	size_t i = offset_of(w, at);
	return i < w->len ? w->text[i] : '\0';
}

/* "title x" and below it "tasks: …" are one text to YAML, which then finds the second line's ": " one too many. Is it so that the
 * line above lacks its own? *at is then where its key begins. */
static bool key_above(const struct walk *w, yaml_mark_t *at)
{
	size_t colon = offset_of(w, *at), line = colon, above;
	while (line && w->text[line - 1] != '\n')
		line--;
	if (!line || memmem(w->text + line, colon - line, ": ", 2))
		return false;
	for (above = line - 1; above && w->text[above - 1] != '\n';)
		above--;
	const char *first = w->text + above, *second = w->text + line;
	size_t len = line - 1 - above, indent = 0, below = 0;
	while (indent < len && (first[indent] == ' ' || (first[indent] == '-' && first[indent + 1] == ' ')))
		indent++;	/* an item's dash is one */
	while (line + below < colon && second[below] == ' ')
		below++;
	if (indent == len || indent != below || strchr("#-'\"", first[indent]) || memchr(first, ':', len))
		return false;
	at->line--;
	at->column = indent;
	return true;
}

static int syntax_error(const struct walk *w, const yaml_parser_t *parser)
{
	yaml_mark_t at = parser->problem_mark, begun = parser->context ? parser->context_mark : at;
	const char *problem = parser->problem ? parser->problem : "not YAML";
	char c = char_at(w, at);
	if (c == '\t')
		return bad(w, at, "a tab; YAML is indented with spaces");
	if (streq(problem, "found character that cannot start any token") && c > ' ')
		return bad(w, at, "a text can't begin with %c; put it in quotes", c);
	for (size_t i = 0; i < ARRAY_SIZE(plainly); i++) {
		if (!starts_with(problem, plainly[i].problem))
			continue;
		if (plainly[i].place == HERE_BEGUN)
			return bad(w, at, "%s; it began in line %zu", plainly[i].sentence, begun.line + 1);
		if (i == 0 && key_above(w, &at))
			return bad(w, at, "a key without \": \" behind it");
		return bad(w, plainly[i].place == BEGINNING ? begun : at, "%s", plainly[i].sentence);
	}
	return bad(w, at, "not YAML: %s%s%s", parser->context ? parser->context : "", parser->context ? ", " : "",
		   problem);
}

static int parser_start(yaml_parser_t *parser, const struct walk *w)
{
	if (!yaml_parser_initialize(parser))
		return error_set(w->err, 0, "%s: out of memory", w->file);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)w->text, w->len);
	return 0;
}

#define DEPTH_MAX 16	/* the schema has half of it; libyaml takes quadratic time for what is very deep */

struct seen {
	unsigned documents, depth;
};

static int check_event(const struct walk *w, const yaml_event_t *e, struct seen *seen)
{
	static const char no_anchor[] =
		"an anchor (&name); no such thing is allowed in a %s file: write the value out%s";
	static const char no_tag[] = "a tag (!name); no such thing is allowed in a %s file: all values are text";
	const char *axis = streq(w->what, "case") ? ", or use an axis" : "";
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return bad(
			w, e->start_mark,
			"an alias (*name); no such thing is allowed in a %s file: write the value out%s", w->what, axis);
	case YAML_DOCUMENT_START_EVENT:
		if (++seen->documents > 1)
			return bad(w, e->start_mark, "a second document; a file holds one %s", w->what);
		return 0;
	case YAML_SCALAR_EVENT:
		if (e->data.scalar.anchor)
			return bad(w, e->start_mark, no_anchor, w->what, axis);
		if (e->data.scalar.tag)
			return bad(w, e->start_mark, no_tag, w->what);
		if (strlen((const char *)e->data.scalar.value) != e->data.scalar.length)
			return bad(w, e->start_mark, "a zero byte (\\0) in a text; no name or value can hold one");
		if (e->data.scalar.length > 4096)
			return bad(w, e->start_mark, "a text of %zu bytes; at most 4096 are allowed",
				   e->data.scalar.length);
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		if (e->data.sequence_start.anchor)
			return bad(w, e->start_mark, no_anchor, w->what, axis);
		if (e->data.sequence_start.tag)
			return bad(w, e->start_mark, no_tag, w->what);
		return ++seen->depth > DEPTH_MAX ? bad(w, e->start_mark, "nested more than %d deep", DEPTH_MAX) : 0;
	case YAML_MAPPING_START_EVENT:
		if (e->data.mapping_start.anchor)
			return bad(w, e->start_mark, no_anchor, w->what, axis);
		if (e->data.mapping_start.tag)
			return bad(w, e->start_mark, no_tag, w->what);
		return ++seen->depth > DEPTH_MAX ? bad(w, e->start_mark, "nested more than %d deep", DEPTH_MAX) : 0;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		seen->depth--;
		return 0;
	default:
		return 0;
	}
}

/* Everything that can be refused without a schema. In particular no aliases: a tree with them can be endless. */
static int check_events(const struct walk *w)
{
	yaml_parser_t parser;
	if (parser_start(&parser, w) < 0)
		return -1;
	struct seen seen = { 0 };
	int result = 0;
	for (bool end = false; !end && result == 0;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			result = syntax_error(w, &parser);
			break;
		}
		result = check_event(w, &event, &seen);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return result;
}

static void remember(struct walk *w, const yaml_node_t *key, const yaml_node_t *value)
{
	struct tree *t = &w->tree;
	if ((t->n & (t->n - 1)) == 0) /* full at each power of two */
		t->marks = xrealloc(t->marks, t->n ? t->n * 2 : 1, sizeof(*t->marks));
	/* a block list begins on a later line than its key: the key is where people look */
	yaml_mark_t at = key && key->start_mark.line != value->start_mark.line ? key->start_mark : value->start_mark;
	struct mark *m = &t->marks[t->n++];
	*m = (struct mark){ .path = xstrdup(w->path), .line = (int)at.line + 1, .column = (int)at.column + 1 };
	if (value->type == YAML_SCALAR_NODE && value->start_mark.line == value->end_mark.line) {
		yaml_scalar_style_t style = value->data.scalar.style;
		bool quoted = style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
		m->text_column = (int)value->start_mark.column + 1 + (quoted ? 1 : 0);
	}
}

static const char *type_name(const yaml_node_t *n)
{
	switch (n->type) {
	case YAML_SCALAR_NODE:
		return n->data.scalar.length ? "a text" : "empty";
	case YAML_SEQUENCE_NODE:
		return "a list";
	default:
		return "a mapping";
	}
}

static int wrong_type(const struct walk *w, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
	char form[80] = "a text or number";
	const cyaml_schema_value_t *inner = schema->type == CYAML_SEQUENCE ? schema->sequence.entry : schema;
	const char *key = inner->type == CYAML_MAPPING ? inner->mapping.fields[0].key : NULL;
	if (schema->type == CYAML_MAPPING)
		snprintf(form, sizeof(form), "a mapping like {%s: …}", key);
	else if (schema->type == CYAML_SEQUENCE)
		snprintf(form, sizeof(form), key ? "a list like [{%s: …}]" : "a list like [a, b]", key);
	return bad(w, node->start_mark, "%s%s is %s; it must be %s", w->path[0] ? "" : "this ", w->path[0] ? w->path : w->what, type_name(node),
		   form);
}

static int walk_node(struct walk *w, const yaml_node_t *key, const yaml_node_t *node,
		     const cyaml_schema_value_t *schema);

#define KEYS_MAX 64	/* of one mapping in the schema */

static int unknown_key(const struct walk *w, const yaml_node_t *key, const cyaml_schema_field_t *fields)
{
	const char *words[KEYS_MAX];
	size_t n = 0;
	for (const cyaml_schema_field_t *f = fields; f->key && n < KEYS_MAX; f++)
		words[n++] = f->key;
	const char *word = (const char *)key->data.scalar.value;
	char shown[320], allowed[400];
	show_text(shown, word);
	say_allowed(allowed, sizeof(allowed), word, words, n);
	return bad(w, key->start_mark, "unknown key \"%s\"%s%s; %s", shown, w->path[0] ? " in " : "", w->path, allowed);
}

static int walk_pair(struct walk *w, const yaml_node_pair_t *pair, const cyaml_schema_field_t *fields, uint64_t *seen)
{
	const yaml_node_t *key = yaml_document_get_node(w->document, pair->key);
	const yaml_node_t *value = yaml_document_get_node(w->document, pair->value);
	if (key->type != YAML_SCALAR_NODE)
		return bad(w, key->start_mark, "a key is %s; it must be a word", type_name(key));
	const char *word = (const char *)key->data.scalar.value;
	unsigned i = 0;
	while (fields[i].key && !streq(fields[i].key, word))
		i++;
	if (!fields[i].key)
		return unknown_key(w, key, fields);
	if (*seen >> i & 1)
		return bad(w, key->start_mark, "\"%s\" stands twice; give it once", word);
	*seen |= UINT64_C(1) << i;
	size_t end = strlen(w->path);
	snprintf(w->path + end, sizeof(w->path) - end, "%s%s", end ? "." : "", word);
	int result = walk_node(w, key, value, &fields[i].value);
	w->path[end] = '\0';
	return result;
}

static int walk_mapping(struct walk *w, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
	const cyaml_schema_field_t *fields = schema->mapping.fields;
	uint64_t seen = 0;
	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		if (walk_pair(w, p, fields, &seen) < 0)
			return -1;
	}
	for (unsigned i = 0; fields[i].key; i++) {
		if (!(fields[i].value.flags & CYAML_FLAG_OPTIONAL) && !(seen >> i & 1))
			return bad(w, node->start_mark, "%s%s\"%s\" is missing; it is required", w->path,
				   w->path[0] ? ": " : "", fields[i].key);
	}
	return 0;
}

static int walk_sequence(struct walk *w, const yaml_node_t *key, const yaml_node_t *node,
			 const cyaml_schema_value_t *schema)
{
	size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	yaml_mark_t at = key ? key->start_mark : node->start_mark;
	if (n < schema->sequence.min)
		return bad(w, at, "%s has %zu item%s; at least %u must be given", w->path, n, n == 1 ? "" : "s",
			   (unsigned)schema->sequence.min);
	if (n > schema->sequence.max)
		return bad(w, at, "%s has %zu items; at most %u are allowed", w->path, n,
			   (unsigned)schema->sequence.max);
	size_t end = strlen(w->path);
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *item = yaml_document_get_node(w->document, node->data.sequence.items.start[i]);
		snprintf(w->path + end, sizeof(w->path) - end, "[%zu]", i);
		if (walk_node(w, NULL, item, schema->sequence.entry) < 0)
			return -1;
		w->path[end] = '\0';
	}
	return 0;
}

/* Recursion is as deep as the schema, not as the file. */
static int walk_node(struct walk *w, const yaml_node_t *key, const yaml_node_t *node,
		     const cyaml_schema_value_t *schema)
{
	static const yaml_node_type_t node_type[] = {
		[CYAML_MAPPING] = YAML_MAPPING_NODE,
		[CYAML_SEQUENCE] = YAML_SEQUENCE_NODE,
		[CYAML_STRING] = YAML_SCALAR_NODE,
	};
	remember(w, key, node);
	if (node->type != node_type[schema->type])
		return wrong_type(w, node, schema);
	if (schema->type == CYAML_MAPPING)
		return walk_mapping(w, node, schema);
	return schema->type == CYAML_SEQUENCE ? walk_sequence(w, key, node, schema) : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct mark *)a)->path, ((const struct mark *)b)->path);
}

int tree_check(const char *file, const char *what, const char *text, size_t len, const cyaml_schema_value_t *schema, struct tree *tree,
	       struct error *err)
{
	struct walk w = { .file = file, .what = what, .text = text, .len = len, .err = err };
	yaml_parser_t parser;
	yaml_document_t document;
	if (check_events(&w) < 0 || parser_start(&parser, &w) < 0)
		return -1;
	if (!yaml_parser_load(&parser, &document)) {
		int result = syntax_error(&w, &parser);
		yaml_parser_delete(&parser);
		return result;
	}
	w.document = &document;
	const yaml_node_t *root = yaml_document_get_root_node(&document);
	int result = root ? walk_node(&w, NULL, root, schema) :
			    error_set(err, 0, "%s:1:1: the file is empty; %s", file,
				      streq(what, "case") ? "a case has a title, tasks and a trigger at least" : "it has nothing to check");
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	if (result < 0) {
		tree_free(&w.tree);
		return -1;
	}
	qsort(w.tree.marks, w.tree.n, sizeof(*w.tree.marks), by_path);
	*tree = w.tree;
	return 0;
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		free(tree->marks[i].path);
	free(tree->marks);
	*tree = (struct tree){ 0 };
}

const struct mark *tree_find(const struct tree *tree, const char *path)
{
	char part[256];
	snprintf(part, sizeof(part), "%s", path);
	for (;;) {
		struct mark wanted = { .path = part };
		const struct mark *m = bsearch(&wanted, tree->marks, tree->n, sizeof(*tree->marks), by_path);
		if (m || !part[0])
			return m;
		char *dot = strrchr(part, '.'), *bracket = strrchr(part, '[');
		char *cut = dot > bracket ? dot : bracket;
		*(cut ? cut : part) = '\0';
	}
}
