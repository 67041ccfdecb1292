/* See quote.h. */
#include "stackfile/quote.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A format on its way into out. */
struct quoting {
	struct sp_buf *out;
	const struct node *node;
	va_list args;
};

/* Below a list or map it is the one that has the text; NULL where none that names a variable has
 * it. */
static const char *source_of(const struct node *n, const char *text, size_t len)
{
	const char *source = NULL;

	if (n->kind == NODE_SCALAR)
		return n->source && memmem(n->text, strlen(n->text), text, len) ? n->source : NULL;
	for (size_t i = 0; i < n->n && !source; i++)
		source = source_of(n->entries[i].value, text, len);
	return source;
}

static void put_quoted(struct quoting *q, const char *text, size_t len)
{
	const char *source = q->node->source ? q->node->source : source_of(q->node, text, len);

	if (source)
		sp_buf_puts(q->out, source);
	else
		sp_buf_append(q->out, text, len);
}

static void put_text(struct quoting *q, bool quoted, int max)
{
	const char *text = va_arg(q->args, const char *);
	size_t len = max < 0 ? strlen(text) : strnlen(text, (size_t)max);

	if (quoted)
		put_quoted(q, text, len);
	else
		sp_buf_append(q->out, text, len);
}

static void put_number(struct quoting *q, const char *conversion)
{
	if (!strcmp(conversion, "d"))
		sp_buf_printf(q->out, "%d", va_arg(q->args, int));
	else if (!strcmp(conversion, "u"))
		sp_buf_printf(q->out, "%u", va_arg(q->args, unsigned));
	else if (!strcmp(conversion, "zu"))
		sp_buf_printf(q->out, "%zu", va_arg(q->args, size_t));
	else if (!strcmp(conversion, "ld"))
		sp_buf_printf(q->out, "%ld", va_arg(q->args, long));
	else if (!strcmp(conversion, "lu"))
		sp_buf_printf(q->out, "%lu", va_arg(q->args, unsigned long));
	else if (!strcmp(conversion, "lld"))
		sp_buf_printf(q->out, "%lld", va_arg(q->args, long long));
	else
		assert(!"a conversion that quote.h names");
}

/* One conversion, without its '%'; returns what follows it. */
static const char *put(struct quoting *q, bool quoted, const char *at)
{
	size_t n = strcspn(at, "sdu%") + 1;
	char conversion[8] = "";

	snprintf(conversion, sizeof(conversion), "%.*s", (int)n, at);
	if (!strcmp(conversion, "%"))
		sp_buf_putc(q->out, '%');
	else if (!strcmp(conversion, "s"))
		put_text(q, quoted, -1);
	else if (!strcmp(conversion, ".*s"))
		put_text(q, quoted, va_arg(q->args, int));
	else
		put_number(q, conversion);
	return at + n;
}

void quote_format(struct sp_buf *out, const struct node *n, const char *fmt, va_list ap)
{
	struct quoting q = { .out = out, .node = n };
	bool quoted = false; /* the byte before was a single quote */

	va_copy(q.args, ap);
	while (*fmt) {
		if (*fmt == '%') {
			fmt = put(&q, quoted, fmt + 1);
			quoted = false;
			continue;
		}
		quoted = *fmt == '\'';
		sp_buf_putc(out, *fmt++);
	}
	va_end(q.args);
}
