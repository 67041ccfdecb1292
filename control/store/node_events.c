/* Agents' events taken into the outbox, with the cursor that says how far; see node.h. */
#include "base/json.h"
#include "base/time.h"
#include "control/store/event.h"
#include "control/store/node.h"

struct batch {
	const char *node;
	const json_t *events;
	int64_t next;
};

static int take_one(struct store *s, const char *node, const json_t *e, struct sp_err *err)
{
	const json_t *fields = json_object_get(e, "fields");
	const char *at = json_string_value(json_object_get(e, "at"));
	struct store_event event = {
		.type = json_string_value(json_object_get(e, "type")),
		.stack = json_string_value(json_object_get(e, "stack")),
		.workload = json_string_value(json_object_get(e, "workload")),
		.message = json_string_value(json_object_get(e, "message")),
		.node = node,
		.fields = json_is_object(fields) ? fields : NULL,
	};

	if (!event.type)
		event.type = "agent.unnamed";
	if (at && sp_time_parse(at, &event.at_ns, NULL) < 0)
		event.at_ns = 0;
	return store_event_append(s, &event, err);
}

static int take_batch(struct store *s, void *state, struct sp_err *err)
{
	const struct batch *b = state;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(b->events); i++)
		r = take_one(s, b->node, json_array_get(b->events, i), err);
	if (r == 0)
		r = db_write(store_db(s), err, "UPDATE nodes SET event_cursor = $1 WHERE name = $2",
			     DB_I(b->next), DB_S(b->node));
	return r < 0 ? r : 0;
}

int store_node_take_events(struct store *s, const char *name, const json_t *events, int64_t next,
			   struct sp_err *err)
{
	struct batch b = { name, events, next };

	return store_transact(s, take_batch, &b, err);
}
