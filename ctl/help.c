/* Help; see help.h. */
#include "ctl/help.h"

#include <string.h>

#include "base/buf.h"
#include "ctl/commands.h"
#include "ctl/flag.h"

#define LINE_WIDTH 100

/* The width of the longest command name, of those that begin with prefix. */
static int name_column(const char *prefix)
{
	size_t widest = 0;

	for (size_t i = 0; ctl_commands[i]; i++)
		if (!strncmp(ctl_commands[i]->name, prefix, strlen(prefix)) &&
		    strlen(ctl_commands[i]->name) > widest)
			widest = strlen(ctl_commands[i]->name);
	return (int)widest;
}

static void print_commands(const char *prefix, FILE *out)
{
	int column = name_column(prefix);

	for (size_t i = 0; ctl_commands[i]; i++)
		if (!strncmp(ctl_commands[i]->name, prefix, strlen(prefix)))
			fprintf(out, "  %-*s  %s\n", column, ctl_commands[i]->name,
				ctl_commands[i]->summary);
}

void ctl_help_all(FILE *out)
{
	fputs("ctl deploys stacks to your own Linux machines and shows what they do.\n\n"
	      "usage: ctl [--context FILE] COMMAND [FLAGS] [ARGUMENTS]\n\ncommands:\n",
	      out);
	print_commands("", out);
	fputs("\n'ctl COMMAND --help' says more about one of them; exit codes are in ctl(1).\n",
	      out);
}

bool ctl_help_group(const char *word, FILE *out)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%s ", word);
	if (!name_column(prefix))
		return false;
	fprintf(out, "usage: ctl %s COMMAND [FLAGS] [ARGUMENTS]\n\ncommands:\n", word);
	print_commands(prefix, out);
	fprintf(out, "\n'ctl %s COMMAND --help' says more about one of them.\n", word);
	return true;
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

/* What stands left of a flag's help; its width, or 0 without memory. */
static size_t flag_width(const struct ctl_flag *f)
{
	autobuf struct sp_buf left = SP_BUF_INIT;

	ctl_help_flag(f, &left);
	return left.len;
}

static void print_flag(const struct ctl_flag *f, int column, FILE *out)
{
	autobuf struct sp_buf left = SP_BUF_INIT;

	ctl_help_flag(f, &left);
	if (!left.data)
		return;
	fprintf(out, "  %-*s  %s\n", column, left.data, f->help);
}

/* Words between spaces, in lines of at most LINE_WIDTH columns; line ends of the text stay. */
static void print_wrapped(const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column && column + 1 + len > LINE_WIDTH)
			column = 0, fputc('\n', out);
		column += (size_t)fprintf(out, "%s%.*s", column ? " " : "", (int)len, text);
		text += len;
		if (*text == '\n')
			column = 0, fputc('\n', out);
		text += *text != '\0';
	}
	fputc('\n', out);
}

void ctl_help_command(const struct ctl_command *c, FILE *out)
{
	const struct ctl_flag *f;
	size_t widest = 0;

	fprintf(out, "ctl %s: %s\n\nusage: ctl %s%s%s%s\n", c->name, c->summary, c->name,
		c->flags ? " [FLAGS]" : "", *c->args ? " " : "", c->args);
	if (c->details) {
		fputc('\n', out);
		print_wrapped(c->details, out);
	}
	fputs("\nflags:\n", out);
	for (size_t i = 0; (f = ctl_flag_at(c, i)); i++)
		if (flag_width(f) > widest)
			widest = flag_width(f);
	for (size_t i = 0; (f = ctl_flag_at(c, i)); i++)
		print_flag(f, (int)widest, out);
}
