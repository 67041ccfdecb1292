/*
 * agentd, the daemon of a node.
 *
 * The map:
 *   main      flags and verbs          config    the configuration      join     becoming a node
 *   agent     everything that is open  dirs      where it keeps things  node, peers, network
 *   api       routes -> api_workload, api_inside, api_node, images, blobs, exec, reach, metrics
 *   workload  the struct and its states; record (its state.json), desired (its spec.json)
 *   reconcile decides what is next ->  start (launch), stop, exit, remove; restart (the policy)
 *   adopt     after a restart          orphan    what belongs to nobody
 *   health    probes' verdicts         logs, probe   what containers print and answer
 *   events    the numbered log         wait, poll    requests that are held
 *   fence, uidrange, volumes, trash    one promise each
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/config.h"
#include "agentd/join.h"
#include "agentd/version.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define SETTINGS_MAX 64

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_INVALID = 3 };

enum { OPT_CONTROL = 256, OPT_TOKEN, OPT_NAME, OPT_ADDRESS, OPT_PORT, OPT_PRINT };

struct options {
	const char *config_path;
	char *settings[SETTINGS_MAX];
	size_t n_settings;
	bool print_config;
	struct join join;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "set", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "print-config", no_argument, NULL, OPT_PRINT },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "token", required_argument, NULL, OPT_TOKEN },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "port", required_argument, NULL, OPT_PORT },
	{ 0 },
};

static int complain(const struct sp_err *err)
{
	fprintf(stderr, "agentd: %s\n", err->message);
	return err->code == SP_E_INVALID ? EXIT_INVALID : EXIT_FAILED;
}

static int run(const struct options *o, struct config *c)
{
	struct sp_err err = { 0 };

	(void)o;
	sp_log_open("agentd", (enum sp_log_level)sp_log_level_parse(c->log_level));
	if (config_complete(c, &err) < 0 || agent_run(c, &err) < 0)
		return complain(&err);
	return EXIT_OK;
}

static int join(const struct options *o, struct config *c)
{
	struct join j = o->join;
	struct sp_err err = { 0 };

	j.name = j.name ? j.name : c->name;
	j.address = j.address ? j.address : c->address;
	j.port = j.port ? j.port : c->port;
	if (!j.control || !j.token || !*j.name || !*j.address) {
		fprintf(stderr, "agentd: join needs --control, --token, --name and --address\n");
		return EXIT_INVALID;
	}
	if (join_cluster(c, &j, &err) < 0)
		return complain(&err);
	printf("joined '%s' as '%s'\n", j.control, j.name);
	return EXIT_OK;
}

static int version(const struct options *o, struct config *c)
{
	(void)o;
	(void)c;
	puts("agentd " AGENTD_VERSION);
	return EXIT_OK;
}

static const struct verb {
	const char *name;
	int (*fn)(const struct options *o, struct config *c);
	const char *help;
} verbs[] = {
	{ "run", run, "be the daemon (the default)" },
	{ "join", join,
	  "join a cluster: --control URL --token TOKEN --name NAME --address A [--port P]" },
	{ "version", version, "print the version" },
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: agentd [--config FILE] [--set key=value]... [--print-config] [VERB]\n\n");
	for (size_t i = 0; i < SP_COUNT(verbs); i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
}

static int take_option(struct options *o, int c)
{
	struct sp_err err = { 0 };

	switch (c) {
	case 'c':
		o->config_path = optarg;
		return 0;
	case 's':
		if (o->n_settings == SETTINGS_MAX)
			return -E2BIG;
		o->settings[o->n_settings++] = optarg;
		return 0;
	case OPT_PRINT:
		o->print_config = true;
		return 0;
	case OPT_CONTROL:
		o->join.control = optarg;
		return 0;
	case OPT_TOKEN:
		o->join.token = optarg;
		return 0;
	case OPT_NAME:
		o->join.name = optarg;
		return 0;
	case OPT_ADDRESS:
		o->join.address = optarg;
		return 0;
	case OPT_PORT:
		return sp_parse_i64(optarg, &o->join.port, &err);
	default:
		return -EINVAL;
	}
}

static const struct verb *verb_of(const char *name)
{
	for (size_t i = 0; i < SP_COUNT(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int dispatch(const struct options *o, const char *name)
{
	const struct verb *v = verb_of(name);
	struct config c;
	struct sp_err err = { 0 };
	int code = EXIT_OK;

	if (!v) {
		fprintf(stderr, "agentd: unknown verb '%s'\n", name);
		return EXIT_INVALID;
	}
	if (config_load(&c, o->config_path, o->settings, o->n_settings, &err) < 0)
		code = complain(&err);
	else if (o->print_config)
		config_print(&c, stdout);
	else
		code = v->fn(o, &c);
	config_fini(&c);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "c:s:h", long_options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		if (take_option(&o, c) < 0) {
			usage(stderr);
			return EXIT_INVALID;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return EXIT_INVALID;
	}
	return dispatch(&o, optind < argc ? argv[optind] : "run");
}
