/*
 * agentd-join: make this machine a node of a cluster. `agentd join` executes it: it is needed once,
 * and an HTTP client with all its libraries is not for a daemon to carry around.
 */
#include <stdio.h>

#include "agentd/config.h"
#include "agentd/join/join.h"
#include "agentd/options.h"

static int join(const struct options *o, const struct config *c)
{
	struct join j = { .control = o->control,
			  .token = o->token,
			  .name = o->name ? o->name : c->name,
			  .address = o->address ? o->address : c->address,
			  .port = o->port ? o->port : c->port };
	struct sp_err err = { 0 };

	if (!j.control || !j.token || !*j.name || !*j.address) {
		fprintf(stderr, "agentd: join needs --control, --token, --name and --address\n");
		return EXIT_INVALID;
	}
	if (join_cluster(c, &j, &err) < 0)
		return options_complain(&err);
	printf("joined '%s' as '%s'\n", j.control, j.name);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options o;
	struct config c;
	struct sp_err err = { 0 };
	int code;

	if (options_parse(&o, argc, argv) < 0 || o.help) {
		fprintf(stderr, "usage: agentd join --control URL --token TOKEN --name NAME "
				"--address A [--port P]\n");
		return o.help ? EXIT_OK : EXIT_INVALID;
	}
	if (config_load(&c, o.config_path, o.settings, o.n_settings, &err) < 0)
		code = options_complain(&err);
	else
		code = join(&o, &c);
	config_fini(&c);
	return code;
}
