/* The reference of keys; see reference.h. */
#include "stackfile/reference.h"

#include "stackfile/keys.h"

static void unsupported_markdown(const struct key_table *t, struct sp_buf *out)
{
	bool first = true;

	for (size_t i = 0; i < t->n; i++) {
		if (t->keys[i].parse)
			continue;
		sp_buf_printf(out, "%s`%s`", first ? "\nNot supported yet: " : ", ",
			      t->keys[i].name);
		first = false;
	}
	if (!first)
		sp_buf_puts(out, ".\n");
}

static void supported_markdown(const struct key_table *t, struct sp_buf *out)
{
	bool first = true;

	for (size_t i = 0; i < t->n; i++) {
		if (!t->keys[i].parse)
			continue;
		if (first)
			sp_buf_puts(out, "\n| key | meaning |\n|---|---|\n");
		sp_buf_printf(out, "| `%s` | %s |\n", t->keys[i].name, t->keys[i].help);
		first = false;
	}
}

void stack_reference_markdown(struct sp_buf *out)
{
	for (const struct key_table *const *t = key_tables; *t; t++) {
		sp_buf_printf(out, "### %s\n", (*t)->where);
		supported_markdown(*t, out);
		unsupported_markdown(*t, out);
		sp_buf_puts(out, "\n");
	}
}
