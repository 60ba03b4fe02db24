// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every report that the project's guests gave, in every form in which people have logs, and with every damage that a
 * log takes: what is read must be the same, to the last field. Where lines are lost or torn it may be less, and never
 * wrong.
 */
#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/stream.h"
#include "tests/harness.h"

#define MAX_RECORDS 1200
#define LOSSES 12		/* per report */

struct record {
	int64_t usec;
	char *text;		/* may hold newlines */
};

static struct record records[MAX_RECORDS];
static size_t n_records;

/* "[   12.345678] text"; a line without a stamp belongs to the record before it. */
static void load(const char *path)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	ck_assert_msg(text != NULL, "%s can't be read", path);
	while (n_records)
		free(records[--n_records].text);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		long long s, us;
		ck_assert_uint_lt(n_records, MAX_RECORDS);
		if (sscanf(line, "[%lld.%lld]", &s, &us) == 2) {
			records[n_records++] = (struct record){ s * 1000000 + us, xstrdup(strchr(line, ']') + 2) };
		} else if (n_records) {
			char *joined = xasprintf("%s\n%s", records[n_records - 1].text, line);
			free(records[n_records - 1].text);
			records[n_records - 1].text = joined;
		}
	}
}

/* Without what depends on the form: which file, which line. */
static json_t *explain_text(const char *text, size_t len)
{
	char *json = NULL;
	size_t json_len = 0;
	FILE *f = open_memstream(&json, &json_len);
	struct explainer x = { .out = f, .json = true, .file = "x", .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	struct stream *s = stream_new(k);
	stream_feed(s, text, len);
	stream_end(s);
	stream_free(s);
	klog_free(k);
	fclose(f);
	json_t *all = json_array();
	for (char *p = json, *nl; (nl = strchr(p, '\n')); p = nl + 1) {
		json_t *o = json_loadb(p, (size_t)(nl - p), 0, NULL);
		json_object_del(o, "file");
		json_object_del(o, "line");
		json_array_append_new(all, o);
	}
	free(json);
	return all;
}

/* What stands before a message: %K seconds since boot, %C the clock, %U microseconds, %N a number that grows, the rest
 * as it is. */
static const struct {
	const char *name, *format;
} prefixes[] = {
	{ "nothing", "" },
	{ "dmesg", "[%K] " },
	{ "dmesg -r", "<4>[%K] " },
	{ "printk caller", "[%K][  T123] " },
	{ "printk caller, wide", "[%K][T1234567] " },
	{ "printk CPU", "[%K][    C1] " },
	{ "dmesg -x", "kern  :warn  : [%K] " },
	{ "dmesg -T", "[Tue Mar  3 %C 2026] " },
	{ "dmesg -T de", "[Di M\xc3\xa4r  3 %C 2026] " },
	{ "dmesg -T fr", "[mar. mars  3 %C 2026] " },
	{ "dmesg -T fr, by its own order", "[mar.  3 mars %C 2026] " },
	{ "dmesg -T zh", "[\xe4\xba\x8c 3\xe6\x9c\x88  3 %C 2026] " },
	{ "dmesg -T ru", "[\xd0\x92\xd1\x82 \xd0\xbc\xd0\xb0\xd1\x80  3 %C 2026] " },
	{ "dmesg -x -T", "kern  :warn  : [Tue Mar  3 %C 2026] " },
	{ "dmesg -d", "[%K <    0.000012>] " },
	{ "dmesg -T -d", "[Tue Mar  3 %C 2026 <    0.000012>] " },
	{ "dmesg -e", "[  +0.000012] " },
	{ "dmesg --time-format iso", "2026-03-03T%C,%U+01:00 " },
	{ "syslog", "Mar  3 %C web-01 kernel: " },
	{ "syslog, stamped", "Mar  3 %C web-01 kernel: [%K] " },
	{ "syslog, address", "Mar  3 %C 192.0.2.7 kernel: [%K] " },
	{ "syslog, year", "Mar  3 2026 %C web-01 kernel: [%K] " },
	{ "syslog, facility", "Mar  3 %C web-01 kern.warn kernel: [%K] " },
	{ "rsyslog", "2026-03-03T%C.%U+01:00 web-01 kernel: [%K] " },
	{ "rsyslog, UTC", "2026-03-03T%CZ web-01 kernel: " },
	{ "RFC 5424", "<4>1 2026-03-03T%C.%UZ web-01 kernel - - - [%K] " },
	{ "logstash", "2026-03-03 %C.000Z web-01 kernel[-]: " },
	{ "openwrt", "Tue Mar  3 %C 2026 kern.warn kernel: [%K] " },
	{ "short", "Mar 03 %C web-01 kernel: " },
	{ "short-precise", "Mar 03 %C.%U web-01 kernel: " },
	{ "short-iso", "2026-03-03T%C+0100 web-01 kernel: " },
	{ "short-iso-precise", "2026-03-03T%C.%U+0100 web-01 kernel: " },
	{ "short-full", "Tue 2026-03-03 %C CET web-01 kernel: " },
	{ "short-monotonic", "[%K] web-01 kernel: " },
	{ "short-unix", "1772542800.%U web-01 kernel: " },
	{ "short-delta", "[%K <    0.000012 >] web-01 kernel: " },
	{ "/dev/kmsg", "4,%N,%N,-;" },
	{ "/dev/kmsg, caller", "4,%N,%N,-,caller=T123;" },
	{ "netconsole, release", "6.1.0-18-amd64,4,%N,%N,-;" },
	{ "kubectl logs --timestamps", "2026-03-03T%C.%U000Z [%K] " },
	{ "kubectl logs --prefix", "[pod/mon-abc/dmesg] [%K] " },
	{ "stern", "mon-abc dmesg [%K] " },
	{ "container's file", "2026-03-03T%C.%U000+01:00 stdout F [%K] " },
	{ "container's file of syslog", "2026-03-03T%C.%U000Z stderr F Mar  3 %C web-01 kernel: [%K] " },
	{ "docker compose", "app-1  | [%K] " },
	{ "docker compose -t", "app-1  | 2026-03-03T%C.%U000Z [%K] " },
	{ "talos", "192.0.2.5: kern: warning: [2026-03-03T%C.%UZ]: " },
	{ "cloud, two dates", "2026-03-03T%C.000Z\tMar  3 %C web-01 kernel: [%K] " },
	{ "build log", "2026-03-03T%C.1234567Z [%K] " },
	{ "build log, brackets", "[2026-03-03T%C.123Z] [%K] " },
	{ "serial console's program", "[2026-03-03 %C] [%K] " },
	{ "serial console", "\r[%K] " },
	{ "ts", "Mar 03 %C [%K] " },
	{ "logcat", "03-03 %C.123     0     0 W         : " },
	{ "logcat, tag", "03-03 %C.123     0     0 I KERNEL  : [%K] " },
	{ "telephone, CPU", "<4>[%K]c1 " },
	{ "telephone, CPU and task", "<4>[%K] [1:  kworker/1:2: 1234] " },
	{ "telephone, task", "<4>[%K]  (1)[1234:kworker/1:2]" },
	{ "telephone, level and task", "[%K]<1>.(1)[1234:kworker/1:2]" },
	{ "hypervisor", "(d12) [%K] " },
	{ "levels in brackets", "[    4][%K] " },
	{ "grep -H", "/var/log/kern.log:Mar  3 %C web-01 kernel: " },
	{ "grep -Hn", "/var/log/kern.log:412:Mar  3 %C web-01 kernel: " },
	{ "grep -n -C", "412-Mar  3 %C web-01 kernel: " },
	{ "cat -n", "   412\t[%K] " },
	{ "mail", "> [%K] " },
	{ "mail, twice", "> > [%K] " },
	{ "mail, tight", ">>[%K] " },
	{ "list", "  * [%K] " },
	{ "numbered list", " 12. [%K] " },
	{ "indent", "    [%K] " },
	{ "diff", "+[%K] " },
	{ "chat", "[14:07] <joe> [%K] " },
	{ "RFC 5424, data", "<4>1 2026-03-03T%C.%U+01:00 web-01 kernel - - [meta sequenceId=\"%N\"] [%K] " },
	{ "RFC 5424, data, no stamp", "<4>1 2026-03-03T%C.%U+01:00 web-01 kernel - - [timeQuality isSynced=\"1\"] " },
	{ "RFC 5424, counted", "123 <4>1 2026-03-03T%C.%U+01:00 web-01 kernel - - - [%K] " },
	{ "appliance", "Mar  3 %C bigip err kernel: : " },
	{ "syslog, no host", "Mar  3 %C kernel: [%K] " },
	{ "syslog, year behind", "Mar  3 %C 2026 fw kernel: [%K] " },
	{ "netconsole through syslogd", "Mar  3 %C 192.0.2.7  [%K] " },
	{ "relay's words", "Received message  <4>Mar  3 %C web-01 kernel: [%K] " },
	{ "crash's log -m", "[%K] <4>" },
	{ "crash's log -T", "[Tue Mar  3 %C UTC 2026] " },
	{ "short-monotonic, no host", "[%K] kernel: " },
	{ "container host", "2026-03-03T%C,%U+01:00 web-01 kernel[0]: [%K] " },
	{ "CI job", "2026-03-03T%C.%UZ 00O [%K] " },
	{ "hypervisor's log", "2026-03-03T%C.123Z| vcpu-0| I125: Guest: <4>[%K] " },
	{ "labels", "2026-03-03T%C+01:00 {host=\"web-01\", job=\"systemd-journal\"} [%K] " },
	{ "cloud's stream", "2026-03-03T%C.123000+00:00 i-0abc/var/log/dmesg [%K] " },
	{ "klog", "I0303 %C.%U       1 dmesg.go:10] [%K] " },
	{ "program's level", "2026-03-03 %C,123 INFO dmesg: [%K] " },
	{ "program's level, dashes", "2026-03-03 %C,123 - INFO - [%K] " },
	{ "test's log", "2026-03-03 %C,123 aexpect        L0123 DEBUG| [%K] " },
	{ "thread and class", "2026-03-03 %C.123  INFO 1 --- [main] c.e.Console : [%K] " },
	{ "relayed by a program", "Mar 03 %C web-01 dmesg[1234]: [%K] " },
	{ "logcat -v time", "03-03 %C.123 W/KERNEL  (    0): [%K] " },
	{ "logcat -v brief", "W/KERNEL  (    0): " },
	{ "logcat -v uid", "03-03 %C.123  root     0     0 W KERNEL  : [%K] " },
	{ "telephone, level and CPU", "[%K] I[2:kworker/2:1:123] " },
	{ "telephone, wide", "<6>[%K]  [2:    kworker/2:1:  123] " },
	{ "telephone, seconds", "[%Ks][2026:03:03 %C][pid:123,cpu1,kworker/1:2]" },
	{ "telephone, pid", "<4>[%Ks][pid:123,cpu1,hog]" },
	{ "box", "\xe2\x94\x82 " },
	{ "prompt", "root@web-01:~# [%K] " },
	{ "hypervisor, console", "(XEN) [2026-03-03 %C.123] (d12) [%K] " },
	{ "American date", "03/03/26 02:05:06 PM web-01 kernel: " },
	{ "German date", "03.03.2026 %C web-01 kernel: " },
	{ "svlogd", "2026-03-03_%C.%U kern.warn: [%K] " },
	{ "zgrep", "/var/log/kern.log.2.gz:Mar  3 %C web-01 kernel: [%K] " },
	{ "host before", "web-01: " },
	{ "host before syslog", "web-01: Mar  3 %C web-01 kernel: [%K] " },
	{ "cursor", "\033[K\033[25;1H[%K] " },
	{ "title", "\033]0;console\007[%K] " },
	{ "switch", "Mar  3 %C.%U switch WARNING kernel: [%K] " },
	{ "access point", "<4>Mar  3 %C (\"U7LT,fcecdaabcdef,v4.3.20\") kernel: [%K] " },
};

/* And behind it: %M is the message, %J as in a JSON string, %2 as in a string within one. */
static const struct {
	const char *name, *format;
} around[] = {
	{ "quoted in code", "\"[%K] %J\\n\"," },
	{ "bytes of Python", "b'[%K] %M\\n'" },
	{ "curly quotes", "\xe2\x80\x9c[%K] %M\xe2\x80\x9d" },
	{ "comma fields", "2026-03-03 %C,web-01,kernel,4,\"%M\"" },
	{ "comma fields, raw", "\"Mar  3 %C web-01 kernel: [%K] %M\",\"2026-03-03T%C.000+0000\",web-01,main" },
	{ "key and value", "time=\"2026-03-03T%CZ\" level=info msg=\"[%K] %J\" source=dmesg" },
	{ "switch's trailer", "2026 Mar  3 %C switch %KERN-3-SYSTEM_MSG: [%K] %M - kernel" },
	{ "cloud's columns", "EVENTS\t1709436306123\t[%K] %M\t1709436306123" },
	{ "YAML", "  MESSAGE: '%M'" },
	{ "YAML, lab", "- {dt: 2026-03-03T%C.%U, lvl: target, msg: \"[%K] %J\"}" },
	{ "JSON, lab", "- {\"dt\": \"2026-03-03T%C.%U\", \"lvl\": \"target\", \"msg\": \"[%K] %J\"}" },
	{ "JSON behind a tag", "2026-03-03 %C.%U000 +0000 kmsg: {\"priority\":\"4\",\"message\":\"%J\"}" },
	{ "Ruby's hash", "[0] kmsg.0: [[1709436306.%U, {}], {\"priority\"=>4, \"sec\"=>27, \"msg\"=>\"%J\"}]" },
	{ "GELF", "{\"version\":\"1.1\",\"host\":\"web-01\",\"short_message\":\"%J\",\"level\":4}" },
	{ "JSON in JSON", "{\"labels\":{\"host\":\"web-01\"},\"line\":\"{\\\"MESSAGE\\\":\\\"%2\\\",\\\"_TRANSPORT\\\":\\\"kernel\\\"}\"}" },
	{ "JSON, raw", "{\"preview\":false,\"result\":{\"_raw\":\"Mar  3 %C web-01 kernel: [%K] %J\",\"host\":\"web-01\"}}" },
	{ "JSON, console", "{\"textPayload\":\"[%K] %J\\\\r\\\\n\",\"labels\":{\"is_text_escaped\":\"true\"}}" },
	{ "bell", "[%K] %M\007" },
	{ "pictures of CR and LF", "[%K] %M\xe2\x90\x8d\xe2\x90\x8a" },
};

/* The part of a message as a JSON string holds it, without the quotes. */
static char *json_escaped(const char *text)
{
	json_t *string = json_string(text);
	char *dumped = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	dumped[strlen(dumped) - 1] = '\0';
	memmove(dumped, dumped + 1, strlen(dumped));
	return dumped;
}

static void put_prefix(FILE *f, const char *format, const struct record *r, const char *message)
{
	int64_t s = r->usec / 1000000;
	for (const char *p = format; *p; p++) {
		if (*p != '%') {
			fputc(*p, f);
			continue;
		}
		switch (*++p) {
		case 'K':
			if (p[1] == 'E') {	/* a facility, no stamp */
				fputs("%K", f);
				break;
			}
			fprintf(f, "%5lld.%06lld", (long long)s, (long long)(r->usec % 1000000));
			break;
		case 'C': fprintf(f, "14:%02lld:%02lld", (long long)(s / 60 % 60), (long long)(s % 60)); break;
		case 'U': fprintf(f, "%06lld", (long long)(r->usec % 1000000)); break;
		case 'N': fprintf(f, "%lld", (long long)r->usec); break;
		case 'M': fputs(message, f); break;
		case 'J':
		case '2': {
			CLEANUP_FREE char *once = json_escaped(message), *twice = json_escaped(once);
			fputs(*p == 'J' ? once : twice, f);
			break;
		}
		default: fprintf(f, "%%%c", *p); break;
		}
	}
}

/* What becomes of a whole line on its way. */
static void put_escaped(FILE *f, const char *line)
{
	for (; *line; line++) {
		const char *entity = *line == '<' ? "&lt;" : *line == '>' ? "&gt;" : *line == '&' ? "&amp;" : NULL;
		if (entity)
			fputs(entity, f);
		else
			fputc(*line, f);
	}
}

static void as_it_is(FILE *f, const char *line) { fprintf(f, "%s\n", line); }
static void dos(FILE *f, const char *line) { fprintf(f, "%s\r\n", line); }
static void padded(FILE *f, const char *line) { fprintf(f, "%s   \n", line); }
static void spread(FILE *f, const char *line) { fprintf(f, "%s\n\n", line); }
static void coloured(FILE *f, const char *line) { fprintf(f, "\033[0;1;31m\033[0;1;39m%s\033[0m\n", line); }
static void quoted(FILE *f, const char *line) { fprintf(f, "> > %s\n", line); }
static void in_a_cell(FILE *f, const char *line) { fprintf(f, "| %s |\n", line); }
static void as_code(FILE *f, const char *line) { fprintf(f, "`%s`\n", line); }
static void mixed(FILE *f, const char *line)
{
	fprintf(f, "%s\nMar  3 00:00:00 web-01 sshd[12]: Accepted publickey for joe from 192.0.2.1\n", line);
}

static void squeezed(FILE *f, const char *line)
{
	for (; *line; line++)
		if (*line != ' ' || line[1] != ' ')
			fputc(*line, f);
	fputc('\n', f);
}

static void unbreakable(FILE *f, const char *line)
{
	for (; *line; line++)
		fputs(*line == ' ' && line[1] == ' ' ? "\xc2\xa0" : (char[]){ *line, '\0' }, f);
	fputc('\n', f);
}

static void in_html(FILE *f, const char *line)
{
	fputs("<p>", f);
	put_escaped(f, line);
	fputs("</p>\n", f);
}

static void in_html_lines(FILE *f, const char *line)
{
	put_escaped(f, line);
	fputs("<br>\n", f);
}

typedef void damage_fn(FILE *f, const char *line);

static const struct {
	const char *name;
	damage_fn *put;
	bool keeps_blanks;	/* … of names */
} damages[] = {
	{ "as it is", as_it_is, true },
	{ "CRLF", dos, true },
	{ "padded", padded, true },
	{ "empty lines", spread, true },
	{ "colours", coloured, true },
	{ "quoted twice", quoted, true },
	{ "cells", in_a_cell, true },
	{ "backticks", as_code, true },
	{ "another program's lines", mixed, true },
	{ "squeezed", squeezed, false },
	{ "blanks that do not break", unbreakable, false },
	{ "HTML paragraphs", in_html, true },
	{ "HTML lines", in_html_lines, true },
};

static void put_lines(FILE *f, const char *format, damage_fn *put)
{
	for (size_t i = 0; i < n_records; i++) {
		CLEANUP_FREE char *copy = xstrdup(records[i].text);
		for (char *save = NULL, *part = strtok_r(copy, "\n", &save); part; part = strtok_r(NULL, "\n", &save)) {
			char *line = NULL;
			size_t len = 0;
			FILE *one = open_memstream(&line, &len);
			put_prefix(one, format, &records[i], part);
			if (!strstr(format, "%M") && !strstr(format, "%J") && !strstr(format, "%2"))
				fputs(part, one);
			fclose(one);
			put(f, line);
			free(line);
		}
	}
}

/* Whole formats */

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
static void quoted_printable(FILE *f)
{
	size_t len, column = 0;
	CLEANUP_FREE char *text = plain_log(&len);
	for (const char *p = text; *p; p++) {
		bool plain = *p == '\n' || (*p >= 0x20 && *p < 0x7f && *p != '=');
		if (*p != '\n' && column + (plain ? 1 : 3) > 75) {
			fputs("=\n", f);
			column = 0;
		}
		fprintf(f, plain ? "%c" : "=%02X", (unsigned char)*p);
		column = *p == '\n' ? 0 : column + (plain ? 1 : 3);
	}
}

/* Every other line has lost its syslog prefix. */
static void half_stamped(FILE *f)
{
	for (size_t i = 0; i < n_records; i++) {
		CLEANUP_FREE char *copy = xstrdup(records[i].text);
		for (char *save = NULL, *part = strtok_r(copy, "\n", &save); part; part = strtok_r(NULL, "\n", &save)) {
			put_prefix(f, i & 1 ? "Mar  3 %C web-01 kernel: [%K] " : "[%K] ", &records[i], NULL);
			fprintf(f, "%s\n", part);
		}
	}
}

static const struct {
	const char *name;
	void (*put)(FILE *f);
	bool utf8;		/* has no way to write other bytes */
} formats[] = {
	{ "journal json", journal_json, false }, { "journal json, bytes", journal_json_bytes, false },
	{ "journal json-seq", journal_json_seq, false }, { "journal json-sse", journal_json_sse, false },
	{ "journal json-pretty", journal_pretty, false }, { "journal json-pretty, bytes", journal_pretty_bytes, false },
	{ "journal export", journal_export, false }, { "journal verbose", journal_verbose, false },
	{ "container's json", container_json, true }, { "dmesg --json", dmesg_json, true },
	{ "rsyslog's octals", rsyslog_octal, false }, { "/dev/kmsg's escapes", kmsg_escaped, false },
	{ "UTF-16", utf16_le, false }, { "UTF-16, big end", utf16_be, false }, { "UTF-16, no mark", utf16_bare, false },
	{ "CR alone", cr_alone, false }, { "one string", one_string, true }, { "one array", one_array, true },
	{ "one page", one_page, true }, { "Markdown", in_markdown, true },
	{ "quoted-printable", quoted_printable, true }, { "half stamped", half_stamped, false },
};

static void same(const json_t *expected, FILE *f, char *const *text, const size_t *len, const char *path,
		 const char *form, const char *damage)
{
	fclose(f);
	json_t *seen = explain_text(*text, *len);
	if (!json_equal(expected, seen)) {
		CLEANUP_FREE char *a = json_dumps(expected, 0), *b = json_dumps(seen, JSON_SORT_KEYS);
		ck_abort_msg("%s: %s, %s:\nexpected %.1200s\nseen     %.1200s\nin:\n%.1200s", path, form, damage, a, b,
			     *text);
	}
	json_decref(seen);
	free(*text);
}

static bool hostile(const char *path)
{
	return strstr(path, "hostile-names");
}

/* Each report takes a fourth of the forms, another than the one before: together they have them all many times. */
static void check_forms(const char *path, const json_t *expected)
{
	static size_t turn;
	char *text;
	size_t len;
	turn++;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		for (size_t d = 0; d < ARRAY_SIZE(damages); d++) {
			/* every damage with some prefixes, among them the commonest */
			if ((i + d + turn) % 4 || (d && i % 7 != 1) || (!damages[d].keeps_blanks && hostile(path)))
				continue;
			FILE *f = open_memstream(&text, &len);
			put_lines(f, prefixes[i].format, damages[d].put);
			same(expected, f, &text, &len, path, prefixes[i].name, damages[d].name);
		}
	for (size_t i = turn % 4; i < ARRAY_SIZE(around); i += 4) {
		if (hostile(path))	/* a name with quotes, or with other bytes than text has */
			continue;
		FILE *f = open_memstream(&text, &len);
		put_lines(f, around[i].format, as_it_is);
		same(expected, f, &text, &len, path, around[i].name, "as it is");
	}
	for (size_t i = turn % 4; i < ARRAY_SIZE(formats); i += 4) {
		if (formats[i].utf8 && hostile(path))
			continue;
		FILE *f = open_memstream(&text, &len);
		formats[i].put(f);
		same(expected, f, &text, &len, path, formats[i].name, "as it is");
	}
}

static void each_report(void (*check)(const char *path, const json_t *expected))
{
	glob_t found;
	ck_assert_msg(glob("runner/tests/reports/*/*.log", 0, NULL, &found) == 0, "no recorded reports");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text;
		size_t len;
		load(found.gl_pathv[i]);
		FILE *f = open_memstream(&text, &len);
		put_lines(f, "[%K] ", as_it_is);
		fclose(f);
		json_t *expected = explain_text(text, len);
		free(text);
		check(found.gl_pathv[i], expected);
		json_decref(expected);
	}
	globfree(&found);
}

