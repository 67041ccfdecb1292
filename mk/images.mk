# The images of the demo: build/images/{base,postgres,api}.tar, OCI archives for `ctl image import`. Each is made
# anew only when its recipe changes; `make images-clean` forgets them (and newer packages come in).

IMAGES = base postgres api
IMAGES_DIR = build/images
RECIPES = images/recipes

base_packages =
postgres_packages = postgresql-15
api_packages = libpq5 libmicrohttpd12 libjansson4
base_hook = -
postgres_hook = $(RECIPES)/postgres/hook
api_hook = $(RECIPES)/api/hook

images: $(IMAGES:%=$(IMAGES_DIR)/%.tar) ## build the demo's images into build/images

images-clean: ## forget the images that were built
	rm -rf $(IMAGES_DIR)

$(IMAGES_DIR)/%.tree.tar: $(RECIPES)/tree
	@mkdir -p $(@D)
	@echo "images: $*: installing Debian packages (10 to 40 s)"
	@API=$(IMAGES_DIR)/api $(RECIPES)/tree $@ $($*_hook) $($*_packages)

$(IMAGES_DIR)/base.layer.tar.zst: $(IMAGES_DIR)/base.tree.tar $(RECIPES)/layer
	@echo "images: base: packing its layer"
	@$(RECIPES)/layer $@ $<

$(IMAGES_DIR)/postgres.layer.tar.zst $(IMAGES_DIR)/api.layer.tar.zst: \
$(IMAGES_DIR)/%.layer.tar.zst: $(IMAGES_DIR)/%.tree.tar $(IMAGES_DIR)/base.tree.tar $(RECIPES)/layer
	@echo "images: $*: packing what it adds to base"
	@$(RECIPES)/layer $@ $< $(IMAGES_DIR)/base.tree.tar

$(IMAGES_DIR)/base.tar: $(IMAGES_DIR)/base.layer.tar.zst
$(IMAGES_DIR)/postgres.tar $(IMAGES_DIR)/api.tar: $(IMAGES_DIR)/%.tar: $(IMAGES_DIR)/base.layer.tar.zst $(IMAGES_DIR)/%.layer.tar.zst
$(IMAGES:%=$(IMAGES_DIR)/%.tar): $(IMAGES_DIR)/%.tar: $(RECIPES)/archive $(RECIPES)/%/config.json
	@$(RECIPES)/archive $@ stackpilot/$*:latest $(RECIPES)/$*/config.json $(filter %.layer.tar.zst,$^)

$(IMAGES_DIR)/postgres.tree.tar: $(wildcard $(RECIPES)/postgres/*)
$(IMAGES_DIR)/api.tree.tar: $(RECIPES)/api/hook $(IMAGES_DIR)/api

# The service: plain C against the Debian libraries its image holds.
API_SOURCES = $(wildcard $(RECIPES)/api/*.c)
API_PKGS = libpq libmicrohttpd jansson

$(IMAGES_DIR)/api: $(API_SOURCES) $(wildcard $(RECIPES)/api/*.h)
	@mkdir -p $(@D)
	$(QUIET_LD)$(CC) -std=gnu17 -O2 -g -ffile-prefix-map=$(CURDIR)=. $(WARN) -D_GNU_SOURCE $(HARDEN) -I. $$(pkg-config --cflags $(API_PKGS)) \
		-pie -Wl,-z,relro,-z,now -o $@ $(API_SOURCES) $$(pkg-config --libs $(API_PKGS)) -lpthread

.PHONY: images images-clean
.SECONDARY: $(IMAGES:%=$(IMAGES_DIR)/%.tree.tar)

system test: $(IMAGES_DIR)/api
