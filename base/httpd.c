/* The HTTP server: how it comes up, and how it goes; see httpd.h and the map in httpd_impl.h. */
#include "base/httpd.h"
#include "base/cond.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpd_impl.h"
#include "base/time.h"

#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
#define OPTIONS_MAX    24

/* Paths and query values are decoded by us, after they have been taken apart. */
static size_t keep_raw(void *cls, struct MHD_Connection *c, char *s)
{
	(void)cls;
	(void)c;
	return strlen(s);
}

/* MHD hangs when the parameters of a query fill its memory, so what is over our limit is cut off
 * before it looks for them: it hands out its own buffer, and has not read further by then. */
static void *cut_query(void *cls, const char *uri, struct MHD_Connection *c)
{
	char *at = strchr(uri, '?');

	(void)cls;
	(void)c;
	for (int n = 0; at && n <= HTTPD_QUERY_MAX; n++)
		at = strchr(at + 1, '&');
	if (at)
		*at = '\0';
	return NULL;
}

struct options {
	struct MHD_OptionItem items[OPTIONS_MAX];
	size_t n;
};

static void add(struct options *o, enum MHD_OPTION option, intptr_t value, void *ptr)
{
	o->items[o->n++] = (struct MHD_OptionItem){ option, value, ptr };
}

static unsigned int timeout_s(const struct sp_httpd *d)
{
	return (unsigned int)((d->idle_timeout_ns + SP_NS_PER_S - 1) / SP_NS_PER_S);
}

static void add_options(struct options *o, struct httpd_listener *l, int fd)
{
	struct sp_httpd *d = l->d;

	add(o, MHD_OPTION_LISTEN_SOCKET, fd, NULL);
	add(o, MHD_OPTION_CONNECTION_LIMIT, (intptr_t)d->connections_max, NULL);
	add(o, MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)timeout_s(d), NULL);
	add(o, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTPD_MEMORY, NULL);
	add(o, MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
	add(o, MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_raw, NULL);
	add(o, MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)cut_query, NULL);
	add(o, MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)httpd_request_completed, d);
	add(o, MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)httpd_conn_notify, l);
	if (!d->loop)
		add(o, MHD_OPTION_THREAD_STACK_SIZE, HTTPD_STACK, NULL);
	if (l->tls) {
		add(o, MHD_OPTION_HTTPS_MEM_KEY, 0, d->key);
		add(o, MHD_OPTION_HTTPS_MEM_CERT, 0, d->cert);
		add(o, MHD_OPTION_HTTPS_MEM_TRUST, 0, d->ca);
		add(o, MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES);
	}
	add(o, MHD_OPTION_END, 0, NULL);
}

static int start_mhd(struct httpd_listener *l, int fd, struct sp_err *err)
{
	unsigned int flags = MHD_ALLOW_UPGRADE | (l->tls ? MHD_USE_TLS : 0);
	struct options o = { .n = 0 };

	flags |= l->d->loop ? MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME
			    : MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
				      MHD_USE_POLL | MHD_USE_ITC;
	add_options(&o, l, fd);
	l->mhd = MHD_start_daemon(flags, 0, NULL, NULL, httpd_request_run, l, MHD_OPTION_ARRAY,
				  o.items, MHD_OPTION_END);
	if (!l->mhd) {
		close(fd);
		return sp_fail(err, l->tls ? SP_E_INVALID : SP_E_SYSTEM,
			       l->tls ? "TLS server not started: certificate or key not usable"
				      : "HTTP server not started");
	}
	if (l->d->loop)
		httpd_drive_start(l);
	return 0;
}

static int read_pem(const char *path, char **ret, struct sp_err *err)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	int r = sp_file_read_at(AT_FDCWD, path, HTTPD_PEM_MAX, &b, err);

	if (r < 0)
		return r;
	*ret = sp_buf_take(&b);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int start_tls(struct sp_httpd *d, const struct sp_httpd_conf *conf, struct sp_err *err)
{
	struct httpd_listener *l = &d->listeners[1];
	int fd, r;

	if ((r = read_pem(conf->cert_file, &d->cert, err)) < 0 ||
	    (r = read_pem(conf->key_file, &d->key, err)) < 0 ||
	    (r = read_pem(conf->ca_file, &d->ca, err)) < 0)
		return r;
	fd = httpd_listen_tcp(conf->tls_address, &d->port, err);
	if (fd < 0)
		return fd;
	l->tls = true;
	return start_mhd(l, fd, err);
}

