// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "agent/proc.h"
#include "agent/undo.h"
#include "agent/wire.h"
#include "base/util.h"

#define UNDO_SECONDS 20

static char *boot_id(void)
{
	char *id = read_whole_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, NULL);
	if (id)
		id[strcspn(id, "\n")] = '\0';
	return id;
}

static int append_line(struct journal *j, json_t *entry, struct error *err)
{
	CLEANUP_FREE char *text = json_dumps(entry, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (!text)
		return error_set(err, 0, "journal %s: an entry could not be encoded", j->path);
	CLEANUP_FREE char *line = xasprintf("%s\n", text);
	if (write_all(j->fd, line, strlen(line)) < 0 || fdatasync(j->fd) < 0)
		return error_set(err, errno, "writing the journal %s", j->path);
	return 0;
}

int journal_open(struct journal *j, const char *path, struct error *err)
{
	*j = (struct journal){ .fd = -1, .entries = json_array() };
	if (!path)
		return 0;
	j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (j->fd < 0 && errno == EEXIST)
		return error_set(err, 0, "journal %s is there already: a run left it; undo it with `oomagent undo %s`",
				 path, path);
	if (j->fd < 0)
		return error_set(err, errno, "creating the journal %s", path);
	j->path = xstrdup(path);
	CLEANUP_FREE char *boot = boot_id();
	struct proc_stat self;
	json_int_t start = proc_read_stat(getpid(), &self) == 0 ? (json_int_t)self.start : 0;
	json_t *head = json_pack("{ss* si sI}", "boot", boot, "agent", (int)getpid(), "start", start);
	int ret = append_line(j, head, err);
	json_decref(head);
	/* the directory entry must outlive a crash as well */
	CLEANUP_FREE char *copy = xstrdup(path);
	CLEANUP_FD int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		fsync(dir);
	return ret;
}

int journal_add(struct journal *j, const char *what, const char *path, const char *value, struct error *err)
{
	json_t *entry = json_object();
	json_object_set_new(entry, what, json_text(path));
	if (value)
		json_object_set_new(entry, "value", json_text(value));
	if (j->fd >= 0 && append_line(j, entry, err) < 0) {
		json_decref(entry);
		return -1;
	}
	json_array_append_new(j->entries, entry);
	return 0;
}

bool journal_undo(struct journal *j, int64_t deadline, json_t *left, json_t *notes)
{
	bool all = true;
	for (size_t i = json_array_size(j->entries); i-- > 0;) {
		json_t *entry = json_array_get(j->entries, i);
		struct error err;
		if (undo_change(entry, deadline, &err) == 0) {
			json_array_remove(j->entries, i);
			continue;
		}
		all = false;
		json_t *cgroup = json_object_get(entry, "cgroup");
		if (cgroup && left)
			json_array_append(left, cgroup);
		if (notes)
			json_array_append_new(notes, json_text(err.text));
	}
	return all;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0) {
		close(j->fd);
		if (json_array_size(j->entries) == 0)
			unlink(j->path);
	}
	free(j->path);
	json_decref(j->entries);
	*j = (struct journal){ .fd = -1 };
}

/* Is the agent that wrote this still at work? */
static bool alive(const json_t *head)
{
	struct proc_stat st;
	pid_t pid = (pid_t)json_integer_value(json_object_get(head, "agent"));
	return pid > 0 && proc_read_stat(pid, &st) == 0 && st.state != 'Z' &&
	       (json_int_t)st.start == json_integer_value(json_object_get(head, "start"));
}

static int load(const char *path, json_t **head, json_t *entries, struct error *err)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 16 << 20, NULL);
	if (!text)
		return error_set(err, errno, "reading the journal %s", path);
	int n = 0;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		n++;
		json_t *entry = json_loads(line, 0, NULL);
		struct error why = { 0 };
		if (!json_is_object(entry) || json_to_bytes(entry, &why) < 0 ||
		    (n == 1 && !json_is_integer(json_object_get(entry, "agent")))) {
			json_decref(entry);
			return error_set(err, 0, "%s:%d: no line of an agent's journal: nothing was undone", path, n);
		}
		if (n == 1)
			*head = entry;
		else
			json_array_append_new(entries, entry);
	}
	return 0;
}

int journal_undo_file(const char *path, struct error *err)
{
	json_t *head = NULL, *notes = json_array();
	struct journal j = { .fd = -1, .entries = json_array() };
	CLEANUP_FREE char *boot = boot_id();
	int ret = load(path, &head, j.entries, err);
	if (ret == 0 && head && alive(head)) {
		ret = error_set(err, 0, "the agent of journal %s still runs as process %d: end it first", path,
				(int)json_integer_value(json_object_get(head, "agent")));
	} else if (ret == 0) {
		bool same_boot = head && streq(boot, json_string_value(json_object_get(head, "boot")));
		if (same_boot && !journal_undo(&j, now_ns() + UNDO_SECONDS * INT64_C(1000000000), NULL, notes))
			ret = error_set(err, 0, "%zu of the changes in %s could not be undone: %s",
					json_array_size(j.entries), path, json_string_value(json_array_get(notes, 0)));
		else if (unlink(path) < 0)
			ret = error_set(err, errno, "all undone, but removing the journal %s failed", path);
	}
	json_decref(head);
	json_decref(notes);
	json_decref(j.entries);
	return ret;
}
