/* Opening and closing what controld shares; see control.h. */
#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "control/deploy/expiry.h"
#include "control/drift/watch.h"
#include "control/hooks/hooks.h"
#include "control/node/agent_pool.h"
#include "control/node/poller.h"
#include "control/operation/lease_keeper.h"
#include "control/operation/recovery.h"
#include "control/operation/worker.h"
#include "control/served.h"
#include "control/store/bell.h"
#include "control/store/identity.h"
#include "control/store/seal.h"
#include "images/store.h"

#define HOST_MAX           256
#define CONNECT_TIMEOUT_NS (3 * SP_NS_PER_S)

/* The host part of "address:port", "[v6]:port". */
static void host_of(const char *listen, char ret[HOST_MAX])
{
	const char *colon = strrchr(listen, ':');
	size_t len = colon ? (size_t)(colon - listen) : strlen(listen);

	if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
		listen++;
		len -= 2;
	}
	if (len >= HOST_MAX)
		len = HOST_MAX - 1;
	memcpy(ret, listen, len);
	ret[len] = '\0';
}

static int push_unique(char ***names, const char *name)
{
	if (sp_str_empty(name) || sp_strv_count(*names) >= CA_NAMES_MAX)
		return 0;
	for (char **n = *names; n && *n; n++)
		if (!strcmp(*n, name))
			return 0;
	return sp_strv_push(names, name);
}

/* The names this host is called by: where it listens, its own name, loopback, and the configured.
 */
static int server_names(const struct config *config, char ***ret)
{
	char host[HOST_MAX] = "", listen[HOST_MAX];
	autofree char *more = strdup(config->server_names);
	char *rest = more, *name;
	int r = more ? 0 : -1;

	host_of(config->listen, listen);
	gethostname(host, sizeof(host) - 1);
	if (strcmp(listen, "0.0.0.0") != 0 && strcmp(listen, "::") != 0)
		r |= push_unique(ret, listen);
	r |= push_unique(ret, "localhost");
	r |= push_unique(ret, "127.0.0.1");
	while ((name = strsep(&rest, ",")))
		r |= push_unique(ret, sp_str_trim(name));
	r |= push_unique(ret, host);
	return r;
}

static int keep_server_pair(struct control *c, struct sp_err *err)
{
	struct ca_subject who = { .name = "controld", .role = "control", .server = true };
	char **names = NULL;
	int r = server_names(&c->config, &names) < 0 ? sp_fail_nomem(err) : 0;

	who.names = (const char *const *)names;
	who.n_names = sp_strv_count(names);
	if (r == 0)
		r = ca_keep(c->ca, c->config.state_dir, "server", &who, err);
	sp_strv_free(names);
	return r;
}

static int open_identity(struct control *c, struct sp_err *err)
{
	const char *dir = c->config.state_dir;
	struct ca_subject client = { .name = "controld", .role = "control", .client = true };
	int r = ca_open(dir, &c->ca, err);

	if (r == 0)
		r = keep_server_pair(c, err);
	if (r == 0)
		r = ca_keep(c->ca, dir, "client", &client, err);
	if (r < 0)
		return r;
	c->ca_file = sp_str_format("%s/ca.crt", dir);
	c->server_cert = sp_str_format("%s/server.crt", dir);
	c->server_key = sp_str_format("%s/server.key", dir);
	c->client_cert = sp_str_format("%s/client.crt", dir);
	c->client_key = sp_str_format("%s/client.key", dir);
	c->access = (struct agent_access){ .cert_file = c->client_cert,
					   .key_file = c->client_key,
					   .ca_file = c->ca_file,
					   .connect_timeout_ns = CONNECT_TIMEOUT_NS };
	if (!c->ca_file || !c->server_cert || !c->server_key || !c->client_cert || !c->client_key)
		return sp_fail_nomem(err);
	return agent_pool_new(&c->access.pool, err);
}

static int open_images(struct control *c, struct sp_err *err)
{
	autofree char *path = sp_str_format("%s/images", c->config.state_dir);

	if (!path)
		return sp_fail_nomem(err);
	return img_store_open(path, &c->images, err);
}

