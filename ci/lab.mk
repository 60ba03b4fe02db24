# SPDX-License-Identifier: GPL-2.0-or-later
#
# make lab-kernel   LAB_SOURCE=debian:bookworm/linux-source-6.12 or a kernel tree, LAB_DIR=, LAB_JOBS=: see ci/lab/build

.PHONY: lab-deps lab-kernel
lab-deps: deps
	@ci/deps lab

lab-kernel: lab-deps
	$(Q)ci/lab/build
