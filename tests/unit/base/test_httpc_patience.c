/* The HTTP client and servers that are silent, slow or without end: its time, and who interrupts
 * it. */
#include "tests/unit/base/httpc_script.h"

Test(httpc_patience, a_silent_server_is_given_up)
{
	const struct act acts[] = { { .replies = { "HTTP/1.1 200 OK\r\n" }, .stays = true } };

	begin(acts, SP_COUNT(acts));
	sp_httpc_set_timeout(http, 50 * SP_NS_PER_MS);
	cr_expect_eq(get(), -ETIMEDOUT);
	cr_expect(strstr(err.message, "no answer within 50ms"), "%s", err.message);
	end();
}

static int count_bytes(void *state, const char *data, size_t len)
{
	(void)data;
	*(size_t *)state += len;
	return 0;
}

/* The whole takes longer than the silence that is allowed, and none of its pauses does. */
Test(httpc_patience, a_stream_may_be_slow_but_not_silent)
{
	static char text[400];
	const struct act acts[] = { { .replies = { text }, .slowly = true, .stays = true } };
	size_t got = 0;

	snprintf(text, sizeof(text), HEAD "\r\n%0300d", 0);
	begin(acts, SP_COUNT(acts));
	sp_httpc_set_timeout(http, 150 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_stream(http, "GET", "/", count_bytes, &got, NULL, &err), -ETIMEDOUT);
	cr_expect_eq(got, 300, "%zu: %s", got, err.message);
	end();
}

/* Framing is no progress: one byte of an extension now and then is silence. */
Test(httpc_patience, a_stream_of_nothing_but_framing_is_silent)
{
	static char text[600];
	const struct act acts[] = { { .replies = { text }, .slowly = true, .stays = true } };
	size_t got = 0;

	snprintf(text, sizeof(text), HEAD "Transfer-Encoding: chunked\r\n\r\n5;%0500d", 0);
	begin(acts, SP_COUNT(acts));
	sp_httpc_set_timeout(http, 150 * SP_NS_PER_MS);
	cr_expect_eq(sp_httpc_stream(http, "GET", "/", count_bytes, &got, NULL, &err), -ETIMEDOUT);
	cr_expect_eq(got, 0, "%zu: %s", got, err.message);
	end();
}

#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* A byte of a body in a great deal of framing. */
static const char *costly_chunk(void)
{
	static char chunk[30100];

	snprintf(chunk, sizeof(chunk), "1;%030000d\r\nx\r\n", 0);
	return chunk;
}

Test(httpc_patience, a_flood_does_not_outlast_the_timeout)
{
	const struct act act = { .replies = { CHUNKED }, .flood = costly_chunk() };

	begin(&act, 1);
	sp_httpc_set_timeout(http, 100 * SP_NS_PER_MS);
	cr_expect_eq(get(), -ETIMEDOUT, "%s", err.message);
	end();
}

/* Once the flood runs. */
static void *interrupt(void *arg)
{
	(void)arg;
	for (int ms = 0; script.floods < 50 && ms < 10000; ms++)
		poll(NULL, 0, 1);
	sp_httpc_interrupt(http);
	return NULL;
}

/* Each byte of such a stream is progress, so only its reader's patience ends it. */
Test(httpc_patience, a_flood_can_be_interrupted)
{
	const struct act act = { .replies = { CHUNKED }, .flood = costly_chunk() };

	for (int i = 0; i < 2; i++) {
		pthread_t thread;
		size_t got = 0;
		int r;

		begin(&act, 1);
		cr_assert_eq(pthread_create(&thread, NULL, interrupt, NULL), 0);
		r = i ? sp_httpc_stream(http, "GET", "/", count_bytes, &got, NULL, &err) : get();
		cr_expect_eq(err.code, SP_E_INTERRUPTED, "%d: %s", r, err.message);
		pthread_join(thread, NULL);
		end();
	}
}
