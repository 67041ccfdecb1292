/*
 * A failure with its address, as it crosses the wire and as people read it: the body {"error":
 * {...}} of every refused request, and the error of an operation's step.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WIRE_EVIDENCE_MAX 4096 /* bytes of evidence kept */

struct wire_failure {
	struct sp_err err;  /* code, stage, message */
	char component[32]; /* "agentd", "controld", "ctl" */
	char node[64];      /* "" where it does not apply, like all below */
	char resource[128]; /* workload, image, volume, file:line:column */
	char step[64];
	uint32_t attempt, attempts;       /* n of m; 0 when there is only one */
	char evidence[WIRE_EVIDENCE_MAX]; /* last log lines, a probe's transcript; lines end in '\n'
					   */
	char next[256];                   /* the next command to try */
};

void wire_failure_init(struct wire_failure *f, const struct sp_err *err, const char *component);
/* Decode the "error" object of a body; missing members stay empty. */
void wire_failure_decode(const json_t *error, struct wire_failure *ret);
json_t *wire_failure_encode(
	const struct wire_failure *f); /* the "error" object; NULL when out of memory */
