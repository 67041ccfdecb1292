# StackPilot. `make help` lists the targets.
#
# O is the build directory; SAN=1 builds everything with address and undefined-behaviour sanitizers in build/san.

SAN ?=
O ?= build$(if $(SAN),/san)

CC = gcc
MUSL_CC = musl-gcc
PKGS = jansson gnutls libmicrohttpd liburing libseccomp libcap libnl-3.0 libnl-route-3.0 libnftables \
       libarchive yaml-0.1 sqlite3 libpq
WARN = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wformat=2 -Wundef \
       -Wwrite-strings -Wconversion -Werror
CPPFLAGS = -I. -I$(O) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
CFLAGS = -std=gnu17 -g -O2 $(WARN) -MMD -MP -fno-common
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS = -Wl,--as-needed
ifeq ($(SAN),)
CFLAGS += $(HARDEN)
LDFLAGS += -pie -Wl,-z,relro,-z,now
else
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

# One short line a command; V=1 shows them whole.
ifeq ($(V),)
QUIET_CC = @echo "  CC  $@";
QUIET_LD = @echo "  LD  $@";
endif

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The floors, lowest first; a floor uses only what is below it (mk/floors, proved by `make check-deps`).
LIBS = base wire stackfile runtime netcfg images
PROGRAMS = agentd agentd-unpack agentd-nft agentd-join controld ctl
BIN = $(O)/bin

include mk/build.mk mk/test.mk mk/fuzz.mk mk/check.mk mk/lab.mk mk/bench.mk mk/images.mk

all: $(LIBS:%=$(O)/lib%.a) $(PROGRAMS:%=$(BIN)/%) $(BIN)/spinit $(CTL_GENERATED) ## build everything into build/bin

deps: ## install what is missing of deps.txt (Debian packages)
	@mk/deps

help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## remove build products (not a running lab: `make destroy` first)
	@if [ -d build/lab ]; then echo "make: a lab is up; run 'make destroy' first" >&2; exit 1; fi
	rm -rf build

.PHONY: all deps help clean
