# Objects, libraries and programs, by folder: every .c of a folder belongs to its library or program.

lib_objs = $(patsubst %.c,$(O)/%.o,$(wildcard $(1:%=%/*.c)))

$(foreach l,$(LIBS),$(eval $(O)/lib$(l).a: $(call lib_objs,$(l))))
$(LIBS:%=$(O)/lib%.a):
	@mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^

# The folders of each program, and what it is linked from besides; highest floor first.
agentd_dir = agentd
agentd-unpack_dir = images/unpack
agentd-nft_dir = netcfg/nft
agentd-join_dir = agentd/join
controld_dir = control $(patsubst %/,%,$(wildcard control/*/))
ctl_dir = ctl

agentd_libs = runtime netcfg images wire base
agentd-unpack_libs = images base
agentd-nft_libs = netcfg base
agentd-join_libs = base
controld_libs = stackfile images wire base
ctl_libs = stackfile wire base

# agentd stays small: what needs the big libraries (libarchive, libnftables) is a program of its own that it starts.
agentd_pkgs = jansson gnutls libmicrohttpd liburing libseccomp libcap libnl-3.0 libnl-route-3.0
agentd-unpack_pkgs = libarchive libseccomp gnutls
agentd-nft_pkgs = libnftables libnl-3.0
agentd-join_pkgs = jansson gnutls
agentd-join_parts = agentd/config agentd/dirs agentd/options
controld_pkgs = jansson gnutls libmicrohttpd liburing libarchive yaml-0.1 sqlite3 libpq
ctl_pkgs = jansson gnutls libmicrohttpd liburing yaml-0.1

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CPPFLAGS += $(PKG_CFLAGS)

define program_rule
$(BIN)/$(1): $(call lib_objs,$($(1)_dir)) $($(1)_parts:%=$(O)/%.o) $($(1)_libs:%=$(O)/lib%.a)
	@mkdir -p $$(@D)
	$$(QUIET_LD)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(shell pkg-config --libs $$($(1)_pkgs)) -lpthread -lm
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The man pages and the completion are made from ctl's own table of commands.
CTL_GENERATED = $(if $(wildcard ctl/main.c),$(O)/share/man/man1/ctl.1 $(O)/share/man/man5/stackpilot-stack.5 \
                $(O)/share/bash-completion/completions/ctl)

$(O)/share/man/man1/ctl.1: $(BIN)/ctl
	@mkdir -p $(@D) && $(BIN)/ctl --generate man >$@

$(O)/share/man/man5/stackpilot-stack.5: $(BIN)/ctl
	@mkdir -p $(@D) && $(BIN)/ctl --generate man-stack >$@

$(O)/share/bash-completion/completions/ctl: $(BIN)/ctl
	@mkdir -p $(@D) && $(BIN)/ctl --generate completion >$@

# spinit is static and tiny: musl, no library of ours but the error value it reports with.
SPINIT_CFLAGS = -std=gnu17 -Os -g $(WARN) -Wno-error=cpp -D_GNU_SOURCE -I. -static -fno-asynchronous-unwind-tables \
                -ffunction-sections -fdata-sections -Wl,--gc-sections -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu

$(BIN)/spinit: $(wildcard runtime/init/*.c runtime/init/*.h) base/err.c base/err.h
	@mkdir -p $(@D)
	$(QUIET_CC)$(MUSL_CC) $(SPINIT_CFLAGS) -o $@ $(filter %.c,$^)

# Other builds and the disks of labs lie below $(O) too; what they hold is not ours to read.
-include $(shell find $(O) -path '$(O)/lab' -prune -o -path '$(O)/vm' -prune -o -path '$(O)/san' -prune -o -path '$(O)/test-*' -prune \
                 -o -name '*.d' -type f -print 2>/dev/null)
