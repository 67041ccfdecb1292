/* controld's configuration; see config.h. */
#include "control/config.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/httpd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "control/store/db.h"
#include "control/store/event.h"

#define AT(member) offsetof(struct config, member)

static int check_log_level(const char *value, struct sp_err *err)
{
	if (sp_log_level_parse(value) >= 0)
		return 0;
	return sp_fail(err, SP_E_INVALID, "'%s' is none of debug, info, warn, error", value);
}

const struct sp_conf_key config_keys[] = {
	{ "state_dir", SP_CONF_STR, AT(state_dir), "/var/lib/stackpilot/control", 0, 0,
	  "directory of the authority, the store and the images" },
	{ "store", SP_CONF_URL, AT(store), "", 0, 0,
	  "sqlite:/path or postgresql://...; empty: store.db in state_dir" },
	{ "seal_key", SP_CONF_STR, AT(seal_key), "", 0, 0,
	  "file of the key that seals what is secret in the store; empty: seal.key in state_dir" },
	{ "unix_socket", SP_CONF_STR, AT(unix_socket), "/run/stackpilot/controld.sock", 0, 0,
	  "socket for this user and root; empty: none" },
	{ "listen", SP_CONF_STR, AT(listen), "", 0, 0, "address:port for TLS; empty: none" },
	{ "server_names", SP_CONF_STR, AT(server_names), "", 0, 0,
	  "further names and addresses of this host for its certificate, by commas" },
	{ "url", SP_CONF_STR, AT(url), "", 0, 0,
	  "address for operators' contexts; empty: https:// and listen" },
	{ "log_level", SP_CONF_STR, AT(log_level), "info", 0, 0, "debug, info, warn or error" },
	{ "work_threads", SP_CONF_INT, AT(work_threads), "8", 2, 256,
	  "threads that run operations, imports and calls to agents" },
	{ "poll_threads", SP_CONF_INT, AT(poll_threads), "4", 1, 256,
	  "threads that ask the nodes how they are" },
	{ "poll_interval", SP_CONF_DURATION, AT(poll_interval_ns), "2s", SP_NS_PER_MS * 50,
	  SP_NS_PER_S * 3600, "time between two questions to a node" },
	{ "node_timeout", SP_CONF_DURATION, AT(node_timeout_ns), "6s", SP_NS_PER_MS * 100,
	  SP_NS_PER_S * 3600, "a node that was not heard of for so long is unreachable" },
	{ "gate_timeout", SP_CONF_DURATION, AT(gate_timeout_ns), "3m", SP_NS_PER_MS * 100,
	  SP_NS_PER_S * 86400, "time a started workload has to become ready" },
	{ "settle_time", SP_CONF_DURATION, AT(settle_time_ns), "1s", 0, SP_NS_PER_S * 3600,
	  "time a workload without probes has to stay up to count as ready" },
	{ "lock_ttl", SP_CONF_DURATION, AT(lock_ttl_ns), "30s", SP_NS_PER_MS * 200,
	  SP_NS_PER_S * 3600, "time after which the lock of a dead controld's operation is free" },
	{ "manual_lock_ttl", SP_CONF_DURATION, AT(manual_lock_ttl_ns), "1h", SP_NS_PER_S,
	  SP_NS_PER_S * 86400 * 30, "time a manual lock is held when --ttl does not say" },
	{ "lock_poll", SP_CONF_DURATION, AT(lock_poll_ns), "40ms", SP_NS_PER_MS * 10, SP_NS_PER_S,
	  "time between two looks of who waits for a lock: a hint of its release may be lost" },
	{ "agent_patience", SP_CONF_DURATION, AT(agent_patience_ns), "30s", 0, SP_NS_PER_S * 3600,
	  "time an operation tries again while an agent does not answer" },
	{ "recover_interval", SP_CONF_DURATION, AT(recover_interval_ns), "5s", SP_NS_PER_MS * 50,
	  SP_NS_PER_S * 3600, "time between two looks for operations that nobody runs" },
	{ "drift_interval", SP_CONF_DURATION, AT(drift_interval_ns), "0s", 0, SP_NS_PER_S * 86400,
	  "time between two looks for drift of a stack whose policy names none; 0s: none" },
	{ "snapshot_keep", SP_CONF_INT, AT(snapshot_keep), "50", 0, 1000000,
	  "snapshots kept of a stack; 0: all. The last verified one and tagged ones always stay" },
	{ "snapshot_max_age", SP_CONF_DURATION, AT(snapshot_max_age_ns), "2160h", 0,
	  SP_NS_PER_S * 86400 * 36500,
	  "snapshots older than this go, but for those; 0: none does" },
	{ "image_max", SP_CONF_BYTES, AT(image_max_bytes), "16g", 0, 0,
	  "largest image archive that may be uploaded" },
	{ "events.hooks", SP_CONF_STR, AT(hooks), "", 0, 0,
	  "JSON file of what is told of events (commands, addresses); empty: nothing is" },
	{ "events.hook_workers", SP_CONF_INT, AT(hook_workers), "2", 1, 64,
	  "threads that tell hooks" },
	{ "events.hook_batch", SP_CONF_INT, AT(hook_batch), "256", 1, STORE_EVENTS_MAX,
	  "events a hook is told of at once, at most" },
	{ "events.hook_timeout", SP_CONF_DURATION, AT(hook_timeout_ns), "10s", SP_NS_PER_MS * 10,
	  SP_NS_PER_S * 3600, "time a hook has to take what it is told" },
	{ "events.hook_retry_max", SP_CONF_DURATION, AT(hook_retry_max_ns), "1m", SP_NS_PER_MS,
	  SP_NS_PER_S * 86400, "longest time between two attempts at a hook that fails" },
	SP_CONF_END
};

int config_load(struct config *c, const char *path, struct sp_err *err)
{
	*c = (struct config){ 0 };
	if (!path && access(CONFIG_FILE, R_OK) == 0)
		path = CONFIG_FILE;
	return sp_conf_load(config_keys, c, path, err);
}

static int set_format(struct config *c, const char *key, char *text, struct sp_err *err)
{
	autofree char *owned = text;

	if (!owned)
		return sp_fail_nomem(err);
	return sp_conf_set(config_keys, c, key, owned, err);
}

/* Texts that only their readers can judge; "" says that there is no such thing. */
static int check_texts(const struct config *c, struct sp_err *err)
{
	const struct {
		const char *key, *value;
		int (*check)(const char *value, struct sp_err *err);
	} texts[] = {
		{ "listen", c->listen, sp_httpd_address_check },
		{ "store", c->store, db_url_check },
	};

	if (check_log_level(c->log_level, err) < 0)
		return sp_err_prefix(err, "log_level");
	for (size_t i = 0; i < SP_COUNT(texts); i++)
		if (!sp_str_empty(texts[i].value) && texts[i].check(texts[i].value, err) < 0)
			return sp_err_prefix(err, "%s", texts[i].key);
	return 0;
}

int config_complete(struct config *c, struct sp_err *err)
{
	int r = check_texts(c, err);

	if (r == 0 && sp_str_empty(c->store))
		r = set_format(c, "store", sp_str_format("sqlite:%s/store.db", c->state_dir), err);
	if (r == 0 && sp_str_empty(c->seal_key))
		r = set_format(c, "seal_key", sp_str_format("%s/seal.key", c->state_dir), err);
	if (r == 0 && sp_str_empty(c->url) && !sp_str_empty(c->listen))
		r = set_format(c, "url", sp_str_format("https://%s", c->listen), err);
	return r;
}

void config_fini(struct config *c)
{
	sp_conf_fini(config_keys, c);
}
