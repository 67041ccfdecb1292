/* See output_parts.h. */
#include "stackfile/output_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "stackfile/interpolate.h"

static const struct {
	const char *suffix;
	enum stack_fact fact;
} facts[] = { { ".address", STACK_FACT_ADDRESS },
	      { ".node", STACK_FACT_NODE },
	      { ".node_address", STACK_FACT_NODE_ADDRESS } };

/* NAME.port.NUMBER: cuts name behind NAME. */
static bool take_port(char *name, struct stack_output_part *part)
{
	char *dot = strrchr(name, '.');
	uint32_t port;

	if (!dot || sp_parse_u32(dot + 1, &port, NULL) < 0 || !port || port > UINT16_MAX)
		return false;
	*dot = '\0';
	if (!sp_str_ends(name, ".port"))
		return false;
	name[strlen(name) - strlen(".port")] = '\0';
	part->fact = STACK_FACT_PORT;
	part->port = (uint16_t)port;
	return true;
}

/* What follows "services."; a service's name may have dots, so the end is looked at. */
static bool take_fact(char *name, struct stack_output_part *part)
{
	part->service = name;
	for (size_t i = 0; i < SP_COUNT(facts); i++)
		if (sp_str_ends(name, facts[i].suffix)) {
			name[strlen(name) - strlen(facts[i].suffix)] = '\0';
			part->fact = facts[i].fact;
			return *name != '\0';
		}
	return take_port(name, part) && *name;
}

static struct stack_output_part *push(const struct value *v, struct stack_output *o)
{
	return value_push(v, &o->parts, &o->n_parts, sizeof(*o->parts));
}

static void push_text(const struct value *v, struct stack_output *o, struct sp_buf *text)
{
	struct stack_output_part *part = text->len ? push(v, o) : NULL;

	if (part)
		part->text = stack_arena_copy(v->r->arena, text->data, text->len);
	v->r->report->no_memory |= text->error != 0;
	sp_buf_clear(text);
}

static void push_reference(const struct value *v, struct stack_output *o, const char *inner,
			   size_t len)
{
	struct stack_output_part *part = push(v, o);
	size_t lead = strlen(INTERPOLATE_REFERENCE);
	char *name = stack_arena_copy(v->r->arena, inner + lead, len - lead);

	if (part && name && !take_fact(name, part))
		value_refuse(v, STACK_CODE_VALUE,
			     "has '${%.*s}': a service has .address, .node, .node_address and "
			     ".port.NUMBER",
			     (int)len, inner);
}

/* The interpolation has left nothing but references and doubled dollar signs. */
void output_parts_read(const struct value *v, struct stack_output *o)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	for (const char *c = v->node->text; *c;) {
		const char *close = c[0] == '$' && c[1] == '{' ? strchr(c, '}') : NULL;

		if (close) {
			push_text(v, o, &text);
			push_reference(v, o, c + 2, (size_t)(close - c - 2));
			c = close + 1;
		} else {
			sp_buf_putc(&text, *c);
			c += c[0] == '$' ? 2 : 1;
		}
	}
	push_text(v, o, &text);
}

static bool publishes(const struct stack_service *s, uint16_t port)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (s->ports[i].container_port == port)
			return true;
	return false;
}

static void check_part(struct reader *r, const struct stack_output *o,
		       const struct stack_output_part *part)
{
	const struct stack_service *s = stack_service_find(r->stack, part->service);
	char path[VALUE_PATH_MAX];

	snprintf(path, sizeof(path), "x-stackpilot.outputs.%s", o->name);
	if (!s)
		reader_refuse(r, STACK_CODE_REFERENCE, o->at, path,
			      "tells of the service '%s', which is not there", part->service);
	else if (part->fact == STACK_FACT_ADDRESS && s->network_none)
		reader_refuse(r, STACK_CODE_CONFLICT, o->at, path,
			      "tells the address of '%s', whose network_mode is 'none'",
			      part->service);
	else if (part->fact == STACK_FACT_PORT && !publishes(s, part->port))
		reader_refuse(r, STACK_CODE_REFERENCE, o->at, path,
			      "tells what '%s' publishes for port %u, and it publishes nothing",
			      part->service, part->port);
}

void output_parts_check(struct reader *r)
{
	for (size_t i = 0; i < r->stack->n_outputs; i++) {
		const struct stack_output *o = &r->stack->outputs[i];

		for (size_t k = 0; k < o->n_parts; k++)
			if (o->parts[k].service)
				check_part(r, o, &o->parts[k]);
	}
}