START_TEST(forms)
{
	each_report(check_forms);
}
END_TEST

/* Damage that loses something: never a false verdict, and nobody dies who did not. */
static uint64_t state = 88172645463325252u;

static size_t upto(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (size_t)(state % n) : 0;
}

static bool is_killed(const json_t *reports, json_int_t pid)
{
	size_t i, k;
	json_t *r, *killed;
	json_array_foreach(reports, i, r)
		json_array_foreach(json_object_get(r, "killed"), k, killed)
			if (json_integer_value(json_object_get(killed, "pid")) == pid)
				return true;
	return false;
}

static void not_wrong(const json_t *expected, const char *text, size_t len, const char *path, const char *how)
{
	json_t *seen = explain_text(text, len), *r, *killed;
	size_t i, k;
	const char *end = text + (len > 2500 ? len - 2500 : 0);	/* where the table is, for the message */
	json_array_foreach(seen, i, r) {
		ck_assert_msg(!json_is_false(json_object_get(r, "agrees")), "%s, %s: called wrong in:\n%.*s", path, how,
			      (int)(text + len - end), end);
		json_array_foreach(json_object_get(r, "killed"), k, killed) {
			const json_t *pid = json_object_get(killed, "pid");
			ck_assert_msg(json_is_null(pid) || is_killed(expected, json_integer_value(pid)),
				      "%s, %s: %lld died in:\n%.*s", path, how,
				      json_integer_value(pid), (int)(text + len - end), end);
		}
	}
	json_decref(seen);
}

