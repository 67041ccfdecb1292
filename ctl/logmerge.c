/* Logs merged by their stamps; see logmerge.h. RFC 3339 stamps of one zone and one width sort as
 * text. */
#include "ctl/logmerge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct head {
	char *line; /* the next one of its input; NULL at the end */
	size_t room;
	ssize_t len;
};

static void advance(struct head *h, FILE *f)
{
	h->len = getline(&h->line, &h->room, f);
	if (h->len > 0)
		return;
	free(h->line);
	*h = (struct head){ 0 };
}

static int compare(const struct head *a, const struct head *b)
{
	size_t la = strcspn(a->line, " "), lb = strcspn(b->line, " ");
	int order = memcmp(a->line, b->line, la < lb ? la : lb);

	return order ? order : (la > lb) - (la < lb);
}

static struct head *earliest(struct head *heads, size_t n)
{
	struct head *first = NULL;

	for (size_t i = 0; i < n; i++)
		if (heads[i].line && (!first || compare(&heads[i], first) < 0))
			first = &heads[i];
	return first;
}

static void print(const struct head *h, const char *prefix, bool stamps, FILE *out)
{
	size_t skip = stamps ? 0 : strcspn(h->line, " ") + 1;

	fputs(prefix, out);
	if ((size_t)h->len > skip)
		fwrite(h->line + skip, 1, (size_t)h->len - skip, out);
}

int ctl_logmerge(const struct ctl_logmerge_input *inputs, size_t n, bool stamps, FILE *out,
		 struct sp_err *err)
{
	struct head *heads = calloc(n, sizeof(*heads)), *h;

	if (!heads)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		rewind(inputs[i].file);
		advance(&heads[i], inputs[i].file);
	}
	while ((h = earliest(heads, n)) && !ferror(out)) {
		print(h, inputs[h - heads].prefix, stamps, out);
		advance(h, inputs[h - heads].file);
	}
	for (size_t i = 0; i < n; i++)
		free(heads[i].line);
	free(heads);
	return 0;
}
