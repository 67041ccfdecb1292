/* Container output; see logline.h. */
#include "ctl/logline.h"

#include <stdio.h>
#include <string.h>

/* The word that starts at *at and ends at a blank before end; moves *at behind the blank. NULL when
 * no blank comes. */
static const char *next_word(const char **at, const char *end, size_t *ret_len)
{
	const char *word = *at, *blank = memchr(word, ' ', (size_t)(end - word));

	if (!blank)
		return NULL;
	*ret_len = (size_t)(blank - word);
	*at = blank + 1;
	return word;
}

static bool is_stream(const char *word, size_t len)
{
	return len == 6 && (!memcmp(word, "stdout", 6) || !memcmp(word, "stderr", 6));
}

struct ctl_logline ctl_logline_parse(const char *line, size_t len)
{
	struct ctl_logline plain = { .text = line, .len = len };
	const char *at = line, *end = line + len, *stamp, *stream, *tag;
	size_t stamp_len, stream_len, tag_len;

	stamp = next_word(&at, end, &stamp_len);
	if (!stamp || stamp_len < 20 || stamp[10] != 'T')
		return plain;
	stream = next_word(&at, end, &stream_len);
	if (!stream || !is_stream(stream, stream_len))
		return plain;
	tag = next_word(&at, end, &tag_len);
	if (!tag || tag_len != 1 || (*tag != 'F' && *tag != 'P'))
		return plain;
	return (struct ctl_logline){ .stamp = stamp,
				     .stamp_len = stamp_len,
				     .partial = *tag == 'P',
				     .text = at,
				     .len = (size_t)(end - at) };
}

static int hand_over(struct ctl_logreader *r)
{
	int result = r->message.error
			     ? r->message.error
			     : r->fn(r->owner, r->stamp, r->message.data ? r->message.data : "",
				     r->message.len);

	sp_buf_clear(&r->message);
	r->stamp[0] = '\0';
	return result;
}

static int take_line(struct ctl_logreader *r, const char *line, size_t len)
{
	struct ctl_logline l = ctl_logline_parse(line, len);

	if (!r->stamp[0] && l.stamp)
		snprintf(r->stamp, sizeof(r->stamp), "%.*s", (int)l.stamp_len, l.stamp);
	sp_buf_append(&r->message, l.text, l.len);
	if (l.partial && r->message.len < CTL_LOG_MESSAGE_MAX)
		return 0;
	return hand_over(r);
}

int ctl_logreader_feed(struct ctl_logreader *r, const char *data, size_t len)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;
		int result;

		sp_buf_append(&r->line, data, n);
		if (!newline)
			return r->line.error;
		result = r->line.error
				 ? r->line.error
				 : take_line(r, r->line.data ? r->line.data : "", r->line.len);
		sp_buf_clear(&r->line);
		if (result)
			return result;
		data = newline + 1;
		len -= n + 1;
	}
	return 0;
}

int ctl_logreader_finish(struct ctl_logreader *r)
{
	int result = 0;

	if (r->line.len)
		result = take_line(r, r->line.data, r->line.len);
	if (!result && r->message.len)
		result = hand_over(r);
	sp_buf_fini(&r->line);
	sp_buf_fini(&r->message);
	return result;
}
