// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "tests/log_forms.h"

static void put_json_text(FILE *f, const char *text, bool numbers)
{
	bool plain = !numbers;
	for (const char *p = text; *p; p++)
		plain &= *p == '\n' || ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
	if (!plain) {
		fputc('[', f);
		for (const char *p = text; *p; p++)
			fprintf(f, "%s%d", p == text ? "" : ",", (unsigned char)*p);
		fputc(']', f);
		return;
	}
	json_t *string = json_string(text);
	CLEANUP_FREE char *dumped = json_dumps(string, JSON_ENCODE_ANY);
	fputs(dumped, f);
	json_decref(string);
}

#define FIELDS \
	"\"__CURSOR\":\"s=a;i=%zx\",\"_HOSTNAME\":\"web\",\"PRIORITY\":\"4\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"_" \
	"TRANSPORT\":\"kernel\","

static void journal_json(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "{" FIELDS "\"MESSAGE\":", i);
		put_json_text(f, records[i].text, false);
		fprintf(f, ",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"%lld\"}\n", (long long)records[i].usec);
	}
}

static void journal_json_bytes(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "{" FIELDS "\"MESSAGE\":", i);
		put_json_text(f, records[i].text, true);
		fprintf(f, "}\n");
	}
}

static void journal_json_seq(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "\x1e{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":");
		put_json_text(f, records[i].text, false);
		fprintf(f, "}\n");
	}
}

static void journal_json_sse(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "data: {\"_TRANSPORT\":\"kernel\",\"MESSAGE\":");
		put_json_text(f, records[i].text, false);
		fprintf(f, "}\n\n");
	}
}

static void journal_pretty(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"_HOSTNAME\" : \"web\",\n\t\"MESSAGE\" : ");
		put_json_text(f, records[i].text, false);
		fprintf(f, ",\n\t\"PRIORITY\" : \"4\"\n}\n");
	}
}

static void journal_pretty_bytes(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" : [\n");
		for (const char *p = records[i].text; *p; p++)
			fprintf(f, "\t\t%d%s\n", (unsigned char)*p, p[1] ? "," : "");
		fprintf(f, "\t],\n\t\"PRIORITY\" : \"4\"\n}\n");
	}
}

static void journal_export(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		const char *text = records[i].text;
		uint64_t n = strlen(text);
		bool binary = false;
		for (const char *p = text; *p; p++)
			binary |= (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e;
		fprintf(f,
			"__CURSOR=s=a;i=%zx\n__REALTIME_TIMESTAMP=1\n_TRANSPORT=kernel\n_HOSTNAME=web\nSYSLOG_"
			"IDENTIFIER=kernel\n",
			i);
		if (binary) {
			fprintf(f, "MESSAGE\n");
			for (int b = 0; b < 8; b++)
				fputc((int)(n >> 8 * b & 0xff), f);
			fprintf(f, "%s\n\n", text);
		} else {
			fprintf(f, "MESSAGE=%s\n\n", text);
		}
	}
}

static void journal_verbose(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		put_prefix(f, "Tue 2026-03-03 %C.%U CET [s=abc;i=1;b=2;m=3;t=4;x=5]\n", &records[i], NULL);
		fprintf(f, "    _TRANSPORT=kernel\n    SYSLOG_IDENTIFIER=kernel\n    MESSAGE=%s\n", records[i].text);
	}
}

static void container_json(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		CLEANUP_FREE char *line = xasprintf("[%5lld.%06lld] %s\n", (long long)records[i].usec / 1000000,
						    (long long)records[i].usec % 1000000, records[i].text);
		for (char *p = line; *p; p++)	/* it is UTF-8 by then */
			if ((unsigned char)*p > 0x7e)
				*p = '?';
		fprintf(f, "{\"log\":");
		put_json_text(f, line, false);
		fprintf(f, ",\"stream\":\"stdout\",\"time\":\"2026-03-03T14:07:12.1Z\"}\n");
	}
}

