/* Request paths; see url.h. */
#include "ctl/url.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void encode(struct sp_buf *url, const char *text, const char *keep)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x80 && (isalnum(c) || strchr(keep, c)))
			sp_buf_putc(url, (char)c);
		else
			sp_buf_printf(url, "%%%02X", c);
	}
}

void ctl_url_put(struct sp_buf *url, const char *text)
{
	encode(url, text, "-._~");
}

void ctl_url_put_rest(struct sp_buf *url, const char *text)
{
	encode(url, text, "-._~/:@");
}

void ctl_url_query(struct sp_buf *url, const char *key, const char *value)
{
	if (!value)
		return;
	sp_buf_putc(url, url->data && strchr(url->data, '?') ? '&' : '?');
	sp_buf_puts(url, key);
	sp_buf_putc(url, '=');
	ctl_url_put(url, value);
}

void ctl_url_query_int(struct sp_buf *url, const char *key, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	ctl_url_query(url, key, text);
}
