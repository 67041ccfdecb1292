/* Terminals; see terminal.h. */
#include "ctl/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

bool ctl_is_terminal(FILE *f)
{
	return isatty(fileno(f)) == 1;
}

bool ctl_colours(FILE *f)
{
	return ctl_is_terminal(f) && sp_str_empty(getenv("NO_COLOR")) &&
	       !sp_str_eq(getenv("TERM"), "dumb");
}

const char *ctl_style_on(enum ctl_style style)
{
	switch (style) {
	case CTL_PLAIN:
		return "";
	case CTL_BOLD:
		return "\033[1m";
	case CTL_DIM:
		return "\033[2m";
	case CTL_GREEN:
		return "\033[32m";
	case CTL_YELLOW:
		return "\033[33m";
	case CTL_RED:
		return "\033[31m";
	}
	return "";
}

const char *ctl_style_off(enum ctl_style style)
{
	return style == CTL_PLAIN ? "" : "\033[0m";
}

static bool among(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

enum ctl_style ctl_style_of_state(const char *word)
{
	static const char *const good[] = { "ready",     "running", "done", "succeeded",
					    "completed", "PASS",    "yes",  NULL };
	static const char *const bad[] = { "failed",        "FAIL", "unreachable", "backoff",
					   "revert_failed", "no",   "error",       NULL };

	if (among(word, good))
		return CTL_GREEN;
	return among(word, bad) ? CTL_RED : CTL_YELLOW;
}

void ctl_terminal_size(int fd, uint16_t *ret_rows, uint16_t *ret_columns)
{
	struct winsize size;
	bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;

	*ret_rows = known && size.ws_row ? size.ws_row : 24;
	*ret_columns = known && size.ws_col ? size.ws_col : 80;
}

static struct termios saved;
static volatile sig_atomic_t saved_fd = -1;

void ctl_terminal_restore(void)
{
	int fd = saved_fd, keep = errno;

	if (fd < 0)
		return;
	saved_fd = -1;
	tcsetattr(fd, TCSADRAIN, &saved);
	errno = keep;
}

/* Restore, then die of the signal as if it had not been caught. */
static void on_deadly(int sig)
{
	ctl_terminal_restore();
	raise(sig);
}

static void restore_on_signals(void)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGABRT, SIGSEGV };
	struct sigaction act = { .sa_handler = on_deadly, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < SP_COUNT(deadly); i++)
		sigaction(deadly[i], &act, NULL);
}

int ctl_terminal_raw(int fd, struct sp_err *err)
{
	static bool at_exit;
	struct termios raw;

	if (tcgetattr(fd, &saved) < 0)
		return sp_fail_errno(err, errno, "terminal");
	saved_fd = fd;
	if (!at_exit && atexit(ctl_terminal_restore) == 0)
		at_exit = true;
	restore_on_signals();
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) == 0)
		return 0;
	saved_fd = -1;
	return sp_fail_errno(err, errno, "terminal");
}
