# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build oomtests, oomagent and oomload
# make run        install what is missing, build, fetch a kernel, run the default cases (ARGS=: more for oomtests run)
# make check      install what is missing, build, run every test
# make soak       every case N=20 times on KERNELS=, and each verdict that was not the usual one
# make bench      measure (ci/bench/)
# make protection who dies under which protector (docs/protection.md); KERNEL=
# make baseline   run all cases on the kernels of the matrix, write results/baseline/ anew
# make catalogue  write docs/catalogue.md from the case files
# make deps       install what is missing (or name the packages)
# make install    PREFIX=/usr/local DESTDIR= (make uninstall undoes it)
# make lab-kernel a kernel made for these tests (docs/trust.md); then oomtests run -k lab
# make small-kernel the cases on a kernel that has next to nothing: passes and skips
# make clean
#
# SANITIZE=1      AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
# DEVELOPER=1     all warnings, as errors

PREFIX   ?= /usr/local
CC       ?= gcc
# oomload wants a libc that leaves almost nothing resident: musl where it is there
LOADCC   ?= $(shell command -v musl-gcc || echo $(CC))
CFLAGS   ?= -O2 -g
# Fixed addresses and nothing that is not used: system_prefault() touches every page of oomload. Its stack is grown by its own measure.
LOADFLAGS := -fno-pie -ffunction-sections -fdata-sections -fno-stack-protector -fno-stack-clash-protection
PKG      := libcyaml jansson smartcols

BUILD    := build$(if $(SANITIZE),-asan)
WARN     := -Wall -Wextra $(if $(DEVELOPER),-Werror -Wmissing-prototypes -Wshadow -Wpointer-arith \
            -Wstrict-prototypes -Wvla -Wformat=2 -Wundef -Wwrite-strings)
comma    := ,
SAN      := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
VERSION  := 0.1.0
CPPFLAGS += -D_GNU_SOURCE -DOOMTESTS_VERSION='"$(VERSION)"' -DOOMTESTS_PREFIX='"$(PREFIX)"' -Irunner
ALLFLAGS  = -std=gnu11 $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP

