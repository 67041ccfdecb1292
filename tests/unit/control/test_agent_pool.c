/* Connections between two uses: by key, the last used first, and never too many. */
#include "control/node/agent_pool.h"

#include <criterion/criterion.h>

static struct agent_pool *open_pool(void)
{
	struct agent_pool *p = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(agent_pool_new(&p, &err), 0, "%s", err.message);
	return p;
}

/* Connects only when it is used. */
static struct sp_httpc *connection(void)
{
	struct sp_httpc_conf conf = { .base_url = "https://127.0.0.1:1" };
	struct sp_httpc *http = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_httpc_new(&conf, &http, &err), 0, "%s", err.message);
	return http;
}

Test(agent_pool, gives_back_what_was_given_for_that_key_once)
{
	struct agent_pool *p = open_pool();
	struct sp_httpc *a = connection();

	cr_expect_null(agent_pool_take(p, "worker1"));
	agent_pool_give(p, "worker1", a);
	cr_expect_null(agent_pool_take(p, "worker2"));
	cr_expect_eq(agent_pool_take(p, "worker1"), a);
	cr_expect_null(agent_pool_take(p, "worker1"));
	sp_httpc_free(a);
	agent_pool_free(p);
}

Test(agent_pool, prefers_the_one_that_was_used_last)
{
	struct agent_pool *p = open_pool();
	struct sp_httpc *a = connection(), *b = connection();

	agent_pool_give(p, "worker1", a);
	agent_pool_give(p, "worker1", b);
	cr_expect_eq(agent_pool_take(p, "worker1"), b);
	cr_expect_eq(agent_pool_take(p, "worker1"), a);
	sp_httpc_free(a);
	sp_httpc_free(b);
	agent_pool_free(p);
}

/* What it does not keep, and what is left at the end, is closed: a leak would be the sanitizer's.
 */
Test(agent_pool, keeps_two_of_a_key)
{
	struct agent_pool *p = open_pool();
	struct sp_httpc *kept;
	int n = 0;

	for (int i = 0; i < 5; i++)
		agent_pool_give(p, "worker1", connection());
	agent_pool_give(p, "worker2", connection());
	while ((kept = agent_pool_take(p, "worker1"))) {
		sp_httpc_free(kept);
		n++;
	}
	cr_expect_eq(n, 2);
	agent_pool_free(p);
}
