# SPDX-License-Identifier: GPL-2.0-or-later
#
# make lab-kernel   LAB_SOURCE=debian:bookworm/linux-source-6.12 or a kernel tree, LAB_DIR=, LAB_JOBS=: see ci/lab/build
# make small-kernel and the cases on it: what it lacks must be skips. The same variables
# make mutants      MUTANTS='count-* log-*': the cases on broken kernels; see ci/mutants/run
# make coverage     ARGS='memcg global': lines and branches of the kernel's OOM code that the cases reach; see ci/lab/coverage

.PHONY: lab-deps lab-kernel small-kernel mutants coverage
lab-deps: deps
	@ci/deps lab

lab-kernel: lab-deps
	$(Q)ci/lab/build

small-kernel: lab-deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)kernel=$$(ci/lab/build --small) && ./oomtests run -k "$$kernel" $(ARGS)

mutants: lab-deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)ci/mutants/run $(MUTANTS)

coverage: lab-deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)ci/lab/coverage $(ARGS)
