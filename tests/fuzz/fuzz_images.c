/* Everything an image says of itself: references, manifests, indexes, configs, names of entries. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "images/config.h"
#include "images/entry_path.h"
#include "images/index.h"
#include "images/manifest.h"
#include "images/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void abort_unless(int holds)
{
	if (!holds)
		abort();
}

static void documents(const char *text, size_t size)
{
	static struct img_manifest m;
	autobuf struct sp_buf out = SP_BUF_INIT;
	struct img_config c = { 0 };
	struct img_descriptor d;
	char *name = NULL;

	if (img_manifest_parse(text, size, &m, NULL) == 0)
		abort_unless(img_manifest_format(&m, &out, NULL) == 0);
	if (img_config_parse(text, size, &c, NULL) == 0)
		img_config_fini(&c);
	if (img_index_choose(text, size, "a:b", &d, &name, NULL) == 0)
		free(name);
}

/* A name that passes has no way up, and a reference that passes is read the same again. */
static void names(const char *text)
{
	char key[IMG_REFERENCE_MAX];
	struct img_entry_path path;
	struct img_reference r;

	if (img_entry_path_parse(text, 4095, &path, NULL) == 0)
		abort_unless(strcmp(path.base, "..") != 0 && strncmp(path.parent, "../", 3) != 0 &&
			     !strstr(path.parent, "/../") && !strchr(path.base, '/') &&
			     *path.parent != '/');
	if (img_reference_parse(text, &r, NULL) < 0)
		return;
	img_reference_key(&r, key);
	abort_unless(strlen(key) < IMG_REFERENCE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	documents(text, size);
	names(text);
	free(text);
	return 0;
}
