/* From the bytes a container printed to lines of a CRI log. */
#include <string.h>

#include "agentd/logs_impl.h"

const char *const logs_stream_names[LOGS_STREAMS] = { "stdout", "stderr" };

static size_t put_line(char *out, const char *head, char tag, const char *message, size_t len)
{
	memcpy(out, head, LOGS_HEAD_LEN);
	out[LOGS_TAG_AT] = tag;
	memcpy(out + LOGS_HEAD_LEN, message, len);
	out[LOGS_HEAD_LEN + len] = '\n';
	return LOGS_HEAD_LEN + len + 1;
}

static void make_head(int stream, int64_t stamp_ns, char head[LOGS_HEAD_LEN + 1])
{
	char stamp[SP_TIME_STAMP_MAX];

	sp_time_format(stamp_ns, stamp);
	memcpy(head, stamp, SP_TIME_STAMP_MAX - 1);
	head[SP_TIME_STAMP_MAX - 1] = ' ';
	memcpy(head + SP_TIME_STAMP_MAX, logs_stream_names[stream], LOGS_STREAM_LEN);
	memcpy(head + LOGS_TAG_AT - 1, " F ", 4);
}

size_t logs_cri_format(int stream, int64_t stamp_ns, const char *in, size_t len, bool end,
		       char *out, size_t room, size_t *ret_used)
{
	char head[LOGS_HEAD_LEN + 1];
	size_t at = 0, n = 0;

	make_head(stream, stamp_ns, head);
	while (at < len) {
		size_t left = len - at, scan = left > LOGS_LINE_MAX ? LOGS_LINE_MAX + 1 : left;
		const char *newline = memchr(in + at, '\n', scan);
		size_t size = newline ? (size_t)(newline - in) - at : left;
		char tag = 'F';

		if (!newline && left > LOGS_LINE_MAX) {
			size = LOGS_LINE_MAX;
			tag = 'P';
		} else if (!newline && !end) {
			break;
		}
		if (room - n < LOGS_HEAD_LEN + size + 1)
			break;
		n += put_line(out + n, head, tag, in + at, size);
		at += size + (newline ? 1 : 0);
	}
	*ret_used = at;
	return n;
}
