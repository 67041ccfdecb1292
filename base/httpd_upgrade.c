/*
 * Switching protocols; see httpd.h. MHD must not be stopped while an upgraded connection is open,
 * so the server keeps a list of them.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/httpd_impl.h"
#include "base/str.h"

struct upgrade {
	struct sp_list link; /* of the server's upgrades */
	struct sp_httpd *d;
	struct MHD_UpgradeResponseHandle *urh;
	int fd;
};

static struct upgrade *upgrade_new(struct sp_httpd *d, MHD_socket fd,
				   struct MHD_UpgradeResponseHandle *urh)
{
	struct upgrade *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	*u = (struct upgrade){ .d = d, .urh = urh, .fd = fd };
	pthread_mutex_lock(&d->lock);
	sp_list_append(&d->upgrades, &u->link);
	pthread_mutex_unlock(&d->lock);
	return u;
}

static void on_upgraded(void *cls, struct MHD_Connection *c, void *context, const char *early,
			size_t early_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *urh)
{
	struct sp_httpd_req *req = cls;
	struct upgrade *u = upgrade_new(req->d, fd, urh);
	sp_httpd_upgraded_fn fn = req->upgraded;

	(void)c;
	(void)context;
	req->upgraded = NULL;
	if (u) {
		fn(req->upgraded_state, fd, early, early_len, u);
	} else {
		fn(req->upgraded_state, -1, NULL, 0, NULL);
		MHD_upgrade_action(urh, MHD_UPGRADE_ACTION_CLOSE);
	}
}

void sp_httpd_upgrade(struct sp_httpd_req *req, const char *protocol, sp_httpd_upgraded_fn fn,
		      void *state)
{
	const char *asked = sp_httpd_header(req, MHD_HTTP_HEADER_UPGRADE);
	struct MHD_Response *r;

	if (!asked || strcasecmp(asked, protocol)) {
		fn(state, -1, NULL, 0, NULL);
		r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		if (r)
			MHD_add_response_header(r, MHD_HTTP_HEADER_UPGRADE, protocol);
		httpd_reply_with(req, MHD_HTTP_UPGRADE_REQUIRED, NULL, r);
		return;
	}
	req->upgraded = fn;
	req->upgraded_state = state;
	r = MHD_create_response_for_upgrade(on_upgraded, req);
	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_UPGRADE, protocol);
	httpd_reply_with(req, MHD_HTTP_SWITCHING_PROTOCOLS, NULL, r);
}

void sp_httpd_upgrade_done(void *handle)
{
	struct upgrade *u = handle;
	struct sp_httpd *d = u->d;

	MHD_upgrade_action(u->urh, MHD_UPGRADE_ACTION_CLOSE);
	pthread_mutex_lock(&d->lock);
	sp_list_remove(&u->link);
	if (d->loop && atomic_load(&d->stopping))
		httpd_finish_later(d);
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	free(u);
}

void httpd_upgrades_end(struct sp_httpd *d)
{
	struct sp_list *upgrades = &d->upgrades;
	struct upgrade *u;

	pthread_mutex_lock(&d->lock);
	SP_LIST_EACH (upgrades, u, link) {
		shutdown(u->fd, SHUT_RDWR); /* its owner reads the end and is done */
	}
	pthread_mutex_unlock(&d->lock);
}
