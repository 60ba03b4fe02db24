/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the page tells of one test, from the result and what was kept of it: the scene, how memory went, who was to die and
 * who did, the checks, the log. Byte strings stay what they are (base/jbytes.h); the page turns them into text.
 */
#pragma once

#include <jansson.h>

/* `result`: as in results.jsonl. `kept`: the test's own file, or NULL when nothing more was kept. A new reference. */
json_t *story_make(const json_t *result, const json_t *kept);

/* timeline.c: {"columns", "t": […], "v": [[…], …]}, each list the first number and then differences (null: no number), from
 * the messages of an observation; null when there are none. At most TIMELINE_POINTS rows. A new reference. */
#define TIMELINE_POINTS 300
json_t *timeline_story(const json_t *messages);
