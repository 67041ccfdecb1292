/* A thread that acts by the clock, at a kick, and no more once it is freed. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "base/cond.h"
#include "base/ticker.h"

#define LONG_NS (3600 * SP_NS_PER_S)
#define SOON_NS (10 * SP_NS_PER_S)

struct acts {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int n;            /* acts that were begun */
	int64_t pause_ns; /* that each asks for */
	bool held;        /* an act lasts until it is not */
};

static struct acts acts;
static struct sp_ticker *ticker;
static struct sp_err err;

static int64_t act(struct sp_ticker *t, void *owner)
{
	struct acts *a = owner;
	int64_t pause_ns;

	pthread_mutex_lock(&a->lock);
	a->n++;
	pthread_cond_broadcast(&a->changed);
	while (a->held && !sp_ticker_stopping(t))
		sp_cond_wait_until(&a->changed, &a->lock, sp_time_mono_ns() + SP_NS_PER_MS);
	pause_ns = a->pause_ns;
	pthread_mutex_unlock(&a->lock);
	return pause_ns;
}

static void start(int64_t first_ns, int64_t pause_ns)
{
	const struct sp_ticker_conf conf = { "test", act, &acts, first_ns };

	acts = (struct acts){ .lock = PTHREAD_MUTEX_INITIALIZER, .pause_ns = pause_ns };
	sp_cond_init(&acts.changed);
	cr_assert_eq(sp_ticker_new(&conf, &ticker, &err), 0, "%s", err.message);
}

static void wait_for(int n)
{
	int64_t end = sp_time_mono_ns() + SOON_NS;

	pthread_mutex_lock(&acts.lock);
	while (acts.n < n)
		cr_assert_eq(sp_cond_wait_until(&acts.changed, &acts.lock, end), 0, "%d of %d acts",
			     acts.n, n);
	pthread_mutex_unlock(&acts.lock);
}

static void hold(bool held)
{
	pthread_mutex_lock(&acts.lock);
	acts.held = held;
	pthread_cond_broadcast(&acts.changed);
	pthread_mutex_unlock(&acts.lock);
}

Test(ticker, acts_again_and_again_after_the_time_each_act_asks_for)
{
	start(SP_NS_PER_MS, SP_NS_PER_MS);
	wait_for(5);
	sp_ticker_free(ticker);
}

Test(ticker, sleeps_until_it_is_kicked)
{
	start(LONG_NS, LONG_NS);
	sp_ticker_kick(ticker);
	wait_for(1);
	sp_ticker_kick(ticker);
	wait_for(2);
	sp_ticker_free(ticker);
	cr_expect_eq(acts.n, 2);
}

Test(ticker, a_kick_during_an_act_is_followed_by_another_act)
{
	start(LONG_NS, LONG_NS);
	hold(true);
	sp_ticker_kick(ticker);
	wait_for(1);
	sp_ticker_kick(ticker);
	hold(false);
	wait_for(2);
	sp_ticker_free(ticker);
}

Test(ticker, freed_before_its_time_it_never_acts)
{
	start(LONG_NS, LONG_NS);
	sp_ticker_free(ticker);
	cr_expect_eq(acts.n, 0);
	sp_ticker_free(NULL);
}

Test(ticker, an_act_that_lasts_hears_that_it_is_to_end)
{
	start(0, LONG_NS);
	hold(true);
	wait_for(1);
	sp_ticker_free(ticker);
	cr_expect_eq(acts.n, 1);
}
