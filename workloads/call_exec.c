// SPDX-License-Identifier: GPL-2.0-or-later
/* The call that starts the program over: as it is, with a large environment, and held up in the middle. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call.h"
#include "missing.h"

/* The longest string that exec takes, with its end (include/uapi/linux/binfmts.h: MAX_ARG_STRLEN). */
#define STRING_MAX (UINT64_C(128) << 10)
/* All strings together may take three quarters of 8M, and a quarter of RLIMIT_STACK (fs/exec.c:bprm_stack_limits). */
#define STRINGS_MAX (UINT64_C(6) << 20)

/* Strings of `bytes` together, all of them parts of one, for the kernel copies each. NULL with errno. */
static char **environment(uint64_t bytes)
{
	static char *list[STRINGS_MAX / STRING_MAX + 1];
	size_t n = 0;
	char *text = system_scratch(STRING_MAX);
	if (!text)
		return NULL;
	memset(text, 'x', STRING_MAX - 1);
	for (uint64_t rest = bytes, len; rest; rest -= len) {
		len = rest < STRING_MAX ? rest : STRING_MAX;
		list[n++] = text + STRING_MAX - len;
	}
	list[n] = NULL;
	return list;
}

/* What is held stays until the kernel takes it. The environment is copied first, and then the only argument. */
static struct result exec_with(uint64_t bytes, bool held)
{
	char *missing[2] = { NULL, NULL }, **env;
	system_raise_limit(RLIMIT_STACK, 64 << 20);
	env = environment(bytes);
	if (!env || (held && map_missing(page_size, &missing[0]) < 0))
		return result_of(-1);
	return result_of(execve("/proc/self/exe", held ? missing : system_argv, env));
}

static struct result call_exec(struct load *l, char *args)
{
	char *size = next_word(&args), *word = next_word(&args);
	uint64_t bytes;
	if (next_word(&args) || (word && !streq(word, "held")) ||
	    (size && (!parse_size(size, &bytes) || bytes > STRINGS_MAX)))
		return BAD_ARGS;
	if (size)
		return exec_with(bytes, word);
	/* A success is seen by the `ready` of the program that starts. */
	if (l->kind->close)
		l->kind->close(l);
	procs_end();
	return (struct result){ -1, system_exec() };
}

const struct call exec_calls[] = {
	{ "exec", "[SIZE [held]]",
	  "start over with the same name and kind, holding nothing; the answer is `ready PID`. SIZE: with an environment that "
	  "large, while all is still held; held: wait behind it in a page fault that nobody serves", call_exec },
	{ NULL, NULL, NULL, NULL },
};
