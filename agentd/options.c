/* See options.h. */
#include "agentd/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "base/str.h"

enum { OPT_CONTROL = 256, OPT_TOKEN, OPT_NAME, OPT_ADDRESS, OPT_PORT, OPT_PRINT };

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

static int take_setting(struct options *o)
{
	if (o->n_settings == OPTIONS_SETTINGS_MAX)
		return -E2BIG;
	o->settings[o->n_settings++] = optarg;
	return 0;
}

static int take_option(struct options *o, int c)
{
	switch (c) {
	case 'c':
		o->config_path = optarg;
		return 0;
	case 's':
		return take_setting(o);
	case 'h':
		o->help = true;
		return 0;
	case OPT_PRINT:
		o->print_config = true;
		return 0;
	case OPT_CONTROL:
		o->control = optarg;
		return 0;
	case OPT_TOKEN:
		o->token = optarg;
		return 0;
	case OPT_NAME:
		o->name = optarg;
		return 0;
	case OPT_ADDRESS:
		o->address = optarg;
		return 0;
	case OPT_PORT:
		return sp_parse_i64(optarg, &o->port, NULL);
	default:
		return -EINVAL;
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	int c, r;

	*o = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "c:s:h", long_options, NULL)) != -1) {
		r = take_option(o, c);
		if (r < 0)
			return r;
	}
	if (argc - optind > 1)
		return -EINVAL;
	o->verb = argv[optind];
	return 0;
}

int options_complain(const struct sp_err *err)
{
	fprintf(stderr, "agentd: %s\n", err->message);
	return err->code == SP_E_INVALID ? EXIT_INVALID : EXIT_FAILED;
}