/* Each line of the plain log to f, but for those that are lost. */
static void put_lossy(FILE *f, const char *format, size_t from, size_t n)
{
	size_t all = n_records;
	struct record saved[MAX_RECORDS];
	memcpy(saved, records, all * sizeof(*saved));
	n_records = 0;
	for (size_t i = 0; i < all; i++)
		if (i < from || i >= from + n)
			records[n_records++] = saved[i];
	put_lines(f, format, as_it_is);
	memcpy(records, saved, all * sizeof(*saved));
	n_records = all;
}

static void check_losses(const char *path, const json_t *expected)
{
	char *text;
	size_t len;
	for (int round = 0; round < LOSSES; round++) {
		FILE *f = open_memstream(&text, &len);
		put_lossy(f, round & 1 ? "[%K] " : "", upto(n_records), 1 + upto(round % 3 ? 4 : 40));
		fclose(f);
		not_wrong(expected, text, len, path, "lines lost");
		not_wrong(expected, text, upto(len), path, "cut");
		/* wrapped at a width, at blanks or anywhere */
		size_t width = 60 + upto(80), column = 0;
		char *wrapped = xcalloc(2 * len + 1, 1), *p = wrapped;
		for (size_t i = 0; i < len; i++, column++) {
			if (text[i] == '\n')
				column = 0;
			if (column >= width && (round & 2 || text[i] == ' ')) {
				*p++ = '\n';
				column = 0;
			}
			*p++ = text[i];
		}
		not_wrong(expected, wrapped, (size_t)(p - wrapped), path, "wrapped, and lines lost");
		free(wrapped);
		free(text);
	}
}

START_TEST(losses)
{
	each_report(check_losses);
}
END_TEST

TESTS("klog-variants", forms, losses)
