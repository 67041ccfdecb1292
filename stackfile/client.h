/*
 * The resolver of a person's own machine: the environment, over `.env` files, and the file system
 * relative to the stack file.
 */
#pragma once

#include "stackfile/report.h"
#include "stackfile/resolver.h"

struct stack_client;

struct stack_client_conf {
	const char *directory; /* of the stack file: relative paths start there */
	/* env files for interpolation, NULL-terminated; NULL: `.env` in directory, if there is one
	 */
	char *const *env_files;
	char *const *environ; /* the process' environment; wins over env_files */
};

/* Problems in the env files go to report (with -EINVAL and err as in stack_read()). */
int stack_client_new(const struct stack_client_conf *conf, struct stack_client **ret,
		     struct stack_report *report, struct sp_err *err);
void stack_client_free(struct stack_client *c); /* takes NULL */
struct stack_resolver stack_client_resolver(struct stack_client *c);

SP_AUTO(struct stack_client *, stack_client_free)
