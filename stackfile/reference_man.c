/* The man page stackpilot-stack(5); see reference.h. Written in man(7) macros. */
#include "stackfile/keys.h"
#include "stackfile/reference.h"

static const char head[] =
	".TH STACKPILOT-STACK 5 \"\" StackPilot \"StackPilot manual\"\n"
	".SH NAME\n"
	"stackpilot-stack \\- the stack file of StackPilot\n"
	".SH DESCRIPTION\n"
	"A stack file says what to run: a Compose file (https://compose-spec.io), strictly read.\n"
	"A key that is not known, or not supported yet, is an error with its line and column; "
	"nothing is dropped in silence.\n"
	"Keys that begin with \\fBx\\-\\fR are passed over, except \\fBx\\-stackpilot\\fR.\n"
	".PP\n"
	"Values, never keys, may hold variables: \\fB${NAME}\\fR, \\fB${NAME:\\-word}\\fR, "
	"\\fB${NAME\\-word}\\fR, \\fB${NAME:?message}\\fR, \\fB${NAME?message}\\fR, "
	"\\fB${NAME:+word}\\fR, \\fB${NAME+word}\\fR; \\fB$$\\fR is a dollar sign.\n"
	"They come from the environment of \\fBctl\\fR(1), then from \\fI.env\\fR next to the stack "
	"file.\n"
	".PP\n"
	"\\fBctl validate\\fR \\fIFILE\\fR reads a file and tells all that is wrong with it.\n"
	".SH KEYS\n";

static const char tail[] = ".SH SEE ALSO\n"
			   ".BR ctl (1)\n";

/* Text with roff's special characters made plain and `literals` in bold. */
static void put(const char *s, struct sp_buf *out)
{
	bool literal = false;

	sp_buf_puts(out, "\\&"); /* a dot or quote at the start is text */
	for (; *s; s++) {
		if (*s == '`') {
			literal = !literal;
			sp_buf_puts(out, literal ? "\\fB" : "\\fR");
		} else if (*s == '\\') {
			sp_buf_puts(out, "\\e");
		} else if (*s == '-') {
			sp_buf_puts(out, "\\-");
		} else {
			sp_buf_putc(out, *s);
		}
	}
	sp_buf_putc(out, '\n');
}

static void put_table(const struct key_table *t, struct sp_buf *out)
{
	sp_buf_puts(out, ".SS ");
	put(t->where, out);
	for (size_t i = 0; i < t->n; i++) {
		if (!t->keys[i].parse)
			continue;
		sp_buf_puts(out, ".TP\n.B ");
		put(t->keys[i].name, out);
		put(t->keys[i].help, out);
	}
}

void stack_reference_man(struct sp_buf *out)
{
	sp_buf_puts(out, head);
	for (const struct key_table *const *t = key_tables; *t; t++)
		put_table(*t, out);
	sp_buf_puts(out, tail);
}
