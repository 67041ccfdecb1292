/* Help; see help.h. */
#include "ctl/help.h"

#include <string.h>

#include "base/buf.h"
#include "ctl/commands.h"
#include "ctl/flag.h"

#define FLAG_COLUMN 30

void ctl_help_all(FILE *out)
{
	fputs("ctl deploys stacks to your own Linux machines and shows what they do.\n\n"
	      "usage: ctl [--context FILE] COMMAND [FLAGS] [ARGUMENTS]\n\ncommands:\n",
	      out);
	for (size_t i = 0; ctl_commands[i]; i++)
		fprintf(out, "  %-14s %s\n", ctl_commands[i]->name, ctl_commands[i]->summary);
	fputs("\n'ctl COMMAND --help' says more about one of them; exit codes are in ctl(1).\n",
	      out);
}

void ctl_help_flag(const struct ctl_flag *f, struct sp_buf *out)
{
	if (f->letter)
		sp_buf_printf(out, "-%c, ", f->letter);
	else
		sp_buf_puts(out, "    ");
	sp_buf_printf(out, "--%s", f->name);
	if (f->optional)
		sp_buf_puts(out, "[=DURATION]");
	else if (f->value)
		sp_buf_printf(out, " %s", f->value);
	else if (f->type == CTL_COUNT)
		sp_buf_puts(out, " N");
	else if (f->type == CTL_DURATION)
		sp_buf_puts(out, " DURATION");
}

static void print_flag(const struct ctl_flag *f, FILE *out)
{
	autobuf struct sp_buf left = SP_BUF_INIT;

	ctl_help_flag(f, &left);
	if (!left.data)
		return;
	fprintf(out, "  %-*s %s\n", FLAG_COLUMN, left.data, f->help);
}

void ctl_help_command(const struct ctl_command *c, FILE *out)
{
	const struct ctl_flag *f;

	fprintf(out, "ctl %s: %s\n\nusage: ctl %s%s%s%s\n", c->name, c->summary, c->name,
		c->flags ? " [FLAGS]" : "", *c->args ? " " : "", c->args);
	if (c->details)
		fprintf(out, "\n%s\n", c->details);
	fputs("\nflags:\n", out);
	for (size_t i = 0; (f = ctl_flag_at(c, i)); i++)
		print_flag(f, out);
}
