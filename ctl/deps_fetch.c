/* See deps_fetch.h. */
#include "ctl/deps_fetch.h"

#include "base/buf.h"
#include "ctl/url.h"

int ctl_deps_fetch(struct ctl *ctl, const struct ctl_args *args, const char *path, bool closure,
		   json_t **ret, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT, names = SP_BUF_INIT;

	for (size_t i = 0; i < args->n_positional; i++)
		sp_buf_printf(&names, "%s%s", i ? "," : "", args->positional[i]);
	sp_buf_puts(&url, path);
	ctl_url_query(&url, "stack", names.len ? names.data : NULL);
	ctl_url_query(&url, "closure", closure ? "1" : NULL);
	if (sp_buf_check(&names, &fail->err) < 0 || sp_buf_check(&url, &fail->err) < 0)
		return sp_err_return(&fail->err);
	return ctl_get(ctl, url.data, ret, fail);
}
