// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent puts on the wire and takes from it: bytes, lines, kernel records. */
#include <check.h>
#include <signal.h>
#include <sys/socket.h>

#include "agent/kmsg.h"
#include "agent/proc.h"
#include "agent/wire.h"
#include "base/util.h"
#include "tests/harness.h"

START_TEST(every_byte_travels)
{
	char bytes[256];
	for (int i = 1; i < 256; i++)
		bytes[i - 1] = (char)i;
	json_t *s = wire_bytes(bytes, 255);
	ck_assert_ptr_nonnull(s);
	char *line = json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	for (const char *p = line; *p; p++)
		ck_assert_msg((unsigned char)*p < 0x80, "not ASCII: %s", line);
	json_t *back = json_loads(line, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(back);
	ck_assert_int_eq(json_to_bytes(back, NULL), 0);
	ck_assert_uint_eq(json_string_length(back), 255);
	ck_assert_mem_eq(json_string_value(back), bytes, 255);
	json_decref(s);
	json_decref(back);
	free(line);
}
END_TEST

START_TEST(strings_are_bytes)
{
	json_t *nul = wire_bytes("a\0b", 3);
	ck_assert_str_eq(json_string_value(nul), "a\\x00b");
	json_decref(nul);
	json_t *plan = json_loads("{\"a\": [\"\\u00f6\", {\"b\": \"\\u00ff\"}]}", 0, NULL);
	ck_assert_int_eq(json_to_bytes(plan, NULL), 0);
	json_t *list = json_object_get(plan, "a");
	ck_assert_str_eq(json_string_value(json_array_get(list, 0)), "\xf6");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "b")), "\xff");
	json_decref(plan);
	struct error err = { 0 };
	plan = json_loads("{\"a\": [\"\\u0100\"]}", 0, NULL);
	ck_assert_int_lt(json_to_bytes(plan, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "above U+00FF"));
	json_decref(plan);
}
END_TEST

START_TEST(lines_are_put_together)
{
	struct wire w;
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(wire_open(&w, fds[0], fds[0], NULL), 0);
	ck_assert(wire_receive(&w));
	ck_assert_ptr_null(wire_line(&w));
	ck_assert_int_eq(write_all(fds[1], "one\ntw", 6), 0);
	ck_assert(wire_receive(&w));
	ck_assert_str_eq(wire_line(&w), "one");
	ck_assert_ptr_null(wire_line(&w));
	ck_assert_int_eq(write_all(fds[1], "o\n\nthree\n", 9), 0);
	ck_assert(wire_receive(&w));
	ck_assert_str_eq(wire_line(&w), "two");
	ck_assert_str_eq(wire_line(&w), "");
	ck_assert_str_eq(wire_line(&w), "three");
	ck_assert_ptr_null(wire_line(&w));

	/* longer than the buffer it begins with */
	size_t len = 300 << 10;
	char *plan = xcalloc(len + 1, 1);
	memset(plan, 'x', len);
	plan[len] = '\n';
	for (size_t at = 0; at < len + 1; at += 64 << 10) {
		ck_assert_int_eq(write_all(fds[1], plan + at, len + 1 - at < 64 << 10 ? len + 1 - at : 64 << 10), 0);
		ck_assert(wire_receive(&w));
	}
	const char *line = wire_line(&w);
	ck_assert_ptr_nonnull(line);
	ck_assert_uint_eq(strlen(line), len);
	free(plan);

	wire_send(&w, "note", json_text("\xf6"));
	wire_drain(&w);
	char buf[64] = "";
	ck_assert_int_eq(read(fds[1], buf, sizeof(buf) - 1), 18);
	ck_assert_str_eq(buf, "{\"note\":\"\\u00F6\"}\n");
	close(fds[1]);
	ck_assert(!wire_receive(&w));
	wire_send(&w, "note", json_text("nobody reads this"));
	signal(SIGPIPE, SIG_IGN);
	wire_flush(&w);
	ck_assert(w.gone);
	free(w.in);
	free(w.out);
	close(fds[0]);
}
END_TEST

START_TEST(kernel_records)
{
	struct kmsg_record r;
	char plain[] = "6,1234,98765432,-,caller=T1;Killed process 7 (a\\x5cb\\xf6)\n SUBSYSTEM=x\n";
	ck_assert_int_eq(kmsg_parse(plain, sizeof(plain) - 1, &r), 0);
	ck_assert_int_eq(r.level, 6);
	ck_assert(!r.cont);
	ck_assert_int_eq(r.seq, 1234);
	ck_assert_int_eq(r.t_us, 98765432);
	ck_assert_uint_eq(r.len, strlen("Killed process 7 (a\\b\xf6)"));
	ck_assert_mem_eq(r.text, "Killed process 7 (a\\b\xf6)", r.len);
	char user[] = "12,5,6,c;a;b \\x4 \\xzz";	/* facility 1, level 4; no newline; broken escapes stay */
	ck_assert_int_eq(kmsg_parse(user, sizeof(user) - 1, &r), 0);
	ck_assert_int_eq(r.level, 4);
	ck_assert(r.cont);
	ck_assert_mem_eq(r.text, "a;b \\x4 \\xzz", r.len);
	char bad[] = "no record", half[] = "1,2;x";
	ck_assert_int_lt(kmsg_parse(bad, sizeof(bad) - 1, &r), 0);
	ck_assert_int_lt(kmsg_parse(half, sizeof(half) - 1, &r), 0);
}
END_TEST

START_TEST(keys_of_status)
{
	static const char text[] = "Name:\tx\nVmRSS:\t  12 kB\nRssAnon:\t8 kB\nMems_allowed_list:\t0-1\n";
	ck_assert_int_eq(key_number(text, "RssAnon"), 8);
	ck_assert_int_eq(key_number(text, "VmRSS"), 12);
	ck_assert_int_eq(key_number(text, "Rss"), -1);
	ck_assert_int_eq(key_number(text, "Name"), -1);
	char *mems = key_text(text, "Mems_allowed_list");
	ck_assert_str_eq(mems, "0-1");
	free(mems);
	struct proc_stat st;
	ck_assert_int_eq(proc_read_stat(getpid(), &st), 0);
	ck_assert_int_eq(st.ppid, getppid());
	ck_assert_uint_gt(st.vsize, 1 << 20);
	ck_assert(!proc_dead(getpid(), st.start));
	ck_assert(proc_dead(getpid(), st.start + 1));
}
END_TEST

TESTS("wire", every_byte_travels, strings_are_bytes, lines_are_put_together, kernel_records, keys_of_status)
