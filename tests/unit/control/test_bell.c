/* Hints from one controld to another over their database. */
#include "control/store/bell.h"

#include <criterion/criterion.h>

#include "base/time.h"
#include "tests/unit/control/records.h"

#define DEADLINE_NS (30 * SP_NS_PER_S)
#define NEVER_NS    (3600 * SP_NS_PER_S)

static struct bell *open_bell(struct watch *w, int64_t poll_ns)
{
	struct bell_conf conf = { .url = scratch_url(), .watch = w, .poll_ns = poll_ns };
	struct bell *b = NULL;

	cr_assert_eq(bell_new(&conf, &b, &err), 0, "%s", err.message);
	return b;
}

/* Rings until the other hears it: the first time its thread may not listen yet. */
static bool hears(struct bell *rung, struct watch *other)
{
	struct store_event event = { .type = "test.rung" };
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;
	bool heard = false;

	while (!heard && sp_time_mono_ns() < deadline) {
		uint64_t mark = watch_mark(other);

		cr_assert_eq(store_event_append(s, &event, &err), 0, "%s", err.message);
		if (rung)
			bell_ring(rung);
		heard = watch_wait(other, mark, sp_time_mono_ns() + 200 * SP_NS_PER_MS);
	}
	return heard;
}

CONTRACT(the_only_controld_of_a_database_needs_no_bell_others_do)
{
	struct watch *w = watch_new();
	struct bell *b = open_bell(w, 0);

	cr_expect_eq(b == NULL, !db_has_others(store_db(s)));
	bell_free(b);
	watch_free(w);
}

Test(postgres, a_commit_of_one_wakes_the_other_without_looking)
{
	struct watch *w[2] = { watch_new(), watch_new() };
	struct bell *b[2] = { open_bell(w[0], NEVER_NS), open_bell(w[1], NEVER_NS) };

	cr_expect(hears(b[0], w[1]));
	cr_expect(hears(b[1], w[0]));
	for (size_t i = 0; i < 2; i++) {
		bell_free(b[i]);
		watch_free(w[i]);
	}
}

Test(postgres, after_the_connection_was_cut_it_listens_again)
{
	struct watch *w[2] = { watch_new(), watch_new() };
	struct bell *b[2] = { open_bell(w[0], NEVER_NS), open_bell(w[1], NEVER_NS) };

	cr_assert(hears(b[0], w[1]));
	cr_assert_eq(db_script(store_db(s),
			       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
			       " WHERE pid <> pg_backend_pid() AND datname = current_database()",
			       &err),
		     0);
	cr_expect(hears(b[0], w[1]));
	for (size_t i = 0; i < 2; i++) {
		bell_free(b[i]);
		watch_free(w[i]);
	}
}

Test(pgbouncer, behind_a_pooler_that_passes_no_hints_looking_finds_the_events)
{
	struct watch *w = watch_new();
	struct bell *b = open_bell(w, 0);

	cr_expect(hears(NULL, w));
	bell_free(b);
	watch_free(w);
}
