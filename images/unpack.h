/*
 * Unpacking the layers of an image that are not unpacked yet, each once, into layers/<diff_id>/ in
 * the form overlayfs wants as a lower layer:
 *
 *   - owners are the image's (0..65535; idmapped mounts map them), modes with setuid, times, hard
 *     links, fifos, user.* and security.capability attributes are kept
 *   - `.wh.NAME` becomes a character device 0:0, `.wh..wh..opq` the attribute
 * trusted.overlay.opaque
 *   - device nodes are never made, other attributes are dropped; both are counted
 *
 * Each layer is extracted by a run of the program agentd-unpack (images/unpack/), confined to the
 * new directory: own PID, mount, network and IPC namespaces, pivot_root, no capability but CHOWN,
 * DAC_OVERRIDE, FOWNER, FSETID and SETFCAP, a list of the system calls it may make. A name that is
 * absolute or holds "..", or leads out through a symlink of the layer, is refused (SP_E_ESCAPE; the
 * message names layer and entry). The directory gets its final name only when the digest of the
 * whole uncompressed stream is the config's diff_id. Needs root.
 */
#pragma once

#include "base/err.h"
#include "images/job.h"
#include "images/limits.h"
#include "images/store.h"

/* Open the program for this store, before its first unpack; path NULL: "agentd-unpack" beside our
 * own executable. It stays the same for as long as the store is open, whatever is installed later.
 */
int img_unpacker_open(struct img_store *s, const char *path, struct sp_err *err);

/* reference as for img_resolve(); limits NULL: the defaults. Unpacks may run side by side. */
int img_unpack_start(struct img_store *s, const char *reference, const struct img_limits *limits,
		     struct img_job **ret, struct sp_err *err);

/* The same, waiting for it. */
int img_unpack(struct img_store *s, const char *reference, const struct img_limits *limits,
	       struct img_progress *ret, struct sp_err *err);
