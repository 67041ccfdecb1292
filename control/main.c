/*
 * controld: the control plane. API and source of truth of a cluster.
 *
 *   main.c                 verbs and options
 *   config.c, control.c    configuration; what everything shares
 *   served.c               the mark of a host whose keys and store are never made anew
 *   api/                   the HTTP API: routes, a file for each resource, streams passed through
 *   store/                 drivers, schema, transactions, sealing, a file for each noun
 *   node/                  the nodes: certificates, tokens, their agents, what they report
 *   stack/                 what a stack asks for, its revisions, how two of them differ
 *   place/                 who runs where, and why not elsewhere
 *   operation/             operations: their steps, locks, agents, gates, workers, recovery
 *   deploy/                plans, deploys and destroys, step by step
 *   snapshot/, drift/      states to come back to; differences found on the hosts and put right
 *   deps/, validate/       ties between stacks; what is checked before anything is changed
 *   hooks/                 what is told of events, and the threads that tell it
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/httpd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "base/version.h"
#include "control/api/api.h"
#include "control/control.h"
#include "control/node/operator.h"
#include "control/node/token.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 3 };

struct options {
	const char *config_file;
	char **sets; /* "key=value" */
	bool print_config;
	int64_t ttl_ns;
	char **args; /* the verb and what follows it */
	int n_args;
};

static const char usage[] =
	"usage: controld [--config FILE] [--set KEY=VALUE]... VERB\n"
	"\n"
	"  run                      serve the API and drive the nodes (the verb when none is given)\n"
	"  operator NAME [DIR]      write a certificate and a context for a person into DIR (NAME)\n"
	"  token [--ttl DURATION]   print a join token, good for one node and 1h\n"
	"  version                  print the version\n"
	"\n"
	"  --print-config           print the configuration in effect, and what each key means\n";

static int refuse(const struct sp_err *err)
{
	fprintf(stderr, "controld: %s\n", err->message);
	return err->code == SP_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

static int load_config(const struct options *o, struct config *c, struct sp_err *err)
{
	int r = config_load(c, o->config_file, err);

	for (char **set = o->sets; r == 0 && set && *set; set++) {
		char *value = strchr(*set, '=');

		if (!value)
			return sp_fail(err, SP_E_INVALID, "--set %s: not KEY=VALUE", *set);
		*value = '\0';
		r = sp_conf_set(config_keys, c, sp_str_trim(*set), sp_str_trim(value + 1), err);
		*value = '=';
	}
	return r < 0 ? r : config_complete(c, err);
}

/* The signals that end us are taken by sigwait; blocked before any thread starts. */
static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	return set;
}

static int serve(struct control *c, const sigset_t *ending, struct sp_err *err)
{
	int sig, r = api_listen(c, err);

	if (r < 0)
		return r;
	sp_log(SP_LOG_INFO, "controld.ready", SP_STR("version", SP_VERSION),
	       SP_STR("unix", c->config.unix_socket), SP_STR("tls", c->config.listen),
	       SP_STR("ca", ca_fingerprint(c->ca)));
	sigwait(ending, &sig);
	sp_log(SP_LOG_INFO, "controld.stopping", SP_INT("signal", sig));
	watch_stop(c->watch);
	sp_httpd_free(c->httpd);
	c->httpd = NULL;
	return 0;
}

static int verb_run(struct control *c, const struct options *o, struct sp_err *err)
{
	sigset_t ending = ending_signals();
	int r = control_open(c, err);

	(void)o;
	return r < 0 ? r : serve(c, &ending, err);
}

static int verb_operator(struct control *c, const struct options *o, struct sp_err *err)
{
	const char *name = o->n_args > 1 ? o->args[1] : NULL;

	if (!name)
		return sp_fail(err, SP_E_INVALID, "operator: whose? controld operator NAME [DIR]");
	return operator_write(&c->config, name, o->n_args > 2 ? o->args[2] : name, err);
}

static int verb_token(struct control *c, const struct options *o, struct sp_err *err)
{
	auto_(ca_free) struct ca *ca = NULL;
	auto_(store_close) struct store *s = NULL;
	struct token_made made;
	int r = ca_open(c->config.state_dir, &ca, err);

	if (r == 0)
		r = store_open(c->config.store, NULL, &s, err);
	if (r == 0)
		r = token_make(s, ca_fingerprint(ca), o->ttl_ns ? o->ttl_ns : TOKEN_TTL_NS, &made,
			       err);
	if (r == 0)
		puts(made.token);
	return r;
}

static int verb_version(struct control *c, const struct options *o, struct sp_err *err)
{
	(void)c;
	(void)o;
	(void)err;
	puts("controld " SP_VERSION);
	return 0;
}

static const struct {
	const char *name;
	int words_max; /* with the verb itself */
	int (*run)(struct control *c, const struct options *o, struct sp_err *err);
} verbs[] = {
	{ "run", 1, verb_run },
	{ "operator", 3, verb_operator },
	{ "token", 1, verb_token },
	{ "version", 1, verb_version },
};

static int refuse_word(const struct options *o, int known, struct sp_err *err)
{
	return sp_fail(err, SP_E_INVALID, "unexpected argument '%s'; see controld --help",
		       o->args[known]);
}

static int print_config(const struct control *c, const struct options *o, struct sp_err *err)
{
	if (o->n_args)
		return refuse_word(o, 0, err);
	sp_conf_print(config_keys, &c->config, stdout);
	return 0;
}

static int run_verb(struct control *c, const struct options *o, struct sp_err *err)
{
	const char *name = o->n_args ? o->args[0] : "run";

	sp_log_open("controld", (enum sp_log_level)sp_log_level_parse(c->config.log_level));
	for (size_t i = 0; i < SP_COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		return o->n_args > verbs[i].words_max ? refuse_word(o, verbs[i].words_max, err)
						      : verbs[i].run(c, o, err);
	}
	return sp_fail(err, SP_E_INVALID, "'%s' is no verb; see controld --help", name);
}

static int parse_options(int argc, char **argv, struct options *o, struct sp_err *err)
{
	static const struct option longs[] = { { "config", required_argument, NULL, 'c' },
					       { "set", required_argument, NULL, 's' },
					       { "ttl", required_argument, NULL, 't' },
					       { "print-config", no_argument, NULL, 'p' },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	int opt, r = 0;

	while (r == 0 && (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'c')
			o->config_file = optarg;
		else if (opt == 's')
			r = sp_strv_push(&o->sets, optarg);
		else if (opt == 't')
			r = sp_duration_parse(optarg, &o->ttl_ns, err);
		else if (opt == 'p')
			o->print_config = true;
		else if (opt == 'h')
			return 1;
		else
			return sp_fail(err, SP_E_INVALID, "see controld --help");
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return r;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct control c = { 0 };
	struct sp_err err = { 0 };
	int r = parse_options(argc, argv, &o, &err);

	if (r == 1) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	if (r == 0)
		r = load_config(&o, &c.config, &err);
	if (r == 0 && o.print_config)
		r = print_config(&c, &o, &err);
	else if (r == 0)
		r = run_verb(&c, &o, &err);
	control_close(&c);
	sp_strv_free(o.sets);
	return r < 0 ? refuse(&err) : EXIT_OK;
}
