# Checks of the source itself. None of them changes a file.

C_FILES = $(shell git ls-files '*.c' '*.h')

check: check-deps check-events check-style check-headers check-lint ## all of the checks below

check-deps: ## the floors hold: each folder includes only what is below it
	@mk/check-deps

check-events: ## the list of event types is whole
	@mk/check-events

check-style: ## clang-format finds nothing to change, no banned function is called
	@clang-format --dry-run --Werror $(C_FILES)
	@mk/check-banned

check-headers: ## every header compiles alone
	@printf '%s\n' $(filter %.h,$(C_FILES)) | \
		xargs -P2 -I{} $(CC) $(CPPFLAGS) -std=gnu17 $(WARN) -fsyntax-only -include {} -x c /dev/null

# Its exit status does not count what it finds across files when it works in parallel: any word of it is a failure.
check-lint: ## cppcheck has nothing to say
	@mkdir -p $(O)/cppcheck
	@! cppcheck -q -j2 --cppcheck-build-dir=$(O)/cppcheck --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem -DSP_CPPCHECK \
		--include=mk/cppcheck.h -I. $(sort $(dir $(filter %.c,$(C_FILES)))) 2>&1 | grep .

format: ## lay out every C file as .clang-format says
	@clang-format -i $(C_FILES)

.PHONY: check check-deps check-events check-style check-headers check-lint format