/* The schema comes before the bell, which reads the number of the last event. */
static int open_stores(struct control *c, struct sp_err *err)
{
	struct bell_conf bell = { .url = c->config.store, .watch = c->watch };
	struct store_pool_conf conf = { .url = c->config.store, .seal = c->seal };
	auto_(store_close) struct store *first = NULL;
	int r = store_open(c->config.store, c->seal, &first, err);

	if (r == 0)
		r = bell_new(&bell, &c->bell, err);
	if (r < 0)
		return r;
	conf.on_commit = c->bell ? bell_ring : watch_hint;
	conf.owner = c->bell ? (void *)c->bell : (void *)c->watch;
	return store_pool_new(&conf, &c->stores, err);
}

/* served: this host has, before. */
static int check_identity(struct control *c, bool served, struct sp_err *err)
{
	struct store *s = NULL;
	int r = store_pool_take(c->stores, &s, err);

	if (r == 0 && served) {
		r = store_identity_owned(s, err);
		r = r == 0 ? served_refuse_empty(&c->config, err) : r < 0 ? r : 0;
	}
	if (r == 0)
		r = store_identity_check(s, ca_fingerprint(c->ca), seal_id(c->seal), err);
	store_pool_give(c->stores, s);
	return r < 0 || served ? r : served_mark(&c->config, err);
}

static int open_store(struct control *c, bool served, struct sp_err *err)
{
	int r;

	c->watch = watch_new();
	if (!c->watch)
		return sp_fail_nomem(err);
	r = seal_open(c->config.seal_key, &c->seal, err);
	if (r == 0)
		r = open_stores(c, err);
	if (r == 0)
		r = check_identity(c, served, err);
	return r;
}

static int name_runner(struct control *c, struct sp_err *err)
{
	char host[HOST_MAX] = "";
	autofree char *dir = realpath(c->config.state_dir, NULL);

	if (!dir)
		return sp_fail_errno(err, errno, "state_dir '%s'", c->config.state_dir);
	gethostname(host, sizeof(host) - 1);
	if (snprintf(c->runner, sizeof(c->runner), "%s:%s", host, dir) >= (int)sizeof(c->runner))
		return sp_fail(err, SP_E_TOO_LARGE, "state_dir '%s' is too long a path", dir);
	return 0;
}

/* The image store's lock comes first: it is what says that no other controld runs here. */
int control_open(struct control *c, struct sp_err *err)
{
	bool served = false;
	int r = sp_mkdirs(c->config.state_dir, 0700, err);

	if (r == 0)
		r = name_runner(c, err);
	if (r == 0)
		r = served_check(&c->config, &served, err);
	if (r == 0)
		r = open_images(c, err);
	if (r == 0)
		r = open_identity(c, err);
	if (r == 0)
		r = open_store(c, served, err);
	if (r == 0)
		r = workers_new(c, (unsigned int)c->config.work_threads, &c->workers, err);
	if (r == 0)
		r = lease_keeper_new(c, &c->keeper, err);
	if (r == 0)
		r = poller_new(c, (unsigned int)c->config.poll_threads, &c->poller, err);
	if (r == 0)
		r = recovery_new(c, &c->recovery, err);
	if (r == 0)
		r = drift_watch_new(c, &c->drift, err);
	if (r == 0)
		r = expiry_new(c, &c->expiry, err);
	if (r == 0)
		r = hooks_new(c, &c->hooks, err);
	return r;
}

void control_close(struct control *c)
{
	if (c->watch)
		watch_stop(c->watch);
	hooks_free(c->hooks);
	recovery_free(c->recovery);
	drift_watch_free(c->drift);
	expiry_free(c->expiry);
	poller_free(c->poller);
	lease_keeper_free(c->keeper);
	workers_free(c->workers);
	agent_pool_free(c->access.pool);
	store_pool_free(c->stores);
	bell_free(c->bell);
	watch_free(c->watch);
	img_store_free(c->images);
	seal_free(c->seal);
	ca_free(c->ca);
	free(c->ca_file);
	free(c->server_cert);
	free(c->server_key);
	free(c->client_cert);
	free(c->client_key);
	config_fini(&c->config);
}
