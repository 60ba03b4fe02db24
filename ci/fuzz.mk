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
FUZZOBJ  := $(LIBSRC:%.c=$(FUZZDIR)/%.o) $(FUZZDIR)/runner/report/assets.o

# What a target wants: an observation of a whole test is longer than a log's interesting parts, and the time of an input
# grows with its length.
MAX_LEN_judge := 32768
MAX_LEN_klog  := 4096

# What a target is made of besides: the runner's objects, or the agent's with what touches the machine cut off (agent_fuzz.c)
AGENTFUZZOBJ := $(filter-out %/agent/main.o,$(AGENTSRC:%.c=$(FUZZDIR)/%.o))
WRAPPED  := read_whole_at proc_each now_ns fork kill socketpair send open kmsg_open write_file scene_find scene_make scene_set \
            scene_watch exits_open swap_on journal_undo loop_wait
objects_of = $(if $(filter agent,$1),$(AGENTFUZZOBJ),$(FUZZOBJ))
more_of    = $(if $(filter agent judge,$1),ci/fuzz/json_mutate.c)
libs_of    = $(if $(filter agent,$1),$(WRAPPED:%=-Wl$(comma)--wrap=%) -lcgroup -lnuma -ljansson -lpthread,$(LIBS))

.PHONY: fuzz
fuzz: $(FUZZ:%=fuzz-%)

# Short stacks of allocations and a small quarantine: what is freed is used again at once by a target that ends with each
# input, and deep stacks of every allocation took a tenth of the time.
export ASAN_OPTIONS ?= malloc_context_size=4:quarantine_size_mb=16

# Without the entropic schedule: its bookkeeping of a corpus this large takes longer than the inputs do.
# The corpus found so far stays in build-fuzz/corpus; the seeds in ci/fuzz/seeds are not touched.
fuzz-%: $(FUZZDIR)/%_fuzz
	$(Q)mkdir -p $(FUZZDIR)/corpus/$* ci/fuzz/seeds/$*
	$(Q)if [ -f $(FUZZDIR)/libfuzzer ]; then \
	  cd $(FUZZDIR) && ./$*_fuzz -max_total_time=$(SECONDS) -max_len=$(or $(MAX_LEN_$*),16384) -entropic=0 -rss_limit_mb=768 -timeout=60 \
	    -print_final_stats=1 \
	    corpus/$* $(CURDIR)/ci/fuzz/seeds/$*; \
	else cd $(FUZZDIR) && ./$*_fuzz -s $(SECONDS) $(CURDIR)/ci/fuzz/seeds/$*; fi

.SECONDEXPANSION:
$(FUZZDIR)/%_fuzz: ci/fuzz/%_fuzz.c ci/fuzz/main.c $$(call more_of,$$*) $$(call objects_of,$$*)
	$(Q)mkdir -p $(@D)
	$(Q)if [ "$(LIBFUZZER)" ]; then touch $(FUZZDIR)/libfuzzer; \
	  $(CLANG) -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -o $@ ci/fuzz/$*_fuzz.c $(call more_of,$*) $(call objects_of,$*) $(call libs_of,$*); \
	else rm -f $(FUZZDIR)/libfuzzer; \
	  $(CC) -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    -o $@ ci/fuzz/$*_fuzz.c ci/fuzz/main.c $(call more_of,$*) $(call objects_of,$*) $(call libs_of,$*); fi

$(FUZZDIR)/runner/report/assets.o: runner/report/assets.S $(PAGE)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<

$(FUZZDIR)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)if [ "$(LIBFUZZER)" ]; then c="$(CLANG) -fsanitize=fuzzer-no-link"; else c="$(CC)"; fi; \
	  $$c -std=gnu11 $(CPPFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -MMD -MP -c -o $@ $<

-include $(FUZZOBJ:.o=.d) $(AGENTFUZZOBJ:.o=.d)
.SECONDARY: $(FUZZOBJ) $(AGENTFUZZOBJ)
.PRECIOUS: $(FUZZDIR)/%_fuzz
