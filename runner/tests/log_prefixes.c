// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "tests/log_forms.h"

const struct log_prefix log_prefixes[] = {
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
	{ "relay's level", "[%K] [W] " },
	{ "relay's level, tight", "[%K][W]" },
	{ "relay's level, a word", "[%K] [warn] " },
	{ "relay's CPU", "[%K] [c0] " },
	{ "relay's level, dated", "2026-03-03 %C.123 [WARN] " },
	{ "colours, escapes lost", "[32m[%K] [0m" },
	{ "colours of less", "ESC[32m[Tue Mar  3 %C 2026] ESC[0m" },
	{ "colours in an editor", "^[[32m[%K] ^[[0m" },
	{ "title", "\033]0;console\007[%K] " },
	{ "switch", "Mar  3 %C.%U switch WARNING kernel: [%K] " },
	{ "tabs between fields", "2026-03-03T%CZ\tweb-01\tkernel\t" },
	{ "router", "Mar  3 %C  host-re0 /kernel: " },
	{ "program's thread", "2026-03-03 %C.123 [1234] [%K] " },
	{ "telephone, CPU and pid", "<4>[%K] (CPU:0-pid:1234:kworker/0:1) " },
	{ "access point", "<4>Mar  3 %C (\"U7LT,fcecdaabcdef,v4.3.20\") kernel: [%K] " },
};

const size_t n_log_prefixes = ARRAY_SIZE(log_prefixes);

const struct log_prefix log_around[] = {
	{ "quoted in code", "\"[%K] %J\\n\"," },
	{ "bytes of Python", "b'[%K] %M\\n'" },
	{ "bytes of Python, in a log", "2026-03-03 %C,123 DEBUG    console: b'[%K] %M\\r\\n'" },
	{ "curly quotes", "\xe2\x80\x9c[%K] %M\xe2\x80\x9d" },
	{ "comma fields", "2026-03-03 %C,web-01,kernel,4,\"%M\"" },
	{ "comma fields, raw", "\"Mar  3 %C web-01 kernel: [%K] %M\",\"2026-03-03T%C.000+0000\",web-01,main" },
	{ "key and value", "time=\"2026-03-03T%CZ\" level=info msg=\"[%K] %J\" source=dmesg" },
	{ "comma fields, message between", "\"2026-03-03 %C.123\",\"%M\",\"1709436306123000000\"" },
	{ "comma fields, message last", "\"2026-03-03T%C.123Z\",\"web-01\",\"kern\",\"%M\"" },
	{ "comma fields, date in words", "\"Mar 3, 2026 @ %C.123\",\"%M\",\"web-01\"" },
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
	{ "journal's colours, escapes lost", "Mar  3 %C web-01 kernel: [0;1;39m%M[0m" },
	{ "bell", "[%K] %M\007" },
	{ "pictures of CR and LF", "[%K] %M\xe2\x90\x8d\xe2\x90\x8a" },
};

const size_t n_log_around = ARRAY_SIZE(log_around);

/* The part of a message as a JSON string holds it, without the quotes. */
char *json_escaped(const char *text)
{
	json_t *string = json_string(text);
	char *dumped = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	dumped[strlen(dumped) - 1] = '\0';
	memmove(dumped, dumped + 1, strlen(dumped));
	return dumped;
}

void put_prefix(FILE *f, const char *format, const struct record *r, const char *message)
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
