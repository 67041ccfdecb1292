/* One table of the signals with names of their own; the real-time range is counted from SIGRTMIN.
 */
#include "base/signame.h"

#include <signal.h>
#include <string.h>

#include "base/str.h"

#define STANDARD_MAX 31 /* the last signal with a name of its own */

static const char *const names[STANDARD_MAX + 1] = {
	[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
	[SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",
};

static int parse_realtime(const char *rest)
{
	uint32_t n = 0;

	if (*rest && (*rest != '+' || sp_parse_u32(rest + 1, &n, NULL) < 0))
		return -1;
	return n <= (uint32_t)(SIGRTMAX - SIGRTMIN) ? SIGRTMIN + (int)n : -1;
}

int sp_signal_parse(const char *name)
{
	uint32_t number;

	if (sp_parse_u32(name, &number, NULL) == 0)
		return number >= 1 && number <= (uint32_t)SIGRTMAX ? (int)number : -1;
	if (sp_str_starts(name, "SIG"))
		name += 3;
	if (sp_str_starts(name, "RTMIN"))
		return parse_realtime(name + 5);
	for (int i = 1; i <= STANDARD_MAX; i++)
		if (names[i] && !strcmp(names[i] + 3, name))
			return i;
	return -1;
}

const char *sp_signal_name(int number)
{
	if (number >= 1 && number <= STANDARD_MAX && names[number])
		return names[number];
	return number >= SIGRTMIN && number <= SIGRTMAX ? "SIGRT" : "SIG?";
}
