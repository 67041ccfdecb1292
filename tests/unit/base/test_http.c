/* HTTP server and client against each other: requests, replies, and who may. */
#include "tests/unit/base/http_server.h"

#include <netinet/in.h>

HTTP_TEST(a_request_is_taken_apart_and_decoded)
{
	struct sp_httpc *c = client(s);
	autojson json_t *json = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_httpc_header(c, "X-Test", "yes", NULL), 0);
	cr_assert_eq(sp_httpc_json(c, "GET", "/hello/a%2Fb%20c?q=x%26y", NULL, &json, &err), 0,
		     "%s", err.message);
	cr_expect_str_eq(member(json, "name"), "a/b c");
	cr_expect_str_eq(member(json, "q"), "x&y");
	cr_expect_str_eq(member(json, "header"), "yes");
	if (s->tls) {
		cr_expect_str_eq(member(json, "peer"), "controld");
		cr_expect_str_eq(member(json, "role"), "control");
	} else {
		cr_expect(json_is_true(json_object_get(json, "local")));
		cr_expect_eq(json_integer_value(json_object_get(json, "uid")), getuid());
	}
	sp_httpc_free(c);
}

HTTP_TEST(every_request_gets_its_status)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} table[] = {
		{ "GET", "/hello/x", NULL, 200 },
		{ "HEAD", "/hello/x", NULL, 200 },
		{ "GET", "/hello/", NULL, 404 },
		{ "GET", "/hello/x/y", NULL, 404 },
		{ "GET", "/nothing", NULL, 404 },
		{ "DELETE", "/hello/x", NULL, 405 },
		{ "GET", "/hello/%00", NULL, 400 },
		{ "GET", "/hello/%zz", NULL, 400 },
		{ "GET", "/hello/%4", NULL, 400 },
		{ "GET", "/hello/x?q=%00", NULL, 400 },
		{ "GET", "/hello/%ff", NULL, 400 },
		{ "GET", "/hello/%c3%a4", NULL, 200 },
		{ "GET", "/hello/x?q=%ff", NULL, 400 },
		{ "GET", "/hello/x?%fe=1", NULL, 400 },
		{ "POST", "/small", "0123456789abcdef", 201 },
		{ "POST", "/small", "0123456789abcdef0", 413 },
		{ "POST", "/json", "{\"a\": 1}", 200 },
		{ "POST", "/json", "{\"a\": 1, \"a\": 2}", 400 },
		{ "POST", "/json", "", 400 },
		{ "GET", "/error", NULL, 412 },
	};
	struct sp_httpc *c = client(s);

	for (size_t i = 0; i < SP_COUNT(table); i++)
		cr_expect_eq(status_of(c, table[i].method, table[i].path, table[i].body,
				       table[i].body ? strlen(table[i].body) : 0),
			     table[i].status, "%s %s", table[i].method, table[i].path);
	sp_httpc_free(c);
}

HTTP_TEST(bodies_and_files_arrive_whole)
{
	struct sp_httpc *c = client(s);
	struct sp_http_reply reply;
	size_t len = 300000;
	autofree char *text = malloc(len + 1);

	memset(text, 'x', len);
	text[len] = '\0';
	cr_assert_eq(sp_httpc_call(c, "POST", "/echo", text, len, "text/plain", &reply, NULL), 0);
	cr_expect_eq(reply.status, 201);
	cr_expect_str_eq(reply.content_type, "text/x-echo");
	cr_expect_eq(reply.body.len, len);
	cr_expect(reply.body.len == len && !memcmp(reply.body.data, text, len));
	sp_http_reply_fini(&reply);
	wait_count(&s->slots_freed, 1);
	cr_assert_eq(sp_httpc_call(c, "GET", "/file", NULL, 0, NULL, &reply, NULL), 0);
	cr_expect_str_eq(reply.body.data, "and sent");
	sp_http_reply_fini(&reply);
	cr_assert_eq(sp_httpc_call(c, "GET", "/rest/a/b%20/c:d", NULL, 0, NULL, &reply, NULL), 0);
	cr_expect_str_eq(reply.body.data, "a/b /c:d");
	sp_http_reply_fini(&reply);
	sp_httpc_free(c);
}

