/* Image configs (OCI image-spec, config.md): how to run an image, and the digests of its layers. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "images/limits.h"

struct img_config {
	char **entrypoint, **cmd; /* NULL where the image gives none */
	char **env;               /* "NAME=value" */
	char *user;               /* "uid[:gid]" or names; NULL: 0 */
	char *working_dir;        /* absolute; NULL: "/" */
	char *stop_signal;        /* "SIGINT" or a number; NULL: SIGTERM */
	char **volumes;           /* absolute paths */
	char **exposed_ports;     /* "5432/tcp" */
	char *architecture, *os;
	char (*diff_ids)[SP_DIGEST_MAX]; /* of the uncompressed layers, lowest first */
	size_t n_diff_ids;
};

/* Read a config blob. Members we do not know are the image's own business. */
int img_config_parse(const char *text, size_t len, struct img_config *ret, struct sp_err *err);
void img_config_fini(struct img_config *c); /* safe on a zeroed one, and twice */

/*
 * Make the config blob of an image built from root filesystems. `options` is what the user wrote:
 * an object with Entrypoint, Cmd, Env, User, WorkingDir, ExposedPorts, Volumes, StopSignal and
 * Labels as OCI spells them, each optional; any other key is an error. NULL: none.
 */
int img_config_format(json_t *options, const char (*diff_ids)[SP_DIGEST_MAX], size_t n_diff_ids,
		      struct sp_buf *out, struct sp_err *err);
