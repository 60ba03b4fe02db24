// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/names.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>

#include "base/util.h"

#define STATE_LIMIT ((size_t)8 << 20)
#define ID_DIGITS 12

static bool is_id(const char *s)
{
	return strlen(s) >= ID_DIGITS && strspn(s, "0123456789abcdef") == strlen(s);
}

static void add(struct names *names, const char *id, const char *name)
{
	if (!id || !name || !*name || !is_id(id) || names_of(names, id))
		return;
	names->all = xrealloc(names->all, names->n + 1, sizeof(*names->all));
	struct container_name *c = &names->all[names->n++];
	snprintf(c->id, sizeof(c->id), "%.*s", ID_DIGITS, id);
	c->name = xstrdup(name);
}

static json_t *load(const char *path)
{
	size_t len;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, STATE_LIMIT, &len);
	return text ? json_loadb(text, len, 0, NULL) : NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Calls fn for each entry of ROOT/DIR whose name is a container's id, or for every one. */
static void each(const char *root, const char *dir, bool ids, struct names *names,
		 void (*fn)(const char *path, const char *id, struct names *names))
{
	CLEANUP_FREE char *path = xasprintf("%s%s", root, dir);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.' || (ids && !is_id(e->d_name)))
			continue;
		CLEANUP_FREE char *entry = xasprintf("%s/%s", path, e->d_name);
		fn(entry, e->d_name, names);
	}
	if (d)
		closedir(d);
}

/* /var/lib/docker/containers/ID/config.v2.json: "Name": "/web" */
static void docker(const char *path, const char *id, struct names *names)
{
	CLEANUP_FREE char *file = xasprintf("%s/config.v2.json", path);
	json_t *o = load(file);
	const char *name = text_of(o, "Name");
	if (name)
		add(names, id, name + (*name == '/'));
	json_decref(o);
}

/* The annotations that containerd's CRI plugin and CRI-O put into config.json say pod and container. */
static void bundle(const char *file, const char *id, struct names *names)
{
	json_t *o = load(file), *a = json_object_get(o, "annotations");
	const char *space = text_of(a, "io.kubernetes.cri.sandbox-namespace"), *pod, *name;
	pod = text_of(a, "io.kubernetes.cri.sandbox-name");
	name = text_of(a, "io.kubernetes.cri.container-name");
	if (!space) {
		space = text_of(a, "io.kubernetes.pod.namespace");
		pod = text_of(a, "io.kubernetes.pod.name");
		name = text_of(a, "io.kubernetes.container.name");
	}
	if (!name)	/* nerdctl */
		name = text_of(a, "nerdctl/name");
	CLEANUP_FREE char *whole = space && pod ? xasprintf("%s/%s/%s", space, pod, name ? name : "sandbox") : NULL;
	add(names, id, whole ? whole : name);
	json_decref(o);
}

static void containerd_task(const char *path, const char *id, struct names *names)
{
	CLEANUP_FREE char *file = xasprintf("%s/config.json", path);
	bundle(file, id, names);
}

static void containerd_namespace(const char *path, const char *name, struct names *names)
{
	(void)name;
	each(path, "", true, names, containerd_task);
}

static void crio(const char *path, const char *id, struct names *names)
{
	CLEANUP_FREE char *file = xasprintf("%s/userdata/config.json", path);
	bundle(file, id, names);
}

/* containers/storage, of Podman: [{"id": …, "names": ["web"]}] */
static void podman(const char *root, struct names *names)
{
	CLEANUP_FREE char *file = xasprintf("%s/var/lib/containers/storage/overlay-containers/containers.json", root);
	json_t *list = load(file), *o;
	size_t i;
	json_array_foreach(list, i, o)
		add(names, text_of(o, "id"), json_string_value(json_array_get(json_object_get(o, "names"), 0)));
	json_decref(list);
}

void names_read(const char *root, struct names *names)
{
	each(root, "/var/lib/docker/containers", true, names, docker);
	each(root, "/run/containerd/io.containerd.runtime.v2.task", false, names, containerd_namespace);
	each(root, "/run/containers/storage/overlay-containers", true, names, crio);
	podman(root, names);
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->all[i].name);
	free(names->all);
	*names = (struct names){ NULL, 0 };
}

const char *names_of(const struct names *names, const char *id)
{
	for (size_t i = 0; i < names->n; i++)
		if (strncmp(names->all[i].id, id, ID_DIGITS) == 0)
			return names->all[i].name;
	return NULL;
}