# Each directory is one module; what a module may know is in docs/architecture.md.
LIBDIRS  := base machine model klog explain case kernel target judge run output results report audit watch drill cmd
LIBSRC   := $(filter-out runner/cmd/main.c,$(sort $(foreach d,$(LIBDIRS),$(wildcard runner/$d/*.c))))
# the report's page, file by file
PAGE     := $(wildcard runner/report/page/* runner/report/page/uplot/*)
LIBOBJ   := $(LIBSRC:%.c=$(BUILD)/%.o) $(BUILD)/runner/report/assets.o
AGENTSRC := $(sort $(wildcard runner/agent/*.c runner/machine/*.c) runner/base/bytes.c runner/base/capabilities.c runner/base/error.c \
            runner/base/jbytes.c runner/base/util.c runner/base/vmstat.c)
AGENTOBJ := $(AGENTSRC:%.c=$(BUILD)/static/%.o)
# all of it but main(), for its unit tests; base/ comes with liboomtests.a
AGENTLIB := $(filter-out runner/agent/main.c,$(sort $(wildcard runner/agent/*.c)))
AGENTLIB := $(AGENTLIB:%.c=$(BUILD)/%.o)
LOADSRC  := $(sort $(wildcard workloads/*.c))
LOADOBJ  := $(LOADSRC:%.c=$(BUILD)/static/%.o)
TESTSRC  := $(sort $(wildcard runner/tests/*_test.c))
TESTHELP := $(filter-out $(TESTSRC),$(sort $(wildcard runner/tests/*.c)))
TESTBIN  := $(TESTSRC:%.c=$(BUILD)/%)

LIBS     := $(shell pkg-config --libs libcyaml yaml-0.1 jansson smartcols 2>/dev/null || echo -lcyaml -lyaml -ljansson -lsmartcols) \
            -lz -llzma -lzstd -lm
PROGRAMS := oomtests oomagent oomload

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)';)

.PHONY: FORCE all run check check-unit baseline protection soak bench catalogue deps install uninstall clean
all: $(PROGRAMS)

# The programs stand at the top of the tree, so that ./oomtests works; they are links into the build that was made last.
$(PROGRAMS): %: $(BUILD)/% FORCE
	$(Q)[ "$$(readlink $@)" = $< ] || ln -sf $< $@
FORCE:

$(BUILD)/oomtests: $(BUILD)/runner/cmd/main.o $(BUILD)/liboomtests.a
	$(call say,LINK,$@)$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/liboomtests.a: $(LIBOBJ)
	$(call say,AR,$@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/liboomagent.a: $(AGENTLIB)
	$(call say,AR,$@)rm -f $@; $(AR) rcs $@ $^

# getpwnam and friends come in with libcgroup and are never called: the linker's warning about them is not ours.
$(BUILD)/oomagent: $(AGENTOBJ)
	$(call say,LINK,$@)$(CC) -static $(LDFLAGS) -o $@ $^ -lcgroup -lnuma -ljansson -lpthread 2>$@.log || { cat $@.log >&2; exit 1; }
	$(Q)strip $@

$(BUILD)/oomload: $(LOADOBJ)
	$(call say,LINK,$@)$(LOADCC) -static -no-pie -Wl,--gc-sections,-z,norelro,-z,noseparate-code $(LDFLAGS) -o $@ $^
	$(Q)strip $@

$(BUILD)/static/workloads/%.o: workloads/%.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(LOADCC) -std=gnu11 $(WARN) -D_GNU_SOURCE $(CFLAGS) $(LOADFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/static/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALLFLAGS) -c -o $@ $<

$(BUILD)/runner/report/assets.o: runner/report/assets.S $(PAGE)
	$(Q)mkdir -p $(@D)
	$(call say,AS,$<)$(CC) -c -o $@ $<

$(BUILD)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALLFLAGS) $(SAN) -c -o $@ $<

# Unit tests: one program per file, each says `N passed, N failed` at its end.
$(BUILD)/runner/tests/%_test: $(BUILD)/runner/tests/%_test.o $(TESTHELP:%.c=$(BUILD)/%.o) $(BUILD)/liboomagent.a $(BUILD)/liboomtests.a
	$(call say,LINK,$@)$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS) -lcgroup -lnuma $(shell pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lm -lrt -lpthread)

# some drive the real programs
check-unit: $(TESTBIN) $(PROGRAMS)
	$(Q)OOMLOAD=$(BUILD)/oomload runner/tests/run-unit $(TESTBIN)

# What pkg-config says is asked when make starts, so what follows deps is a make of its own.
run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)./oomtests run $(ARGS)

# The page is what its test expects; it is written by the same code.
catalogue: $(BUILD)/runner/tests/catalogue_test
	$(Q)out=$$(CATALOGUE_PRINT=1 $<) || { echo "$$out"; false; }

check: deps
	$(Q)MAKE="$(MAKE)" ci/check

N       ?= 20
KERNELS ?= debian:bullseye debian:bookworm debian:bookworm-6.12 debian:sid
soak: all
	$(Q)ci/soak $(N) $(KERNELS)

bench: all
	$(Q)set -e; for b in $(filter-out %-make %.yaml,$(wildcard ci/bench/*)); do echo "== $$b"; $$b; done

baseline: all
	$(Q)ci/baseline

protection: all
	$(Q)ci/protection/run $(if $(KERNEL),-k $(KERNEL))

DEST   = $(DESTDIR)$(PREFIX)
SHARE  = $(DEST)/share

install: all
	install -d $(DEST)/bin $(DEST)/lib/oomtests $(SHARE)/oomtests/cases $(SHARE)/doc/oomtests
	install $(BUILD)/oomtests $(DEST)/bin
	install $(BUILD)/oomagent $(BUILD)/oomload ci/fetch-kernel $(DEST)/lib/oomtests
	cp -R cases/. $(SHARE)/oomtests/cases
	install -d $(SHARE)/oomtests/baseline
	$(if $(wildcard results/baseline/*.json),install -m 644 $(wildcard results/baseline/*.json) $(SHARE)/oomtests/baseline)
	install -m 644 README.md LICENSE docs/*.md $(SHARE)/doc/oomtests
	install -d $(DEST)/lib/systemd/system
	sed 's,/usr/local/bin/,$(PREFIX)/bin/,' runner/watch/oomtests-watch.service > $(DEST)/lib/systemd/system/oomtests-watch.service
	set -e; for page in $(wildcard docs/man/*.[1-9]); do \
		install -D -m 644 $$page $(SHARE)/man/man$${page##*.}/$${page##*/}; done

uninstall:
	rm -f $(DEST)/bin/oomtests $(foreach p,$(wildcard docs/man/*.[1-9]),$(SHARE)/man/man$(lastword $(subst ., ,$p))/$(notdir $p))
	rm -f $(DEST)/lib/systemd/system/oomtests-watch.service
	rm -rf $(DEST)/lib/oomtests $(SHARE)/oomtests $(SHARE)/doc/oomtests

clean:
	rm -rf build build-asan build-fuzz $(PROGRAMS)

-include ci/deps.mk
-include ci/lab.mk
-include ci/fuzz.mk
-include $(LIBOBJ:.o=.d) $(AGENTOBJ:.o=.d) $(AGENTLIB:.o=.d) $(LOADOBJ:.o=.d) $(TESTBIN:=.d) $(TESTHELP:%.c=$(BUILD)/%.d) $(BUILD)/runner/cmd/main.d
.SECONDARY:
