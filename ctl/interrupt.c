/* Ctrl-C; see interrupt.h. The slots are only ever filled and emptied by the main thread. */
#include "ctl/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(struct sp_httpc *) watched[CTL_INTERRUPT_HANDLES];
static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
	for (size_t i = 0; i < CTL_INTERRUPT_HANDLES; i++) {
		struct sp_httpc *http = atomic_load(&watched[i]);

		if (http)
			sp_httpc_interrupt(http);
	}
}

bool ctl_interrupt_watch(struct sp_httpc *http)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	for (size_t i = 0; i < CTL_INTERRUPT_HANDLES; i++) {
		struct sp_httpc *none = NULL;

		if (atomic_compare_exchange_strong(&watched[i], &none, http))
			return true;
	}
	return false;
}

void ctl_interrupt_unwatch(struct sp_httpc *http)
{
	for (size_t i = 0; i < CTL_INTERRUPT_HANDLES; i++) {
		struct sp_httpc *expected = http;

		atomic_compare_exchange_strong(&watched[i], &expected, NULL);
	}
}

bool ctl_interrupted(void)
{
	return interrupted;
}