static void dmesg_json(FILE *f)
{
	fprintf(f, "{\n   \"dmesg\": [\n");
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "      {\n         \"pri\": 4,\n         \"time\": %5lld.%06lld,\n         \"msg\": ",
			(long long)records[i].usec / 1000000, (long long)records[i].usec % 1000000);
		put_json_text(f, records[i].text, false);
		fprintf(f, "\n      }%s\n", i + 1 < n_records ? "," : "");
	}
	fprintf(f, "   ]\n}\n");
}

static void rsyslog_octal(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		put_prefix(f, "Mar  3 %C web-01 kernel: [%K] ", &records[i], NULL);
		for (const char *p = records[i].text; *p; p++)
			fputs(*p == '\n' ? "#012" : (char[]){ *p, '\0' }, f);
		fputc('\n', f);
	}
}

static void kmsg_escaped(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		fprintf(f, "4,%zu,%lld,-;", i, (long long)records[i].usec);
		for (const unsigned char *p = (const unsigned char *)records[i].text; *p; p++)
			fprintf(f, *p < 0x20 || *p > 0x7e || *p == '\\' ? "\\x%02x" : "%c", *p);
		fprintf(f, "\n%s", i % 7 ? "" : " SUBSYSTEM=x\n DEVICE=+y:z\n");
	}
}

/* Records longer than a packet: pieces, each a line, or one behind the other as a listener without newlines has them. */
static void netconsole(FILE *f, const char *between)
{
	const size_t piece = 70;
	for (size_t i = 0; i < n_records; i++) {
		char *escaped = NULL;
		size_t len;
		FILE *one = open_memstream(&escaped, &len);
		for (const unsigned char *p = (const unsigned char *)records[i].text; *p; p++)
			fprintf(one, *p < 0x20 || *p > 0x7e || *p == '\\' ? "\\x%02x" : "%c", *p);
		fputc('\n', one);
		fclose(one);
		for (size_t at = 0; at < len; at += piece) {
			fprintf(f, "4,%zu,%lld,-", i + 100, (long long)records[i].usec);
			if (len > piece)
				fprintf(f, ",ncfrag=%zu/%zu", at, len);
			fprintf(f, ";%.*s%s", (int)piece, escaped + at, len - at > piece ? between : "");
		}
		free(escaped);
	}
}

static void netconsole_lines(FILE *f) { netconsole(f, "\n"); }
static void netconsole_bare(FILE *f) { netconsole(f, ""); }

/* The plain log in memory, for what is made of the whole of it. Free it. */
static char *plain_log(size_t *len)
{
	char *text;
	FILE *f = open_memstream(&text, len);
	put_lines(f, "[%K] ", as_it_is);
	fclose(f);
	return text;
}

static void utf16(FILE *f, bool big)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	for (size_t i = 0; i < len; i++) {	/* bytes above 7f are two, as in UTF-8 */
		unsigned c = (unsigned char)text[i];
		if (c >= 0xc0 && i + 1 < len && (text[i + 1] & 0xc0) == 0x80)
			c = (c & 0x1f) << 6 | (text[++i] & 0x3f);
		fputc(big ? (int)(c >> 8) : (int)(c & 0xff), f);
		fputc(big ? (int)(c & 0xff) : (int)(c >> 8), f);
	}
}

static void utf16_le(FILE *f) { fputs("\xff\xfe", f); utf16(f, false); }
static void utf16_be(FILE *f) { fputs("\xfe\xff", f); utf16(f, true); }
static void utf16_bare(FILE *f) { utf16(f, false); }

static void cr_alone(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	for (size_t i = 0; i < len; i++)
		fputc(text[i] == '\n' ? '\r' : text[i], f);
}

/* A cloud's console output: one string, longer than what a message may be. */
static void one_string(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len), *escaped = json_escaped(text);
	fputs("{\"InstanceId\": \"i-0\", \"Output\": \"", f);
	for (int i = 0; i < 400; i++)
		fputs("[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\\r\\n", f);
	fprintf(f, "%s\"}\n", escaped);
}

/* What a program prints of a text that it holds: one string, or one for each line. */
static void one_literal(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len), *escaped = json_escaped(text);
	fprintf(f, "\"%s\"\n", escaped);
}

static void one_list(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(f, "%s'%s'", line == text ? "[" : ", ", line);
	fputs("]\n", f);
}