HTTP_TEST(an_error_keeps_its_code_stage_and_message)
{
	struct sp_httpc *c = client(s);
	autojson json_t *error = NULL;
	struct sp_err err = { 0 };

	cr_expect_eq(sp_httpc_json(c, "GET", "/error", NULL, &error, &err), -ESTALE);
	cr_expect_eq(err.code, SP_E_FENCED);
	cr_expect_eq(err.stage, SP_STAGE_START);
	cr_expect_str_eq(err.message, "token 7 is old");
	cr_expect_str_eq(member(error, "code"), "fenced");
	sp_httpc_free(c);
}

static int file_of(size_t len, char first)
{
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	fclose(f);
	cr_assert_eq(ftruncate(fd, (off_t)len), 0);
	cr_assert_eq(pwrite(fd, &first, 1, 0), 1);
	return fd;
}

HTTP_TEST(an_upload_streams_through_the_body_callback)
{
	struct sp_httpc *c = client(s);
	autojson json_t *json = NULL;
	struct sp_err err = { 0 };
	int fd = file_of(3000000, 'x');

	cr_assert_eq(sp_httpc_upload(c, "PUT", "/blob", fd, 3000000, &json, &err), 0, "%s",
		     err.message);
	cr_expect_eq(json_integer_value(json_object_get(json, "bytes")), 3000000);
	cr_expect_gt(atomic_load(&s->body_calls), 10, "in pieces");
	close(fd);
	sp_httpc_free(c);
}

