/* Points in time; see since.h. */
#include "ctl/since.h"

#include "base/time.h"

int ctl_since_parse(const char *text, int64_t *ret_real_ns, struct sp_err *err)
{
	int64_t ago_ns;
	int r;

	if (!text) {
		*ret_real_ns = 0;
		return 0;
	}
	if (sp_duration_parse(text, &ago_ns, NULL) == 0) {
		*ret_real_ns = sp_time_real_ns() - ago_ns;
		return 0;
	}
	if (sp_time_parse(text, ret_real_ns, NULL) == 0)
		return 0;
	r = sp_fail(err, SP_E_INVALID,
		    "'%s' is neither a time such as 2026-11-21T08:00:00Z nor an age such as 10m",
		    text);
	sp_err_at(err, SP_STAGE_CLIENT);
	return r;
}
