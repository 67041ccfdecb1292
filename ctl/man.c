/* The man page; see man.h. Written in man(7) macros. */
#include "ctl/man.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/version.h"
#include "ctl/commands.h"
#include "ctl/help.h"

static const char head[] =
	".SH NAME\n"
	"ctl \\- deploy stacks to your own Linux machines and see what they do\n"
	".SH SYNOPSIS\n"
	".B ctl\n"
	"[\\fB\\-\\-context\\fR \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n"
	".SH DESCRIPTION\n"
	"ctl is the client of StackPilot: it sends stack files to controld, follows what happens, and "
	"proves from outside that what was deployed works.\n"
	"Results go to standard output, everything else to standard error.\n"
	"Progress, colours and questions appear on a terminal only.\n"
	".SH COMMANDS\n";

static const struct {
	const char *code, *meaning;
} exits[] = {
	{ "0", "done" },
	{ "1", "failed" },
	{ "2", "changes or drift are present" },
	{ "3", "invalid input: command line, stack file, request" },
	{ "4", "a lock is held by somebody else" },
	{ "5", "health or verify failed; what was being deployed is reverted" },
	{ "6", "reverting failed too" },
	{ "7", "unreachable, or done only in part" },
	{ "130", "interrupted; an operation that was begun goes on" },
};

static const char tail[] =
	".SH ENVIRONMENT\n"
	".TP\n.B STACKPILOT_CONTEXT\nthe context file, where \\-\\-context is not given\n"
	".TP\n.B NO_COLOR\nno colours, when it is not empty\n"
	".SH FILES\n"
	".TP\n.I ~/.config/stackpilot/context.json\n"
	"the context: a JSON object with \\fBurl\\fR or \\fBunix\\fR (where controld listens), "
	"\\fBca\\fR, \\fBcert\\fR and \\fBkey\\fR (PEM files, needed with https), \\fBnetns\\fR "
	"(\\fBpath\\fR and \\fBinode\\fR of a network namespace to enter) and \\fBlab_topology\\fR.\n"
	"Relative paths start at the directory of the file.\n"
	".TP\n.I ../etc/stackpilot/context.json\n"
	"relative to the directory ctl is in; looked for last\n";

/* Text with roff's special characters made plain. */
static void put(const char *s, FILE *out)
{
	for (bool line_start = true; *s; line_start = *s++ == '\n') {
		if (line_start && (*s == '.' || *s == '\''))
			fputs("\\&", out);
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else
			fputc(*s, out);
	}
}

static void put_flag(const struct ctl_flag *f, FILE *out)
{
	autobuf struct sp_buf left = SP_BUF_INIT;

	ctl_help_flag(f, &left);
	fputs(".TP\n.B ", out);
	put(left.data ? left.data + strspn(left.data, " ") : f->name, out);
	fputc('\n', out);
	put(f->help, out);
	fputc('\n', out);
}

static void put_command(const struct ctl_command *c, FILE *out)
{
	fputs(".SS ctl ", out);
	put(c->name, out);
	if (*c->args) {
		fputc(' ', out);
		put(c->args, out);
	}
	fputc('\n', out);
	fputc(toupper((unsigned char)c->summary[0]), out);
	put(c->summary + 1, out);
	fputs(".\n", out);
	if (c->details) {
		put(c->details, out);
		fputc('\n', out);
	}
	for (const struct ctl_flag *f = c->flags; f && f->name; f++)
		put_flag(f, out);
}

void ctl_man_write(FILE *out)
{
	fprintf(out, ".TH CTL 1 \"\" \"StackPilot %s\" \"User Commands\"\n", SP_VERSION);
	fputs(head, out);
	for (size_t i = 0; ctl_commands[i]; i++)
		put_command(ctl_commands[i], out);
	fputs(".SH FLAGS OF EVERY COMMAND\n", out);
	for (const struct ctl_flag *f = ctl_global_flags; f->name; f++)
		put_flag(f, out);
	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < SP_COUNT(exits); i++) {
		fprintf(out, ".TP\n.B %s\n", exits[i].code);
		put(exits[i].meaning, out);
		fputc('\n', out);
	}
	fputs(tail, out);
}
