/* The question; see confirm.h. */
#include "ctl/confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/str.h"
#include "ctl/exit.h"
#include "ctl/terminal.h"

#define QUESTION_MAX 320

/* 1 yes, 0 no. */
static int ask(const char *question, struct wire_failure *fail)
{
	char answer[16];

	if (!ctl_is_terminal(stdin) || !ctl_is_terminal(stderr))
		return ctl_fail(fail, SP_E_INVALID,
				"there is no terminal to ask on: %s; say --yes to go on", question);
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin))
		return 0;
	sp_str_trim(answer);
	return !strcasecmp(answer, "y") || !strcasecmp(answer, "yes");
}

int ctl_confirm(struct ctl *ctl, const struct ctl_args *args, const char *look,
		struct wire_failure *fail, const char *fmt, ...)
{
	char question[QUESTION_MAX];
	va_list ap;
	int r;

	if (ctl_flag_on(args, "yes"))
		return 0;
	r = look ? ctl_get(ctl, look, NULL, fail) : 0;
	if (r < 0 && fail->err.code != SP_E_CORRUPT) /* what is damaged is there, and can go */
		return r;
	*fail = (struct wire_failure){ 0 };
	va_start(ap, fmt);
	vsnprintf(question, sizeof(question), fmt, ap);
	va_end(ap);
	r = ask(question, fail);
	if (r != 0)
		return r < 0 ? r : 0;
	fputs("nothing was done\n", stderr);
	return CTL_EXIT_FAILED;
}
