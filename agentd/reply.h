/* Replies: JSON, and failures with their address. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/httpd.h"

struct agent;

/* json is stolen; NULL says that memory ran out. */
void reply_json(struct sp_httpd_req *req, int status, json_t *json);

/* A refusal: {"error": ...} with this node's name and the resource (may be NULL). */
void reply_err(struct agent *a, struct sp_httpd_req *req, const char *resource,
	       const struct sp_err *err);
void reply_fail(struct agent *a, struct sp_httpd_req *req, const char *resource,
		enum sp_err_code code, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
