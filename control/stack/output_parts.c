/* See output_parts.h. */
#include "control/stack/output_parts.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "control/store/node.h"

static const struct store_workload *first_replica(const struct store_workloads *placed,
						  const char *service)
{
	for (size_t i = 0; i < placed->n; i++)
		if (placed->list[i].replica == 1 && !strcmp(placed->list[i].service, service))
			return &placed->list[i];
	return NULL;
}

/* 0: it has none. */
static json_int_t published(const json_t *spec, uint16_t port)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(spec, "ports"), i, one) {
		if (json_integer_value(json_object_get(one, "container_port")) == port)
			return json_integer_value(json_object_get(one, "host_port"));
	}
	return 0;
}

static int put_node_address(struct store *s, const char *node, struct sp_buf *out,
			    struct sp_err *err)
{
	autonode struct store_node n = { 0 };
	int r = store_node_get(s, node, &n, err);

	if (r == 0)
		sp_buf_puts(out, n.address);
	return r;
}

static int put_fact(struct store *s, const struct stack_output_part *part,
		    const struct store_workload *w, struct sp_buf *out, struct sp_err *err)
{
	autojson json_t *spec = NULL;
	const char *address;
	int r = sp_json_parse(w->spec, strlen(w->spec), &spec, err);

	if (r < 0)
		return r;
	switch (part->fact) {
	case STACK_FACT_ADDRESS:
		address = json_string_value(json_object_get(spec, "address"));
		sp_buf_puts(out, address ? address : "");
		break;
	case STACK_FACT_NODE:
		sp_buf_puts(out, w->node);
		break;
	case STACK_FACT_NODE_ADDRESS:
		return put_node_address(s, w->node, out, err);
	case STACK_FACT_PORT:
		sp_buf_printf(out, "%lld", (long long)published(spec, part->port));
		break;
	}
	return 0;
}

int output_parts_join(struct store *s, const struct stack_output *o,
		      const struct store_workloads *placed, char **ret, struct sp_err *err)
{
	autobuf struct sp_buf out = SP_BUF_INIT;
	int r = 0;

	*ret = NULL;
	for (size_t i = 0; r == 0 && i < o->n_parts; i++) {
		const struct stack_output_part *part = &o->parts[i];
		const struct store_workload *w =
			part->text ? NULL : first_replica(placed, part->service);

		if (!part->text && !w)
			return 0;
		if (part->text)
			sp_buf_puts(&out, part->text);
		else
			r = put_fact(s, part, w, &out, err);
	}
	if (r == 0)
		r = sp_buf_check(&out, err);
	if (r == 0)
		*ret = sp_buf_take(&out);
	return r;
}
