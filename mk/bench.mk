# Figures, never tests: medians side by side with the peers, in one run.

BENCH_PARTS = launch contest place ours peer
BENCH = $(O)/bench/launch $(O)/bench/lock_pairs $(O)/bench/state $(O)/bench/true $(O)/bench/no_setrlimit.so

$(O)/bench/launch: $(BENCH_PARTS:%=$(O)/tests/bench/%.o) $(LIBS:%=$(O)/lib%.a)
	@mkdir -p $(@D)
	$(QUIET_LD)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(shell pkg-config --libs $(PKGS)) -lpthread -lm

$(O)/bench/lock_pairs $(O)/bench/state: $(O)/bench/%: $(O)/tests/bench/%.o $(call floor_objs,control) $(LIBS:%=$(O)/lib%.a)
	@mkdir -p $(@D)
	$(QUIET_LD)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(shell pkg-config --libs $(PKGS)) -lpthread -lm

$(O)/bench/true: tests/bench/true.c
	@mkdir -p $(@D)
	$(QUIET_CC)$(MUSL_CC) -std=gnu17 -Os $(WARN) -static -s -o $@ $<

$(O)/bench/no_setrlimit.so: tests/bench/no_setrlimit.c
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) -std=gnu17 -O2 -D_GNU_SOURCE $(WARN) -Wno-missing-prototypes -shared -fPIC -o $@ $<

bench: all $(BENCH) ## measure; a table, and build/bench/results.json (RUNS=n rounds)
	@tests/bench/run $(O) $(RUNS)

.PHONY: bench
