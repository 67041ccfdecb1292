/* One workload: is it there, does it run, and by what. */
#include <stdio.h>
#include <string.h>

#include "control/drift/impl.h"

/* A job that has ended well, and one that is being brought up or down, are as they should be. */
static bool is_at_rest_well(const char *state)
{
	static const char *const well[] = { "running",   "exited",   "pending",
					    "preparing", "starting", "stopping" };

	for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++)
		if (!strcmp(state, well[i]))
			return true;
	return false;
}

static void compare_state(struct drift_scope *s)
{
	const char *state = drift_text(s->seen, "state"), *reason = drift_text(s->seen, "reason");
	char actual[DRIFT_VALUE_MAX];

	snprintf(actual, sizeof(actual), "%s%s%s", state, *reason ? ": " : "", reason);
	if (json_is_true(drift_at(s->seen, "held")))
		drift_add(s, DRIFT_RULE_STOPPED, "state", "running", actual);
	else if (!is_at_rest_well(state))
		drift_add(s, DRIFT_RULE_DOWN, "state", "running", actual);
}

/* Its spec is the agent's own business while the two are the same; another one explains whatever
 * else differs. */
static bool has_other_spec(struct drift_scope *s)
{
	char digest[SP_DIGEST_MAX];
	const char *image = drift_text(s->seen, "image_digest");
	const char *given = drift_text(s->seen, "spec_digest");

	if (wire_workload_digest(s->spec, digest, NULL) < 0 || !strcmp(digest, given))
		return false;
	if (strcmp(image, s->spec->image_digest) != 0)
		drift_add(s, DRIFT_RULE_IMAGE, "image", s->spec->image_digest, image);
	else
		drift_add(s, DRIFT_RULE_SPEC, "spec", digest, given);
	return true;
}

void drift_workload(struct drift_scope *s)
{
	drift_hosts(s);
	if (has_other_spec(s))
		return;
	compare_state(s);
	if (strcmp(drift_text(s->seen, "state"), "running") != 0 ||
	    !json_is_true(drift_at(s->seen, "made_of_spec")))
		return;
	drift_process(s);
	drift_link(s);
	drift_ports(s);
}
