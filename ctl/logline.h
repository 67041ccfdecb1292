/*
 * Container output as it arrives: CRI lines ("STAMP stdout F text"), in pieces of any size, put
 * together to messages. A message that was split by the writer (tag P) is whole again here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define CTL_LOG_MESSAGE_MAX \
	(1024 * 1024) /* bytes kept of one message; a longer one is handed on in parts */

struct ctl_logline {
	const char *stamp; /* not terminated; NULL when the line is not in CRI format */
	size_t stamp_len;
	bool partial;
	const char *text; /* without the newline */
	size_t len;
};

/* One line without its newline. A line that is not in CRI format is all text. */
struct ctl_logline ctl_logline_parse(const char *line, size_t len);

/* A whole message; stamp is that of its first part, "" when there is none. Non-zero ends the
 * reading. */
typedef int (*ctl_logmessage_fn)(void *owner, const char *stamp, const char *text, size_t len);

struct ctl_logreader {
	struct sp_buf line;    /* bytes of a line that has not ended */
	struct sp_buf message; /* parts of a message that has not ended */
	char stamp[40];
	ctl_logmessage_fn fn;
	void *owner;
};

/* Feed bytes; returns 0, what fn returned, or -ENOMEM. */
int ctl_logreader_feed(struct ctl_logreader *r, const char *data, size_t len);
/* Hand over what has not ended, at the end of the stream, and free the buffers. */
int ctl_logreader_finish(struct ctl_logreader *r);