static void one_array(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		CLEANUP_FREE char *escaped = json_escaped(records[i].text);
		fprintf(f, "%s{\"insertId\": \"%zx\", \"jsonPayload\": {\"MESSAGE\": \"%s\", \"_TRANSPORT\": \"kernel\"}}",
			i ? ", " : "[", i, escaped);
	}
	fputs("]\n", f);
}

static void one_page(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	fputs("<html><body><p>", f);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		put_escaped(f, line);
		fputs("<br>", f);
	}
	fputs("</p></body></html>\n", f);
}

static void in_markdown(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	for (const char *p = text; *p; p++)
		fprintf(f, strchr("_[]*", *p) ? "\\%c" : "%c", *p);
}

/* RFC 2045, lines of 76 */
static void put_printable(FILE *f, const char *text, const char *newline)
{
	size_t column = 0;
	for (const char *p = text; *p; p++) {
		bool plain = *p == '\n' || (*p >= 0x20 && *p < 0x7f && *p != '=');
		if (*p != '\n' && column + (plain ? 1 : 3) > 75) {
			fputs("=\n", f);
			column = 0;
		}
		if (*p == '\n')
			fputs(newline, f);
		else
			fprintf(f, plain ? "%c" : "=%02X", (unsigned char)*p);
		column = *p == '\n' ? 0 : column + (plain ? 1 : 3);
	}
}

static void printable_log(FILE *f, const char *newline)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	put_printable(f, text, newline);
}

static void quoted_printable(FILE *f) { printable_log(f, "\n"); }
static void written_newlines(FILE *f) { printable_log(f, "=0A=\n"); }

/* A mail's part as base64 with so many characters to a line. */
static void put_base64(FILE *f, const char *text, size_t len, size_t width, const char *end)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = 0;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < len ? (uint8_t)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++) {
			fputc(i + k > len ? '=' : digits[v >> (18 - 6 * k) & 63], f);
			if (++column % width == 0)
				fputs(end, f);
		}
	}
	fputs(column % width ? end : "", f);
}

static void base64(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	fputs("From: a@example.org\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\nSubject: x\n\n", f);
	put_base64(f, text, len - 1, 76, "\n");	/* nor has the last line an end */
}

/* Several parts, of which one is a picture, and the log's lines end as a mail's do. The last line has no end. */
static void base64_parts(FILE *f)
{
	size_t len, mail_len;
	char *mail;
	CLEANUP_FREE char *text = plain_log(&len);
	FILE *m = open_memstream(&mail, &mail_len);
	for (size_t i = 0; i < len - 1; i++)
		fprintf(m, text[i] == '\n' ? "\r\n" : "%c", text[i]);
	fclose(m);
	fputs("--x\r\ncontent-transfer-encoding: BASE64\r\ncontent-type: image/png\r\n\r\n", f);
	put_base64(f, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", 18, 60, "\r\n");
	fputs("\r\n--x\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n", f);
	put_base64(f, mail, mail_len, 60, "\r\n");
	fputs("--x--\r\n", f);
	free(mail);
}

/* Where the part of so many bytes that ends at `end` begins: at a line, and there is at least one. */
static size_t part_begin(const char *text, size_t end, size_t size)
{
	size_t from = end > size ? end - size : 0;
	while (from > 0 && text[from - 1] != '\n' && from < end)
		from++;
	if (from == end)
		for (from = end - 1; from > 0 && text[from - 1] != '\n';)
			from--;
	return from;
}

/* What firmware keeps (fs/pstore/platform.c), the newest part first or last; an older dump stands before it. */
static void pstore(FILE *f, bool newest_first)
{
	size_t len, ends[4096], n = 0;
	CLEANUP_FREE char *text = plain_log(&len);
	for (size_t end = len; end > 0; end = part_begin(text, end, 1024))
		ends[n++] = end;
	fputs("Oops#1 Part1\n<6>[    1.000000] foo\n", f);
	for (size_t i = 0; i < n; i++) {
		size_t part = newest_first ? i : n - 1 - i, from = part + 1 < n ? ends[part + 1] : 0;
		fprintf(f, "Panic#2 Part%zu\n%.*s", part + 1, (int)(ends[part] - from), text + from);
	}
}

static void pstore_ascending(FILE *f) { pstore(f, true); }
static void pstore_descending(FILE *f) { pstore(f, false); }

/* The source of a page whose lines are between these; runs of blanks do not break. */
static char *page_of(const char *before, const char *behind)
{
	size_t len, page_len;
	char *page;
	CLEANUP_FREE char *text = plain_log(&len);
	FILE *f = open_memstream(&page, &page_len);
	fputs("<html><body>", f);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		fputs(before, f);
		for (char *p = line; *p; p++)
			if (*p == ' ' && p[1] == ' ')
				fputs("&nbsp;", f);
			else
				put_escaped(f, (char[]){ *p, '\0' });
		fputs(behind, f);
	}
	fputs("</body></html>\n", f);
	fclose(f);
	return page;
}

