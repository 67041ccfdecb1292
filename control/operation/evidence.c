/* See evidence.h. */
#include "control/operation/evidence.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#define FIELDS 3 /* before the text: stamp, stream, whole or part */

/* Where the text of a line begins, which is "stamp stream F text"; the line itself if it is not. */
static const char *text_of(const char *line, size_t len)
{
	const char *text = line;

	for (int field = 0; text && field < FIELDS; field++) {
		text = memchr(text, ' ', len - (size_t)(text - line));
		text = text ? text + 1 : NULL;
	}
	return text ? text : line;
}

void evidence_of_log(const char *log, const char *since, char *ret, size_t room)
{
	autobuf struct sp_buf all = SP_BUF_INIT;
	const char *from;

	*ret = '\0';
	for (size_t len; *log; log += len + (log[len] == '\n')) {
		const char *text;

		len = strcspn(log, "\n");
		text = text_of(log, len);
		if (strncmp(log, since, strlen(since)) < 0)
			continue;
		sp_buf_append(&all, text, len - (size_t)(text - log));
		sp_buf_putc(&all, '\n');
	}
	if (!all.data || sp_buf_check(&all, NULL) < 0)
		return;
	from = all.len < room ? all.data : all.data + all.len - room + 1;
	if (from > all.data && from[-1] != '\n') /* no half of a line */
		from = strchr(from, '\n') + 1;
	snprintf(ret, room, "%s", from);
}

static const char *member(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

void evidence_gather(struct operation *o, const char *node, const char *id, const json_t *status,
		     const char *since)
{
	const json_t *probe = json_object_get(status, "probe");
	autobuf struct sp_buf log = SP_BUF_INIT;
	struct agent *a = NULL;
	size_t used = 0;

	if (json_is_object(probe) && *member(probe, "message"))
		used = (size_t)snprintf(o->at.evidence, sizeof(o->at.evidence), "probe %s: %s\n",
					member(probe, "kind"), member(probe, "message"));
	if (used < sizeof(o->at.evidence) && operation_agent(o, node, &a, NULL) == 0 &&
	    agent_tail(a, id, EVIDENCE_LINES, &log, NULL) == 0 && log.data)
		evidence_of_log(log.data, since, o->at.evidence + used,
				sizeof(o->at.evidence) - used);
}
