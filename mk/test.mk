# Unit tests: tests/unit/<floor>/test_<module>.c, one Criterion binary each. System tests: tests/system/*.bats.

UNIT_SOURCES = $(wildcard tests/unit/*/test_*.c)
UNIT_TESTS = $(UNIT_SOURCES:%.c=$(O)/%)

# A test of a program's module links that program's objects, without its main.
test_floor = $(word 3,$(subst /, ,$(1)))
floor_dirs = $(if $(filter control,$(1)),$(controld_dir),$(1))
floor_objs = $(filter-out %/main.o,$(call lib_objs,$(call floor_dirs,$(1))))

define unit_rule
$(O)/$(1:%.c=%): $(O)/$(1:%.c=%.o) $(if $(filter agentd control ctl,$(call test_floor,$(1))),$(call floor_objs,$(call test_floor,$(1)))) $(LIBS:%=$(O)/lib%.a)
	@$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(LIBS:%=$(O)/lib%.a) -Wl,--end-group \
		$$(shell pkg-config --libs $$(PKGS) criterion) -lpthread -lm
endef
$(foreach t,$(UNIT_SOURCES),$(eval $(call unit_rule,$(t))))

# What the runtime's tests run inside their containers.
PROBE = $(O)/tests/unit/runtime/probe
$(PROBE): tests/unit/runtime/probe.c tests/unit/runtime/probe_race.c tests/unit/runtime/probe_race.h
	@mkdir -p $(@D)
	$(QUIET_CC)$(MUSL_CC) -std=gnu17 -Os $(WARN) -D_GNU_SOURCE -I. -static -s -o $@ $(filter %.c,$^)

# What the images' tests start in agentd-unpack's place.
STAND_IN = $(O)/tests/unit/images/stand_in
$(STAND_IN): tests/unit/images/stand_in.c images/unpack_task.h images/job.h images/limits.h images/whiteout.h
	@mkdir -p $(@D)
	$(QUIET_CC)$(MUSL_CC) -std=gnu17 -Os $(WARN) -D_GNU_SOURCE -I. -static -s -o $@ $<

unit-build: all $(UNIT_TESTS) $(PROBE) $(STAND_IN)

unit: unit-build ## unit tests; ONLY=word picks test files by name
	@O=$(O) tests/run unit $(ONLY)

system: all $(PROBE) ## system tests (bats, as root, in namespaces of their own); ONLY=word picks
	@O=$(O) tests/run system $(ONLY)

vm-test: unit-build ## tests in a virtual machine that has every limit and Debian's kernel; ONLY=word picks
	@mk/deps deps.txt vagrant/vm/deps.txt
	@O=$(O) tests/vm/run $(ONLY)

test: unit-build ## all tests, with a closing line that counts them
	@O=$(O) tests/run all $(ONLY)

# The reader on public stack files: a table, not a test. CORPUS_FLAGS=-v prints every diagnostic.
CORPUS ?= ../shared/compose-corpus

$(O)/tests/corpus/%: $(O)/tests/corpus/%.o $(LIBS:%=$(O)/lib%.a)
	@$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS:%=$(O)/lib%.a) -Wl,--end-group \
		$(shell pkg-config --libs $(PKGS)) -lpthread

corpus: $(O)/tests/corpus/corpus ## how many public stack files are read whole, and which keys refuse the rest
	@find $(CORPUS) -name '*.y*ml' -print0 | sort -z | xargs -0 $< $(CORPUS_FLAGS)

stack-reference: $(O)/tests/corpus/reference ## write the tables of keys in docs/stack-file.md anew
	@$< <docs/stack-file.md >$(O)/stack-file.md && cp $(O)/stack-file.md docs/stack-file.md

.PRECIOUS: $(O)/tests/corpus/%.o
.PHONY: corpus stack-reference unit-build unit system vm-test test
