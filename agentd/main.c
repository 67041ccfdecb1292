/*
 * agentd, the daemon of a node.
 *
 * The map:
 *   main      verbs; options           config    the configuration      join/    becoming a node
 *   agent     everything that is open  dirs      where it keeps things
 *   node, peers, network, uplink       the node among the others
 *   api       routes -> api_workload, api_inside, api_node, images, blobs, exec, reach, metrics
 *   workload  the struct and its states; record (its state.json), desired (its spec.json)
 *   reconcile decides what is next ->  start (launch), stop, exit, remove; restart (the policy)
 *   adopt     after a restart          orphan    what belongs to nobody
 *   health    probes' verdicts         logs, probe   what containers print and answer
 *   events    the numbered log         wait, poll    requests that are held
 *   fence, uidrange, volumes, trash, heap    one promise each
 */
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agentd/agent.h"
#include "agentd/config.h"
#include "agentd/heap.h"
#include "agentd/options.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/version.h"

#define JOIN_PROGRAM "agentd-join"

static int run(struct config *c, char **argv)
{
	struct sp_err err = { 0 };

	(void)argv;
	heap_keep_small();
	sp_log_open("agentd", (enum sp_log_level)sp_log_level_parse(c->log_level));
	if (config_complete(c, &err) < 0 || agent_run(c, &err) < 0)
		return options_complain(&err);
	return EXIT_OK;
}

static int join(struct config *c, char **argv)
{
	char path[PATH_MAX];
	struct sp_err err = { 0 };

	(void)c;
	if (sp_path_beside(JOIN_PROGRAM, path, sizeof(path), &err) == 0) {
		execv(path, argv);
		sp_fail_errno(&err, errno, "'%s'", path);
	}
	return options_complain(&err);
}

static int version(struct config *c, char **argv)
{
	(void)c;
	(void)argv;
	puts("agentd " SP_VERSION);
	return EXIT_OK;
}

static const struct verb {
	const char *name;
	int (*fn)(struct config *c, char **argv);
	const char *help;
} verbs[] = {
	{ "run", run, "be the daemon (the default)" },
	{ "join", join,
	  "join a cluster: --control URL --token TOKEN --name NAME --address A [--port P]" },
	{ "version", version, "print the version" },
};

static int usage(FILE *out, int code)
{
	fprintf(out,
		"usage: agentd [--config FILE] [--set key=value]... [--print-config] [VERB]\n\n");
	for (size_t i = 0; i < SP_COUNT(verbs); i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].help);
	return code;
}

static const struct verb *verb_of(const char *name)
{
	for (size_t i = 0; i < SP_COUNT(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int dispatch(const struct options *o, char **argv)
{
	const char *name = o->verb ? o->verb : "run";
	const struct verb *v = verb_of(name);
	struct config c;
	struct sp_err err = { 0 };
	int code = EXIT_OK;

	if (!v) {
		fprintf(stderr, "agentd: unknown verb '%s'\n", name);
		return EXIT_INVALID;
	}
	if (config_load(&c, o->config_path, o->settings, o->n_settings, &err) < 0)
		code = options_complain(&err);
	else if (o->print_config)
		config_print(&c, stdout);
	else
		code = v->fn(&c, argv);
	config_fini(&c);
	return code;
}

int main(int argc, char **argv)
{
	struct options o;

	/* What whoever started us left open goes to nobody else. */
	(void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	if (options_parse(&o, argc, argv) < 0)
		return usage(stderr, EXIT_INVALID);
	return o.help ? usage(stdout, EXIT_OK) : dispatch(&o, argv);
}