static int start_unix(struct sp_httpd *d, const struct sp_httpd_conf *conf, struct sp_err *err)
{
	int fd;

	d->unix_path = strdup(conf->unix_path);
	if (!d->unix_path)
		return sp_fail_nomem(err);
	fd = httpd_listen_unix(conf, err);
	return fd < 0 ? fd : start_mhd(&d->listeners[0], fd, err);
}

static struct sp_httpd *server_new(const struct sp_httpd_conf *conf)
{
	struct sp_httpd *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->routes = conf->routes;
	d->authorize = conf->authorize;
	d->owner = conf->owner;
	d->loop = conf->loop;
	d->connections_max = conf->connections_max ? conf->connections_max : HTTPD_CONNECTIONS_MAX;
	d->idle_timeout_ns = conf->idle_timeout_ns ? conf->idle_timeout_ns : HTTPD_IDLE_TIMEOUT;
	pthread_mutex_init(&d->lock, NULL);
	sp_cond_init(&d->changed);
	sp_list_init(&d->conns);
	sp_list_init(&d->sleepers);
	sp_list_init(&d->upgrades);
	for (size_t i = 0; i < SP_COUNT(d->listeners); i++)
		d->listeners[i].d = d;
	return d;
}

static void server_free(struct sp_httpd *d)
{
	if (d->key)
		explicit_bzero(d->key, strlen(d->key));
	free(d->key);
	free(d->cert);
	free(d->ca);
	free(d->unix_path);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

int sp_httpd_new(const struct sp_httpd_conf *conf, struct sp_httpd **ret, struct sp_err *err)
{
	struct sp_httpd *d = server_new(conf);
	int r;

	if (!d)
		return sp_fail_nomem(err);
	r = httpd_sweeper_start(d, err);
	if (r == 0 && conf->unix_path)
		r = start_unix(d, conf, err);
	if (r == 0 && conf->tls_address)
		r = start_tls(d, conf, err);
	if (r < 0) {
		sp_httpd_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

uint16_t sp_httpd_port(const struct sp_httpd *d)
{
	return d->port;
}

static void stop_listening(struct sp_httpd *d)
{
	for (size_t i = 0; i < SP_COUNT(d->listeners); i++) {
		int fd = d->listeners[i].mhd ? MHD_quiesce_daemon(d->listeners[i].mhd) : -1;

		if (fd >= 0)
			close(fd);
	}
	if (d->unix_path && d->listeners[0].mhd)
		unlink(d->unix_path);
}

static void stop_daemons(struct sp_httpd *d)
{
	for (size_t i = 0; i < SP_COUNT(d->listeners); i++)
		if (d->listeners[i].mhd)
			MHD_stop_daemon(d->listeners[i].mhd);
}

/* Whoever has an upgraded connection reads its end and gives it back, if it is alive at all. */
static bool wait_for_upgrades(struct sp_httpd *d)
{
	int64_t at = sp_time_mono_ns() + HTTPD_UPGRADE_GRACE;
	int r = 0;
	bool none;

	pthread_mutex_lock(&d->lock);
	while (!sp_list_empty(&d->upgrades) && r == 0)
		r = sp_cond_wait_until(&d->changed, &d->lock, at);
	none = sp_list_empty(&d->upgrades);
	pthread_mutex_unlock(&d->lock);
	return none;
}

void httpd_finish_later(struct sp_httpd *d)
{
	(void)sp_timer_arm_in(d->loop, &d->sweep, 0);
}

/* Comes back through finish_later() at each end of an op, a sleep or an upgrade. */
void httpd_finish(struct sp_httpd *d)
{
	bool idle = true;

	if (!sp_list_empty(&d->sleepers) || !sp_list_empty(&d->upgrades))
		return;
	for (size_t i = 0; i < SP_COUNT(d->listeners); i++) {
		if (!d->listeners[i].mhd)
			continue;
		httpd_drive_stop(&d->listeners[i]);
		idle &= httpd_drive_idle(&d->listeners[i]);
	}
	if (!idle)
		return;
	for (size_t i = 0; i < SP_COUNT(d->listeners); i++)
		if (d->listeners[i].mhd)
			MHD_run(d->listeners[i].mhd); /* lets resumed connections go */
	stop_daemons(d);
	server_free(d);
}

void sp_httpd_free(struct sp_httpd *d)
{
	if (!d)
		return;
	atomic_store(&d->stopping, true);
	stop_listening(d);
	httpd_sweeper_stop(d);
	httpd_upgrades_end(d);
	httpd_wake_all(d);
	if (d->loop) {
		httpd_finish_later(d);
	} else if (wait_for_upgrades(d)) {
		stop_daemons(d);
		server_free(d);
	}
}
