/*
 * Sixteen processes, a thousand tries each, one lock: never two holders. The referee is memory they
 * share, outside of any database.
 */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/time.h"
#include "control/store/lease.h"
#include "tests/unit/control/backends.h"

#define PROCESSES 16
#define TRIES     1000
#define TTL_NS    (600 * SP_NS_PER_S)

struct referee {
	atomic_int holders;
	atomic_int doubles, granted, refused, failed;
	atomic_llong token; /* of the last holder */
};

/* Between grant and release nobody else may hold it, and the token is higher than any before. */
static void hold(struct referee *f, const struct store_lease *l)
{
	if (atomic_fetch_add(&f->holders, 1) != 0)
		atomic_fetch_add(&f->doubles, 1);
	if (atomic_exchange(&f->token, l->token) >= l->token)
		atomic_fetch_add(&f->doubles, 1);
	atomic_fetch_add(&f->granted, 1);
	atomic_fetch_sub(&f->holders, 1);
}

static void try_once(struct store *mine, struct referee *f, const char *who)
{
	struct store_lease_request q = { .stack = "demo",
					 .kind = STORE_LEASE_MANUAL,
					 .locked_by = who,
					 .requested_by = who,
					 .ttl_ns = TTL_NS };
	struct store_lease l = { 0 };
	struct sp_err why;
	int r = store_lease_acquire(mine, &q, &l, &why);

	if (r == STORE_LEASE_HELD) {
		atomic_fetch_add(&f->refused, 1);
		return;
	}
	if (r == STORE_LEASE_GRANTED) {
		hold(f, &l);
		r = store_lease_release(mine, "demo", l.id, who, &why);
	}
	if (r < 0) {
		atomic_fetch_add(&f->failed, 1);
		fprintf(stderr, "%s: %s\n", who, why.message);
	}
}

static void race(struct referee *f, int number)
{
	struct store *mine = scratch_store();
	char who[16];

	snprintf(who, sizeof(who), "p%d", number);
	for (int i = 0; i < TRIES; i++)
		try_once(mine, f, who);
	store_close(mine);
	_exit(0);
}

static void run_all(struct referee *f)
{
	pid_t pids[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		cr_assert_geq(pids[i], 0);
		if (pids[i] == 0)
			race(f, i);
	}
	for (int i = 0; i < PROCESSES; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
}

/* The events tell the same story: who acquired released before the next one acquired. */
static int events_of(const char *type)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;

	cr_assert_eq(db_select(store_db(s), &rows, &err,
			       "SELECT COUNT(*) FROM events WHERE type = $1", DB_S(type)),
		     0);
	cr_assert_eq(db_next(rows, &err), 1);
	return (int)db_number(rows, 0);
}

static int overlaps(void)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	bool held = false;
	int r, n = 0;

	cr_assert_eq(db_select(store_db(s), &rows, &err,
			       "SELECT type FROM events WHERE stack = 'demo' ORDER BY seq"),
		     0);
	while ((r = db_next(rows, &err)) > 0) {
		bool acquires = !strcmp(db_text(rows, 0), "lock.acquired");

		n += acquires == held;
		held = acquires;
	}
	cr_assert_eq(r, 0, "%s", err.message);
	return n;
}

static void never_two_holders(void)
{
	struct referee *f =
		mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct store_lease l;

	cr_assert_neq(f, MAP_FAILED);
	run_all(f);
	cr_expect_eq(f->doubles, 0, "%d double holders", f->doubles);
	cr_expect_eq(f->failed, 0);
	cr_expect_eq(f->granted + f->refused, PROCESSES * TRIES);
	cr_expect_gt(f->granted, 0);
	cr_assert_eq(store_lease_get(s, "demo", &l, &err), 0);
	cr_expect_eq(l.token, f->granted, "one token for each holder");
	cr_expect_eq(events_of("lock.acquired"), f->granted);
	cr_expect_eq(events_of("lock.released"), f->granted);
	cr_expect_eq(overlaps(), 0);
	munmap(f, sizeof(*f));
}

Test(sqlite, sixteen_processes_of_a_thousand_tries_are_never_two_holders, .timeout = 240)
{
	never_two_holders();
}

Test(postgres, sixteen_processes_of_a_thousand_tries_are_never_two_holders, .timeout = 240)
{
	never_two_holders();
}
