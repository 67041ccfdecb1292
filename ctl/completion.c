/* Bash completion; see completion.h. The script holds three tables (words, flags, choices) and one
 * function that knows nothing of single commands. */
#include "ctl/completion.h"

#include <string.h>

#include "ctl/commands.h"
#include "ctl/flag.h"

static const char function[] =
	"_ctl() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} name= word i\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ -n ${_ctl_flags[\"$name $word\"]+x} && -n $name ]]; then name+=\" $word\"\n"
	"\t\telif [[ -z $name && -n ${_ctl_words[\"$word\"]+x}${_ctl_flags[\"$word\"]+x} ]]; then "
	"name=$word\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ -n ${_ctl_choices[\"$name $prev\"]} ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"${_ctl_choices[\"$name $prev\"]}\" -- \"$cur\"))\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"${_ctl_flags[\"$name\"]}\" -- \"$cur\"))\n"
	"\telif [[ -n ${_ctl_words[\"$name \"]+x} ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"${_ctl_words[\"$name \"]}\" -- \"$cur\"))\n"
	"\tfi\n"
	"}\n"
	"complete -o default -F _ctl ctl\n";

static void put_flags(const struct ctl_command *c, FILE *out)
{
	const struct ctl_flag *f;

	fprintf(out, "\t[\"%s\"]=\"", c->name);
	for (size_t i = 0; (f = ctl_flag_at(c, i)); i++)
		fprintf(out, "%s--%s", i ? " " : "", f->name);
	fputs("\"\n", out);
}

static void put_choice(const struct ctl_command *c, const struct ctl_flag *f, const char *flag,
		       FILE *out)
{
	fprintf(out, "\t[\"%s %s\"]=\"", c->name, flag);
	for (const char *s = f->value; *s; s++)
		fputc(*s == '|' ? ' ' : *s, out);
	fputs("\"\n", out);
}

static void put_choices(const struct ctl_command *c, FILE *out)
{
	for (const struct ctl_flag *f = c->flags; f && f->name; f++) {
		char name[64];

		if (f->type != CTL_CHOICE)
			continue;
		snprintf(name, sizeof(name), "--%s", f->name);
		put_choice(c, f, name, out);
		snprintf(name, sizeof(name), "-%c", f->letter);
		if (f->letter)
			put_choice(c, f, name, out);
	}
}

/* The first word of command i, unless an earlier command has it too; its length in *len. */
static bool first_of_group(size_t i, size_t *len)
{
	const char *name = ctl_commands[i]->name;

	*len = strcspn(name, " ");
	for (size_t k = 0; k < i; k++)
		if (!strncmp(ctl_commands[k]->name, name, *len) &&
		    strchr(" ", ctl_commands[k]->name[*len]))
			return false;
	return true;
}

static void put_first_words(FILE *out)
{
	size_t len;

	fputs("\t[\" \"]=\"help", out);
	for (size_t i = 0; ctl_commands[i]; i++)
		if (first_of_group(i, &len))
			fprintf(out, " %.*s", (int)len, ctl_commands[i]->name);
	fputs("\"\n", out);
}

static void put_group(size_t i, size_t len, FILE *out)
{
	const char *name = ctl_commands[i]->name;

	if (!name[len])
		return;
	fprintf(out, "\t[\"%.*s\"]=1\n\t[\"%.*s \"]=\"", (int)len, name, (int)len, name);
	for (size_t k = i; ctl_commands[k]; k++)
		if (!strncmp(ctl_commands[k]->name, name, len + 1))
			fprintf(out, "%s%s", k > i ? " " : "", ctl_commands[k]->name + len + 1);
	fputs("\"\n", out);
}

void ctl_completion_write(FILE *out)
{
	size_t len;

	fputs("# bash completion for ctl; made by `ctl --generate completion`\n"
	      "declare -A _ctl_words=(\n",
	      out);
	put_first_words(out);
	for (size_t i = 0; ctl_commands[i]; i++)
		if (first_of_group(i, &len))
			put_group(i, len, out);
	fputs(")\ndeclare -A _ctl_flags=(\n", out);
	for (size_t i = 0; ctl_commands[i]; i++)
		put_flags(ctl_commands[i], out);
	fputs(")\ndeclare -A _ctl_choices=(\n", out);
	for (size_t i = 0; ctl_commands[i]; i++)
		put_choices(ctl_commands[i], out);
	fputs(")\n", out);
	fputs(function, out);
}
