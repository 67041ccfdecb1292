/* ctl version */
#include <stdio.h>

#include "base/json.h"
#include "base/version.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"

static const struct ctl_flag flags[] = {
	{ .name = "client", .type = CTL_BOOL, .help = "only ctl's own version; asks no server" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_column columns[] = {
	{ .title = "client", .path = "client" },
	{ .title = "server", .path = "server.version" },
	{ .title = "store", .path = "server.store" },
	{ .title = "ca", .path = "server.ca_fingerprint" },
	CTL_COLUMNS_END,
};

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *both = json_pack("{s:s}", "client", SP_VERSION);
	json_t *server = NULL;
	int r = 0;

	if (!ctl_flag_on(args, "client"))
		r = ctl_get(ctl, "/v1/version", &server, fail);
	if (server)
		json_object_set_new(both, "server", server);
	if (r < 0 && ctl_wants_table(args)) {
		printf("%-14s %s\n", "client", SP_VERSION); /* this much is known */
		return r;
	}
	return r < 0 ? r : ctl_print_object(args, both, columns, fail);
}

const struct ctl_command ctl_cmd_version = {
	.name = "version",
	.args = "",
	.summary = "print the versions of ctl and controld",
	.flags = flags,
	.run = run,
};