static void page(FILE *f, const char *before, const char *behind, bool printable)
{
	CLEANUP_FREE char *text = page_of(before, behind);
	if (printable)
		put_printable(f, text, "\n");
	else
		fputs(text, f);
}

#define DIV "<div style=\"font-family: monospace\"><span>"
static void page_in_a_mail(FILE *f) { page(f, "", "<br>\n", true); }
static void page_in_a_mail_one_line(FILE *f) { page(f, "", "<br>", true); }
static void page_in_a_mail_divs(FILE *f) { page(f, DIV, "</span></div>", true); }
static void page_of_paragraphs(FILE *f) { page(f, "<p class=MsoPlainText><span lang=EN-US>", "<o:p></o:p></span></p>\n\n", false); }
static void page_in_capitals(FILE *f) { page(f, "", "<BR>\n", false); }

static void put_record(FILE *f, const char *format, size_t i)
{
	CLEANUP_FREE char *copy = xstrdup(records[i].text);
	for (char *save = NULL, *part = strtok_r(copy, "\n", &save); part; part = strtok_r(NULL, "\n", &save)) {
		put_prefix(f, format, &records[i], NULL);
		fprintf(f, "%s\n", part);
	}
}

/* Every other line has lost its syslog prefix. */
/* A mail has its text twice. */
static void text_and_page(FILE *f)
{
	printable_log(f, "\n");
	fputs("--=_boundary\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n", f);
	page_in_a_mail(f);
}

static void loki(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	fputs("{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[{\"stream\":{\"job\":\"x\"},\"values\":[", f);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		CLEANUP_FREE char *escaped = json_escaped(line);
		fprintf(f, "%s[\"1709436306123456789\",\"%s\"]", line == text ? "" : ",", escaped);
	}
	fputs("]}]}}\n", f);
}

static void numbered(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	int n = 0;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(f, "%d. %s\n", ++n, strstr(line, "] ") + 2);
}

/* Fields in quotes only where they have to be. */
static void csv_as_needed(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	fputs("insertId,textPayload,timestamp\n", f);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *quote = strpbrk(line, ",\"") ? "\"" : "";
		fprintf(f, "abc,%s", quote);
		for (const char *p = line; *p; p++)
			fprintf(f, *p == '"' ? "\"\"" : "%c", *p);
		fprintf(f, "%s,2026-03-03T14:05:06Z\n", quote);
	}
}

/* Several lines in one record. */
static void csv_of_events(FILE *f)
{
	size_t len, n = 0;
	CLEANUP_FREE char *text = plain_log(&len);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++)
		fprintf(f, "%sMar  3 14:05:06 web-01 kernel: %s%s", n % 6 ? "\n" : "\"", line,
			n % 6 == 5 ? "\",\"2026-03-03T14:05:06.000+0000\",\"web-01\"\n" : "");
	fputs("\",\"2026-03-03T14:05:06.000+0000\",\"web-01\"\n", f);
}

static void half_stamped(FILE *f)
{
	for (size_t i = 0; i < n_records; i++)
		put_record(f, i & 1 ? "Mar  3 %C web-01 kernel: [%K] " : "[%K] ", i);
}

/* A console and a syslog written to one file: the second copy of a line comes a few lines late, or without the kernel's stamp. */
static void two_ways(FILE *f, const char *first, const char *second, size_t late)
{
	for (size_t i = 0; i < n_records + late; i++) {
		if (i < n_records)
			put_record(f, first, i);
		if (i >= late)
			put_record(f, second, i - late);
	}
}

