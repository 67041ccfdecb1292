/* Steps and their undoing; see steps.h. */
#include "runtime/steps.h"

static unsigned int fail_at, count;

void rt_steps_fail_at(unsigned int n)
{
	fail_at = n;
	count = 0;
}

void rt_steps_undo(const struct rt_step *steps, size_t n, void *state)
{
	while (n--)
		if (steps[n].undo)
			steps[n].undo(state);
}

static int run_one(const struct rt_step *step, void *state, struct sp_err *err)
{
	int r = step->run(state, err);

	count++;
	if (r < 0 || count != fail_at)
		return r;
	if (step->undo)
		step->undo(state);
	return sp_fail(err, SP_E_INTERNAL, "fault injected into step '%s'", step->name);
}

int rt_steps_run(const struct rt_step *steps, size_t n, void *state, struct sp_err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = run_one(&steps[i], state, err);

		if (r < 0) {
			rt_steps_undo(steps, i, state);
			return r;
		}
	}
	return 0;
}
