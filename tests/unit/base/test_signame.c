/* Signals by name and back. */
#include "base/signame.h"

#include <criterion/criterion.h>
#include <signal.h>

#include "base/mem.h"

Test(signame, names_with_and_without_prefix_and_numbers_are_read)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = { { "SIGTERM", SIGTERM }, { "TERM", SIGTERM },      { "15", 15 },
		     { "SIGQUIT", SIGQUIT }, { "SIGWINCH", SIGWINCH }, { "KILL", SIGKILL } };

	for (size_t i = 0; i < SP_COUNT(rows); i++)
		cr_expect_eq(sp_signal_parse(rows[i].name), rows[i].number, "%s", rows[i].name);
	cr_expect_eq(sp_signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	cr_expect_eq(sp_signal_parse("SIGRTMIN"), SIGRTMIN);
}

Test(signame, what_is_no_signal_is_refused)
{
	static const char *const bad[] = { "",           "SIG",         "SIGFOO",  "0",
					   "-1",         "999",         "sigterm", "SIGRTMIN+",
					   "SIGRTMIN+x", "SIGRTMIN+99", "TERM " };

	for (size_t i = 0; i < SP_COUNT(bad); i++)
		cr_expect_eq(sp_signal_parse(bad[i]), -1, "'%s'", bad[i]);
}

Test(signame, a_number_has_a_name)
{
	cr_expect_str_eq(sp_signal_name(SIGKILL), "SIGKILL");
	cr_expect_str_eq(sp_signal_name(SIGRTMIN + 1), "SIGRT");
	cr_expect_str_eq(sp_signal_name(0), "SIG?");
	cr_expect_str_eq(sp_signal_name(4096), "SIG?");
}