static void console_and_syslog(FILE *f) { two_ways(f, "[%K] ", "Mar  3 %C web-01 kernel: [%K] ", 0); }
static void syslog_late(FILE *f) { two_ways(f, "[%K] ", "2026-03-03T%C.%U+01:00 web-01 kernel: [%K] ", 3); }
static void stamped_and_not(FILE *f) { two_ways(f, "[%K] ", "Mar  3 %C web-01 kernel: ", 0); }

/* What a chat makes of a log: one line. */
static void joined(FILE *f, const char *format)
{
	char *text;
	size_t len;
	FILE *lines = open_memstream(&text, &len);
	for (size_t i = 0; i < n_records; i++)
		put_record(lines, format, i);
	fclose(lines);
	for (char *nl; (nl = memchr(text, '\n', len));)
		*nl = ' ';
	fprintf(f, "%s\n", text);
	free(text);
}

/* What a field of a form makes of it: not even a blank is left. */
static void joined_tight(FILE *f)
{
	size_t len;
	CLEANUP_FREE char *text = plain_log(&len);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n')
			fputc(text[i], f);
	fputc('\n', f);
}

static void joined_dmesg(FILE *f) { joined(f, "[%K] "); }
static void joined_dates(FILE *f) { joined(f, "[Tue Mar  3 %C 2026] "); }
static void joined_syslog(FILE *f) { joined(f, "Mar  3 %C web-01 kernel: "); }
static void joined_rsyslog(FILE *f) { joined(f, "2026-03-03T%C.%U+01:00 web-01 kernel: [%K] "); }

const struct log_format log_formats[] = {
	{ "journal json", journal_json, false }, { "journal json, bytes", journal_json_bytes, false },
	{ "journal json-seq", journal_json_seq, false }, { "journal json-sse", journal_json_sse, false },
	{ "journal json-pretty", journal_pretty, false }, { "journal json-pretty, bytes", journal_pretty_bytes, false },
	{ "journal export", journal_export, false }, { "journal verbose", journal_verbose, false },
	{ "container's json", container_json, true }, { "dmesg --json", dmesg_json, true },
	{ "rsyslog's octals", rsyslog_octal, false }, { "/dev/kmsg's escapes", kmsg_escaped, false },
	{ "UTF-16", utf16_le, false }, { "UTF-16, big end", utf16_be, false }, { "UTF-16, no mark", utf16_bare, false },
	{ "CR alone", cr_alone, false }, { "one string", one_string, true }, { "one array", one_array, true },
	{ "one literal", one_literal, true }, { "one list", one_list, true },
	{ "one page", one_page, true }, { "Markdown", in_markdown, true },
	{ "netconsole", netconsole_lines, false }, { "netconsole, no newlines", netconsole_bare, false },
	{ "base64", base64, false }, { "base64, parts", base64_parts, false },
	{ "pstore", pstore_ascending, false }, { "pstore, in order", pstore_descending, false },
	{ "quoted-printable", quoted_printable, true }, { "half stamped", half_stamped, false },
	{ "quoted-printable, newlines too", written_newlines, true },
	{ "a mail's page", page_in_a_mail, true }, { "a mail's page in one line", page_in_a_mail_one_line, true },
	{ "a mail's page, divs", page_in_a_mail_divs, true }, { "a page of paragraphs", page_of_paragraphs, true },
	{ "a page in capitals", page_in_capitals, true },
	{ "a mail's text and page", text_and_page, true }, { "Loki", loki, true }, { "numbered, no stamps", numbered, true },
	{ "CSV", csv_as_needed, true }, { "CSV of events", csv_of_events, true },
	{ "console and syslog", console_and_syslog, false }, { "console, and syslog late", syslog_late, false },
	{ "with a stamp and without", stamped_and_not, false },
	{ "joined, nothing between", joined_tight, true }, { "joined, dmesg", joined_dmesg, true }, { "joined, dmesg -T", joined_dates, true },
	{ "joined, syslog", joined_syslog, true }, { "joined, rsyslog", joined_rsyslog, true },
};

const size_t n_log_formats = ARRAY_SIZE(log_formats);
