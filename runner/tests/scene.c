// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scene.h"

#include "base/util.h"

void stage_init(struct stage *s, const char *release)
{
	memset(s, 0, sizeof(*s));
	era_from_release(release, &s->era);
	model_scene_init(&s->scene);
	s->scene.tasks = s->tasks;
	s->scene.memcgs = s->memcgs;
	s->scene.machine.totalram = (uint64_t)M(512);
	model_oom_init(&s->oom);
}

int stage_task(struct stage *s, const char *comm, int64_t pages, int adj, int memcg)
{
	int i = (int)s->scene.n_tasks++;
	model_task_init(&s->tasks[i]);
	s->tasks[i].comm = comm;
	s->tasks[i].pid = 100 + i;
	s->tasks[i].pages.anon = pages;
	s->tasks[i].adj = adj;
	s->tasks[i].memcg = memcg;
	return i;
}

int stage_memcg(struct stage *s, int parent, uint64_t limit)
{
	int i = (int)s->scene.n_memcgs++;
	model_memcg_init(&s->memcgs[i]);
	s->memcgs[i].parent = parent;
	if (limit)
		s->memcgs[i].limit = limit;
	return i;
}

const char *stage_victim(struct stage *s)
{
	model_decision_free(&s->d);
	model_out_of_memory(&s->era, &s->scene, &s->oom, &s->d);
	return s->d.victim >= 0 ? s->scene.tasks[s->d.victim].comm : "";
}

const char *stage_deaths(const struct stage *s)
{
	static const char *const how[] = {
		[HOW_CHOSEN] = "chosen", [HOW_GROUP] = "group", [HOW_SHARER] = "sharer", [HOW_PIDNS] = "pidns",
	};
	static char text[512];
	size_t len = 0;
	*text = '\0';
	for (size_t i = 0; i < s->d.n_deaths; i++) {
		const struct model_death *d = &s->d.deaths[i];
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s%s", i ? ", " : "", how[d->how],
					s->tasks[d->task].comm, d->again ? " again" : "");
	}
	return text;
}

const char *stage_possible(const struct stage *s)
{
	static char text[512];
	size_t len = 0;
	*text = '\0';
	for (size_t i = 0; i < s->d.n_possible; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					s->tasks[s->d.possible[i]].comm);
	return text;
}

void stage_end(struct stage *s)
{
	model_decision_free(&s->d);
}
