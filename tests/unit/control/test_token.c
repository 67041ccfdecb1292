/* Join tokens: one use, also when many try at once; only their hash is kept. */
#include "control/node/token.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/fd.h"
#include "tests/unit/control/scratch.h"

#define CA    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct store *s;
static struct sp_err err;
static struct token_made made;

static void make_one(void)
{
	scratch_make();
	s = scratch_store();
	cr_assert_eq(token_make(s, CA, TOKEN_TTL_NS, &made, &err), 0, "%s", err.message);
}

static void drop(void)
{
	store_close(s);
	scratch_remove();
}

TestSuite(token, .init = make_one, .fini = drop);

Test(token, is_good_for_one_use)
{
	cr_expect_eq(token_use(s, CA, made.token, "worker1", &err), 0, "%s", err.message);
	cr_expect_eq(token_use(s, CA, made.token, "worker2", &err), -EACCES);
	cr_expect_str_eq(err.message, "the join token was already used by node 'worker1'");
}

static void *use(void *arg)
{
	struct store *mine = scratch_store();

	*(int *)arg = token_use(mine, CA, made.token, "racer", NULL) == 0;
	store_close(mine);
	return NULL;
}

Test(token, of_many_uses_at_once_exactly_one_succeeds)
{
	pthread_t threads[16];
	int won[16] = { 0 }, sum = 0;

	for (size_t i = 0; i < 16; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, use, &won[i]), 0);
	for (size_t i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		sum += won[i];
	}
	cr_expect_eq(sum, 1);
}

static int use_then_fail(struct store *st, void *state, struct sp_err *e)
{
	int r = token_use(st, CA, made.token, "worker1", e);

	(void)state;
	return r < 0 ? r : sp_fail(e, SP_E_INVALID, "the signing request is bad");
}

Test(token, is_not_used_up_by_a_join_that_fails)
{
	cr_expect_eq(store_transact(s, use_then_fail, NULL, &err), -EINVAL);
	cr_expect_eq(token_use(s, CA, made.token, "worker1", &err), 0);
}

Test(token, that_expired_is_refused_and_told_so)
{
	struct token_made soon;
	struct timespec tick = { .tv_nsec = 2000000 };

	cr_assert_eq(token_make(s, CA, 1000000, &soon, &err), 0);
	nanosleep(&tick, NULL);
	cr_expect_eq(token_use(s, CA, soon.token, "worker1", &err), -EACCES);
	cr_expect_str_eq(err.message, "the join token has expired");
}

Test(token, that_is_forged_malformed_or_foreign_is_refused)
{
	char forged[TOKEN_MAX];

	memcpy(forged, made.token, sizeof(forged));
	forged[25] = forged[25] == '0' ? '1' : '0';
	cr_expect_eq(token_use(s, CA, forged, "worker1", &err), -EACCES);
	cr_expect_eq(token_use(s, OTHER, made.token, "worker1", &err), -EACCES);
	cr_expect_eq(token_use(s, CA, "SP1.a.b.c", "worker1", &err), -EINVAL);
	cr_expect_eq(token_use(s, CA, "", "worker1", &err), -EINVAL);
	cr_expect_eq(token_use(s, CA, made.token, "worker1", &err), 0, "still unused");
}

Test(token, has_a_life_that_is_bounded)
{
	struct token_made t;

	cr_expect_eq(token_make(s, CA, 0, &t, &err), -EINVAL);
	cr_expect_eq(token_make(s, CA, INT64_MAX, &t, &err), -EINVAL);
}

Test(token, leaves_no_secret_in_the_store)
{
	const char *const names[] = { "store.db", "store.db-wal" };
	char secret[49], path[128];

	memcpy(secret, made.token + 4 + 16 + 1, 48);
	secret[48] = '\0';
	for (size_t i = 0; i < 2; i++) {
		autobuf struct sp_buf data = SP_BUF_INIT;

		snprintf(path, sizeof(path), "%s/%s", scratch_dir, names[i]);
		cr_assert_eq(sp_file_read_at(AT_FDCWD, path, 1 << 24, &data, &err), 0);
		cr_expect_null(memmem(data.data, data.len, secret, 48), "%s", names[i]);
	}
}
