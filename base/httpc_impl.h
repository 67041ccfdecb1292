/*
 * Inside the HTTP client: what its files share. Nobody else includes this.
 *
 *   httpc.c         the handle, its options, what an error of libcurl means
 *   httpc_pin.c     an authority known only by its fingerprint
 *   httpc_call.c    calls, uploads and streams
 *   httpc_duplex.c  a connection that has switched protocols
 */
#pragma once

#include <curl/curl.h>
#include <stdatomic.h>

#include "base/httpc.h"

#define HTTPC_CONNECT_TIMEOUT (INT64_C(5) * 1000000000)
#define HTTPC_TIMEOUT         (INT64_C(30) * 1000000000)
#define HTTPC_BODY_MAX        (64 << 20) /* bytes of a reply that is kept whole */
#define HTTPC_ERROR_BODY_MAX  (64 << 10) /* bytes of a refusal to a stream or an upgrade */
#define HTTPC_HEADERS_MAX     (16 << 10) /* bytes of a reply's head read by hand */
#define HTTPC_POLL_MS         1000

struct sp_httpc {
	CURL *easy;
	CURLM *multi;
	char *base_url, *unix_path, *cert_file, *key_file, *ca_file, *ca_pin, *what;
	int ca_fd; /* the pinned authority's PEM in a memfd; -1 without a pin or before it is known
		    */
	int64_t connect_timeout_ns, timeout_ns;
	struct curl_slist *headers;
	atomic_bool interrupted;
	char detail[CURL_ERROR_SIZE];
};

/* A fresh easy handle for path with everything set but the method and what to do with bytes. */
int httpc_setup(struct sp_httpc *c, CURL *easy, const char *path, struct sp_err *err);
/* What went wrong, in our words: who was called, where, and why. */
int httpc_fail(struct sp_httpc *c, CURLcode code, CURL *easy, struct sp_err *err);
const char *httpc_address(const struct sp_httpc *c);

/* Learn the authority behind c's pin from the server itself; nothing of a request is sent. */
int httpc_pin_learn(struct sp_httpc *c, struct sp_err *err);

/* The error that a reply of status 400 or more stands for. *ret_error is its "error" object or
 * NULL. */
int httpc_refusal(struct sp_httpc *c, int status, const char *body, size_t len, json_t **ret_error,
		  struct sp_err *err);
