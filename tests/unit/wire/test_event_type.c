/* Types of events as a reader may ask for them. */
#include "wire/event_type.h"

#include <criterion/criterion.h>

Test(event_type, one_of_the_list_and_a_family_are_known)
{
	static const char *const good[] = { "lock.acquired", "lock.", "stack.execution.",
					    "workload.oom" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_eq(wire_event_type_check(good[i], NULL), 0, "%s", good[i]);
}

Test(event_type, what_no_event_has_is_refused_with_the_nearest)
{
	static const struct {
		const char *asked, *message;
	} rows[] = {
		{ "", "'' is no type of an event" },
		{ ".", "'.' is no type of an event" },
		{ "zebra.", "'zebra.' is no type of an event" },
		{ "lock.acquire",
		  "'lock.acquire' is no type of an event; did you mean 'lock.acquired'?" },
		{ "stack.execution", "'stack.execution' is no type of an event; did you mean "
				     "'stack.execution.', all that begin so?" },
		{ "lock", "'lock' is no type of an event; did you mean 'lock.', all that begin "
			  "so?" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_err err = { 0 };

		cr_expect_eq(wire_event_type_check(rows[i].asked, &err), sp_err_return(&err));
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect_str_eq(err.message, rows[i].message);
	}
}
