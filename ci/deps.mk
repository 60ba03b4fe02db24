# SPDX-License-Identifier: GPL-2.0-or-later
# make deps: see ci/deps.
deps:
	@ci/deps