HTTP_TEST(a_refused_upload_tells_why)
{
	struct sp_httpc *c = client(s);
	struct sp_err err = { 0 };
	int fd = file_of(3000000, '!'), big = file_of(9 << 20, 'x');

	cr_expect_lt(sp_httpc_upload(c, "PUT", "/blob", fd, 3000000, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_NO_SPACE, "%s", err.message);
	cr_expect_lt(sp_httpc_upload(c, "PUT", "/blob", big, 9 << 20, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE, "%s", err.message);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200, "and the server goes on");
	close(fd);
	close(big);
	sp_httpc_free(c);
}

/* ---- who may ---- */

HTTP_TEST(the_peer_decides_before_the_body)
{
	struct sp_httpc *c = client_of(s, "alice", "ca");
	struct sp_err err = { 0 };

	cr_expect_lt(sp_httpc_json(c, "GET", "/control", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED);
	cr_expect(strstr(err.message, s->tls ? "'alice' with role 'operator'" : "user id"), "%s",
		  err.message);
	cr_expect_eq(status_of(c, "POST", "/control", "body", 4), 403);
	cr_expect_eq(atomic_load(&s->slots_freed), 0, "no handler ran");
	sp_httpc_free(c);
}

HTTP_TEST(the_role_control_may_and_no_certificate_may_not)
{
	struct sp_httpc *c = client(s), *nobody = client_of(s, NULL, "ca");

	cr_expect_eq(status_of(c, "GET", "/control", NULL, 0), s->tls ? 412 : 403);
	cr_expect_eq(status_of(nobody, "GET", "/control", NULL, 0), 403);
	cr_expect_eq(status_of(nobody, "GET", "/hello/x", NULL, 0), 200, "an open route");
	sp_httpc_free(c);
	sp_httpc_free(nobody);
}

HTTP_TEST(strangers_are_refused_both_ways)
{
	struct sp_httpc *c, *victim;
	char pin[SP_DIGEST_MAX];
	struct sp_err err = { 0 };
	struct pki other;

	if (!s->tls)
		return;
	pki_open(&other, s->dir, "otherca", pin);
	pki_issue(&other, "mallory", "control");
	c = client_of(s, "mallory", "ca");
	cr_expect_lt(sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "a certificate of another authority: %s", err.message);
	victim = client_of(s, "controld", "otherca");
	cr_expect_lt(sp_httpc_json(victim, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "a server of another authority: %s", err.message);
	cr_expect(strstr(err.message, "node 'test'") && strstr(err.message, "certificate"), "%s",
		  err.message);
	sp_httpc_free(c);
	sp_httpc_free(victim);
	pki_close(&other);
}

HTTP_TEST(an_authority_can_be_known_by_its_fingerprint)
{
	struct sp_httpc_conf conf = { .base_url = s->address, .ca_pin = s->pin };
	char wrong[SP_DIGEST_MAX];
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	if (!s->tls)
		return;
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
	cr_assert_eq(sp_digest_of("other", 5, wrong, NULL), 0);
	conf.ca_pin = wrong;
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_lt(sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "%s", err.message);
	sp_httpc_free(c);
}

/* Its certificate is good, and for its number; the name leads there, which must not be enough. */
HTTP_TEST(a_server_of_another_name_is_refused)
{
	char url[64], ca[128];
	struct sp_httpc_conf conf = { .base_url = url, .ca_file = ca, .what = "node 'test'" };
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	if (!s->tls)
		return;
	pem(s, "ca", ".crt", ca);
	snprintf(url, sizeof(url), "https://localhost%s", strrchr(s->address, ':'));
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_lt(sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_DENIED, "%s", err.message);
	cr_expect(strstr(err.message, "certificate refused"), "%s", err.message);
	sp_httpc_free(c);
}

/* Whoever holds a client's certificate of the cluster could play a server with it. */
HTTP_TEST(a_server_with_a_clients_certificate_is_refused)
{
	struct sp_httpd_conf conf = { .routes = routes, .authorize = authorize, .owner = s };
	static const char *const purposes[] = { GNUTLS_KP_TLS_WWW_SERVER,
						GNUTLS_KP_TLS_WWW_CLIENT };
	char cert[128], key[128], ca[128], url[64];

	if (!s->tls)
		return;
	pem(s, "other", ".crt", cert);
	pem(s, "other", ".key", key);
	pem(s, "ca", ".crt", ca);
	conf.tls_address = "127.0.0.1:0";
	conf.cert_file = cert, conf.key_file = key, conf.ca_file = ca;
	for (int i = 0; i < 2; i++) {
		struct sp_httpc_conf to = { .base_url = url, .ca_file = ca };
		struct sp_err err = { 0 };
		struct sp_httpc *c = NULL;
		struct sp_httpd *d = NULL;

		pki_issue_for(&s->pki, "other", "node", purposes[i]);
		cr_assert_eq(sp_httpd_new(&conf, &d, &err), 0, "%s", err.message);
		snprintf(url, sizeof(url), "https://127.0.0.1:%u", sp_httpd_port(d));
		cr_assert_eq(sp_httpc_new(&to, &c, NULL), 0);
		sp_httpc_json(c, "GET", "/hello/x", NULL, NULL, &err);
		cr_expect_eq(err.code, i ? SP_E_DENIED : SP_E_OK, "%d: %s", i, err.message);
		cr_expect(!i || strstr(err.message, "certificate refused"), "%s", err.message);
		sp_httpc_free(c);
		sp_httpd_free(d);
	}
}

HTTP_TEST(what_speaks_no_tls_is_not_believed)
{
	char url[64], ca[128];
	struct sp_httpc_conf conf = { .base_url = url, .ca_file = ca };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	if (!s->tls)
		return;
	pem(s, "ca", ".crt", ca);
	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u", ntohs(to.sin_port));
	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	sp_httpc_set_timeout(c, 100 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_json(c, "GET", "/", NULL, NULL, &err), -ETIMEDOUT, "%s", err.message);
	cr_expect(strstr(err.message, "no TLS session"), "%s", err.message);
	sp_httpc_free(c);
	close(fd);
}

HTTP_TEST(files_that_hold_no_certificates_are_named)
{
	char ca[128], cert[128], key[128], bad[128];
	struct sp_httpc_conf conf = { .base_url = s->address, .ca_file = bad };
	struct sp_err err = { 0 };

	if (!s->tls)
		return;
	pem(s, "ca", ".crt", ca);
	pem(s, "alice", ".crt", cert);
	pem(s, "controld", ".key", key);
	pem(s, "nobody", ".crt", bad);
	for (int i = 0; i < 3; i++) {
		struct sp_httpc *c = NULL;

		cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
		cr_expect_eq(sp_httpc_json(c, "GET", "/", NULL, NULL, &err), -EINVAL, "%s",
			     err.message);
		cr_expect(strstr(err.message, i ? cert : bad), "%s", err.message);
		sp_httpc_free(c);
		conf = (struct sp_httpc_conf){ .base_url = s->address,
					       .ca_file = ca,
					       .cert_file = cert,
					       .key_file = i ? bad : key };
	}
}
