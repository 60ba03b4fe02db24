/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who dies with the victim. Private to the model. */
#pragma once

#include "model/model.h"

/* Fills decision->group, ->deaths and ->n_deaths for decision->victim. */
void model_kill(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		struct model_decision *decision);
