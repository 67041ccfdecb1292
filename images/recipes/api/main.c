/* api: a small service whose items live in PostgreSQL. It starts, and goes on, without its
 * database. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/recipes/api/database.h"
#include "images/recipes/api/server.h"
#include "images/recipes/api/settings.h"

/* As PID 1's child or PID 1 itself: SIGTERM and SIGINT end it, whatever was inherited. */
static void block_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	pthread_sigmask(SIG_BLOCK, ret, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(const struct settings *s, const sigset_t *signals)
{
	struct database *d = database_new(s->database_url, s->password);
	char address[INET_ADDRSTRLEN];
	struct server *server;
	int sig;

	if (!d) {
		fprintf(stderr, "api: out of memory\n");
		return 1;
	}
	inet_ntop(AF_INET, &s->listen.sin_addr, address, sizeof(address));
	server = server_new(&s->listen, d);
	if (!server) {
		fprintf(stderr, "api: listen on %s:%d: %s\n", address, ntohs(s->listen.sin_port),
			errno ? strerror(errno) : "refused");
		database_free(d);
		return 1;
	}
	fprintf(stderr, "api: serving on %s:%d\n", address, ntohs(s->listen.sin_port));
	sigwait(signals, &sig);
	fprintf(stderr, "api: signal %d, ending\n", sig);
	server_free(server);
	database_free(d);
	return 0;
}

int main(void)
{
	char reason[512];
	struct settings s;
	sigset_t signals;
	int r;

	if (settings_read(&s, reason, sizeof(reason)) < 0) {
		fprintf(stderr, "api: %s\n", reason);
		return EXIT_USAGE;
	}
	block_signals(&signals);
	r = serve(&s, &signals);
	free(s.password);
	return r;
}
