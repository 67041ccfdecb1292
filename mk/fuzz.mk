# Fuzzers: tests/fuzz/fuzz_<parser>.c, built by clang with libFuzzer and the sanitizers. A corpus grows in build/fuzz.

FUZZ_TIME ?= 60
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SOURCES = $(foreach l,base wire stackfile images,$(wildcard $(l)/*.c)) $(wildcard agentd/probe*.c agentd/logs*.c)

build/fuzz/bin/%: tests/fuzz/%.c $(FUZZ_SOURCES)
	@mkdir -p $(@D)
	$(QUIET_LD)clang $(CPPFLAGS) -std=gnu17 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
		-o $@ $^ $(shell pkg-config --libs $(PKGS)) -lpthread

fuzz: $(FUZZERS:%=build/fuzz/bin/%) ## fuzz every parser of outside bytes for FUZZ_TIME seconds each (needs clang)
	@for f in $(FUZZERS:fuzz_%=%); do mkdir -p build/fuzz/corpus/$$f build/fuzz/found; \
		echo "fuzz: $$f for $(FUZZ_TIME) s"; \
		build/fuzz/bin/fuzz_$$f -max_total_time=$(FUZZ_TIME) -timeout=5 -rss_limit_mb=1024 -max_len=16384 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=build/fuzz/found/ $$(test ! -e tests/fuzz/$$f.dict || echo -dict=tests/fuzz/$$f.dict) \
			build/fuzz/corpus/$$f $$(test ! -d tests/fuzz/$$f || echo tests/fuzz/$$f) || exit 1; done

.PHONY: fuzz
