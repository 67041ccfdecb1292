/* Health, readiness and version. */
#include "base/json.h"
#include "base/version.h"
#include "control/api/api.h"
#include "control/api/handlers.h"

API_HANDLER(system_health)
{
	return api_reply(a, 200, json_pack("{s:s}", "status", "ok"), err);
}

API_HANDLER(system_ready)
{
	int r = store_check(a->store, err);

	if (r < 0)
		return sp_fail(err, SP_E_UNHEALTHY, "the store does not answer");
	return api_reply(a, 200, json_pack("{s:s}", "status", "ready"), err);
}

API_HANDLER(system_version)
{
	return api_reply(a, 200,
			 json_pack("{s:s, s:s, s:s}", "version", SP_VERSION, "store",
				   store_db(a->store)->driver->name, "ca_fingerprint",
				   ca_fingerprint(a->control->ca)),
			 err);
}
