# SPDX-License-Identifier: GPL-2.0-or-later
#
# make fuzz SECONDS=60 [FUZZ="klog case"]   with libFuzzer where clang has it, with a plain main otherwise

SECONDS  ?= 60
FUZZ     ?= $(patsubst ci/fuzz/%_fuzz.c,%,$(wildcard ci/fuzz/*_fuzz.c))
FUZZDIR  := build-fuzz
CLANG    ?= $(shell command -v clang)
# libFuzzer comes with clang's runtime, a package of its own
LIBFUZZER = $(if $(CLANG),$(shell printf 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n > 9; }' | \
              $(CLANG) -fsanitize=fuzzer -x c -o /dev/null - 2>/dev/null && echo yes))
FUZZOBJ  := $(LIBSRC:%.c=$(FUZZDIR)/%.o)

.PHONY: fuzz
fuzz: $(FUZZ:%=fuzz-%)

# The corpus found so far stays in build-fuzz/corpus; the seeds in ci/fuzz/seeds are not touched.
fuzz-%: $(FUZZDIR)/%_fuzz
	$(Q)mkdir -p $(FUZZDIR)/corpus/$* ci/fuzz/seeds/$*
	$(Q)if [ -f $(FUZZDIR)/libfuzzer ]; then \
	  cd $(FUZZDIR) && ./$*_fuzz -max_total_time=$(SECONDS) -max_len=16384 -rss_limit_mb=512 -timeout=10 -print_final_stats=1 \
	    corpus/$* $(CURDIR)/ci/fuzz/seeds/$*; \
	else cd $(FUZZDIR) && ./$*_fuzz -s $(SECONDS) $(CURDIR)/ci/fuzz/seeds/$*; fi

$(FUZZDIR)/%_fuzz: ci/fuzz/%_fuzz.c ci/fuzz/main.c $(FUZZOBJ)
	$(Q)mkdir -p $(@D)
	$(Q)if [ "$(LIBFUZZER)" ]; then touch $(FUZZDIR)/libfuzzer; \
	  $(CLANG) -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -o $@ ci/fuzz/$*_fuzz.c $(FUZZOBJ) $(LIBS); \
	else rm -f $(FUZZDIR)/libfuzzer; \
	  $(CC) -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    -o $@ ci/fuzz/$*_fuzz.c ci/fuzz/main.c $(FUZZOBJ) $(LIBS); fi

$(FUZZDIR)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)if [ "$(LIBFUZZER)" ]; then c="$(CLANG) -fsanitize=fuzzer-no-link"; else c="$(CC)"; fi; \
	  $$c -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -MMD -MP -c -o $@ $<

-include $(FUZZOBJ:.o=.d)
.SECONDARY: $(FUZZOBJ)
.PRECIOUS: $(FUZZDIR)/%_fuzz
