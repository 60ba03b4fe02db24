// SPDX-License-Identifier: GPL-2.0-or-later
/* Container, pod and unit out of a memcg path, as kubelet, containerd, CRI-O, Docker, Podman, LXC, LXD and systemd name
 * them. */
#include "base/util.h"
#include "explain/explain.h"

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	return true;
}

static void put(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static bool ends(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);
	return len >= n && memcmp(s + len - n, end, n) == 0;
}

/* What a pager has cut ends in its mark: "3902af1e-8c>". */
static bool is_uid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_hex(s + i, 1) && s[i] != '-' && s[i] != '_')
			return false;
	return true;
}

/* "pod0c4e2576-ef09-…", "kubepods-burstable-pod03b7fe6c_4c5e_….slice": '_' for '-' where systemd names it. */
static void pod(const char *s, size_t len, struct place *p)
{
	const char *at = NULL;
	for (size_t i = 0; i + 3 < len; i++)
		if (memcmp(s + i, "pod", 3) == 0 && (i == 0 || s[i - 1] == '-') && is_hex(s + i + 3, 1))
			at = s + i + 3;
	if (!at)
		return;
	size_t n = len - (size_t)(at - s);
	if (ends(s, len, ".slice"))
		n -= 6;
	if (n < 8 || !is_uid(at, n))
		return;
	put(p->pod, sizeof(p->pod), at, n);
	for (char *c = p->pod; *c; c++)
		if (*c == '_')
			*c = '-';
}

static void container(const char *s, size_t len, const char *parent, size_t parent_len, struct place *p)
{
	static const char *const runtimes[] = { "cri-containerd-", "docker-", "crio-", "libpod-", "containerd-" };
	size_t n = ends(s, len, ".scope") ? len - 6 : len;
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		size_t m = strlen(runtimes[i]);
		if (n > m + 11 && memcmp(s, runtimes[i], m) == 0 && is_hex(s + m, 12)) {
			put(p->runtime, sizeof(p->runtime), s, m - 1);
			put(p->container, sizeof(p->container), s + m, 12);
			return;
		}
	}
	if (n == 64 && is_hex(s, n)) {
		put(p->container, sizeof(p->container), s, 12);
		if (parent_len == 6 && memcmp(parent, "docker", 6) == 0)
			put(p->runtime, sizeof(p->runtime), parent, parent_len);
		return;
	}
	if (n > 12 && memcmp(s, "lxc.payload.", 12) == 0) {
		put(p->runtime, sizeof(p->runtime), "lxc", 3);
		put(p->container, sizeof(p->container), s + 12, n - 12);
	} else if (parent_len == 3 && memcmp(parent, "lxc", 3) == 0 && !p->container[0]) {
		put(p->runtime, sizeof(p->runtime), "lxc", 3);
		put(p->container, sizeof(p->container), s, n);
	}
}

void place_of(const char *path, struct place *p)
{
	*p = (struct place){ .pod = "" };
	const char *parent = "";
	size_t parent_len = 0;
	while (path && *path) {
		while (*path == '/')
			path++;
		size_t len = strcspn(path, "/");
		if (!len)
			break;
		pod(path, len, p);
		container(path, len, parent, parent_len, p);
		if (ends(path, len, ".service") ||
		    (ends(path, len, ".scope") && memcmp(path, "session", len < 7 ? len : 7) == 0))
			put(p->unit, sizeof(p->unit), path, len);
		parent = path;
		parent_len = len;
		path += len;
	}
}
