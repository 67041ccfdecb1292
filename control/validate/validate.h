/*
 * Everything that can be known of a deploy before it is begun: the file, what it requires, the
 * lock, the images, and what the nodes have. Nothing is written, and no agent is told anything.
 *
 *   stack.c   configuration, dependencies, tasks, lock, permissions
 *   images.c  images
 *   disk.c    disk
 *   files.c   files: sources of bind mounts
 *   validate.c         resources (by placing), and the order of it all
 */
#pragma once

#include <jansson.h>

#include "control/control.h"
#include "control/deploy/deploy.h"
#include "control/validate/validation.h"

struct validate {
	struct control *control;
	struct store *store;
	const char *requester; /* "operator:ann" */
	struct validation found;
	struct deploy *d; /* as far as it got: bundle and stack, then targets */
	const char *file; /* for addresses */
};

/* The object of docs/api.md for a bundle (JSON text). Only what keeps it from looking is an error:
 * what it finds is in the object. */
int validate_bundle(struct control *c, struct store *s, const char *requester, const char *bundle,
		    json_t **ret, struct sp_err *err);

/*
 * The part of it that a deploy asks for by itself (policy validate_before) once its nodes are
 * chosen: disk and files. SP_E_INVALID with the first failure; at gets its address.
 */
int validate_before(struct deploy *d, struct sp_err *err);

/* The areas; each begins and ends its own. False: what comes after cannot be looked at. */
bool validate_configuration(struct validate *v, const char *bundle);
void validate_dependencies(struct validate *v);
void validate_tasks(struct validate *v);
void validate_lock(struct validate *v);
void validate_permissions(struct validate *v);
bool validate_images(struct validate *v);
void validate_disk(struct validate *v);
void validate_files(struct validate *v);

/* The image of a workload at its line of the file. */
struct validation_at validate_at(const struct validate *v, const struct stack_service *s);
