/*
 * Ports: "[[IP:]HOST:]CONTAINER[/PROTOCOL]", where HOST and CONTAINER may be ranges of the same
 * length, and the long form. Ranges are spread out into single ports.
 */
#include "stackfile/ports.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

/* From first to last; first 0: none given. */
struct range {
	uint16_t first, last;
};

/* What either form of an entry says. */
struct entry {
	char *address;
	struct range host, container;
	bool udp;
};

static bool parse_port(const char *s, size_t len, uint16_t *ret)
{
	char digits[6];
	uint32_t n;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, s, len);
	digits[len] = '\0';
	if (sp_parse_u32(digits, &n, NULL) < 0 || n < 1 || n > UINT16_MAX)
		return false;
	*ret = (uint16_t)n;
	return true;
}

static bool parse_range(const char *s, struct range *ret)
{
	size_t len = strcspn(s, "-");

	if (!parse_port(s, len, &ret->first))
		return false;
	ret->last = ret->first;
	if (s[len] == '-' && !parse_port(s + len + 1, strlen(s + len + 1), &ret->last))
		return false;
	return ret->first <= ret->last;
}

static bool read_range(const struct value *v, const char *text, struct range *ret)
{
	if (parse_range(text, ret))
		return true;
	value_refuse(v, STACK_CODE_VALUE, "has '%s', which is no port or range of ports (1-65535)",
		     text);
	return false;
}

static bool read_protocol(const struct value *v, const char *text, bool *ret_udp)
{
	*ret_udp = !strcmp(text, "udp");
	if (*ret_udp || !strcmp(text, "tcp"))
		return true;
	value_refuse(v, STACK_CODE_UNSUPPORTED,
		     "has the protocol '%s', which is not supported yet (tcp and udp are)", text);
	return false;
}

/* NULL is every address, and so is 0.0.0.0. */
static bool read_address(const struct value *v, const char *text, char **ret)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1) {
		value_refuse(v, STACK_CODE_VALUE, "has '%s', which is no IPv4 address", text);
		return false;
	}
	*ret = address.s_addr ? stack_arena_dup(v->r->arena, text) : NULL;
	return true;
}

static void port_add(const struct value *v, const struct entry *e, uint16_t offset,
		     struct stack_service *s)
{
	struct wire_port *p = value_push(v, &s->ports, &s->n_ports, sizeof(*p));

	if (p)
		*p = (struct wire_port){ .host_address = e->address,
					 .host_port = (uint16_t)(e->host.first + offset),
					 .container_port = (uint16_t)(e->container.first + offset),
					 .udp = e->udp };
}

static void spread(const struct value *v, const struct entry *e, struct stack_service *s)
{
	unsigned n = (unsigned)e->container.last - e->container.first;

	if (!e->host.first) {
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "gives no host port, which is not supported yet: write HOST:%u",
			     e->container.first);
		return;
	}
	if ((unsigned)e->host.last - e->host.first != n) {
		value_refuse(v, STACK_CODE_VALUE,
			     "has ranges of different length for the host and the container");
		return;
	}
	if (n >= STACK_LIST_MAX) {
		value_refuse(v, STACK_CODE_LIMIT, "publishes more than %d ports", STACK_LIST_MAX);
		return;
	}
	for (unsigned i = 0; i <= n; i++)
		port_add(v, e, (uint16_t)i, s);
}

/* Cut the part after the last c off; NULL when there is no c. */
static char *cut_last(char *s, char c)
{
	char *at = strrchr(s, c);

	if (at)
		*at++ = '\0';
	return at;
}

static void short_form(const struct value *v, struct stack_service *s)
{
	const char *text = value_text(v, "[[IP:]HOST:]CONTAINER[/PROTOCOL]");
	char *left = text ? stack_arena_dup(v->r->arena, text) : NULL;
	char *protocol, *container, *host = NULL;
	struct entry e = { 0 };

	if (!left)
		return;
	protocol = cut_last(left, '/');
	if (protocol && !read_protocol(v, protocol, &e.udp))
		return;
	container = cut_last(left, ':');
	if (container) {
		host = cut_last(left, ':');
		if (host && !read_address(v, left, &e.address))
			return;
		host = host ? host : left;
	}
	if (!read_range(v, container ? container : left, &e.container))
		return;
	if (host && *host && !read_range(v, host, &e.host))
		return;
	spread(v, &e, s);
}

static void read_published(const struct value *v, void *field)
{
	const char *text = value_text(v, "a port or a range of ports");

	if (text)
		read_range(v, text, field);
}

static void read_target(const struct value *v, void *field)
{
	struct range *r = field;

	read_port(v, &r->first);
	r->last = r->first;
}

static void read_entry_protocol(const struct value *v, void *field)
{
	const char *text = value_text(v, "tcp or udp");

	if (text)
		read_protocol(v, text, field);
}

static void read_host_ip(const struct value *v, void *field)
{
	const char *text = value_text(v, "an IPv4 address");

	if (text)
		read_address(v, text, field);
}

static void read_publish_mode(const struct value *v, void *field)
{
	static const char *const modes[] = { "host", "ingress", NULL };

	(void)field;
	if (read_choice(v, modes) == 1)
		value_note(v, STACK_NOTE, STACK_CODE_IGNORED,
			   "is 'ingress': the port is open on the nodes that run the service only");
}

static const struct key port_keys[] = {
	{ "target", read_target, offsetof(struct entry, container), "port in the container" },
	{ "published", read_published, offsetof(struct entry, host), "port on the node; required" },
	{ "protocol", read_entry_protocol, offsetof(struct entry, udp),
	  "`tcp` (default) or `udp`" },
	{ "host_ip", read_host_ip, offsetof(struct entry, address),
	  "IPv4 address of the node to listen on; default: all" },
	{ "mode", read_publish_mode, 0,
	  "`host`; `ingress` is read as `host` too: only nodes that run the service listen" },
	{ "name", read_ignored, 0, "for people; no effect" },
	{ "app_protocol", read_ignored, 0, "for people; no effect" },
};
KEY_TABLE(keys_port, "services.NAME.ports[] (long form)", port_keys, true);

static void long_form(const struct value *v, struct stack_service *s)
{
	struct entry e = { 0 };

	key_table_read(&keys_port, v, &e);
	if (!node_find(v->node, "target"))
		value_refuse(v, STACK_CODE_MISSING, "has no 'target'");
	else if (e.container.first && (e.host.first || !node_find(v->node, "published")))
		spread(v, &e, s);
}

static void port_one(const struct value *v, void *service)
{
	if (v->node->kind == NODE_MAP)
		long_form(v, service);
	else
		short_form(v, service);
}

void read_ports(const struct value *v, void *service)
{
	struct stack_service *s = service;

	s->ports_at = v->key_at;
	if (!node_is_null(v->node))
		value_each_item(v, port_one, service);
}

static void expose_one(const struct value *v, void *service)
{
	struct stack_service *s = service;
	const char *text = value_text(v, "a port");
	char *left = text ? stack_arena_dup(v->r->arena, text) : NULL;
	char *protocol = left ? cut_last(left, '/') : NULL;
	struct range r;
	uint16_t *slot;
	bool udp;

	if (!left || (protocol && !read_protocol(v, protocol, &udp)) || !read_range(v, left, &r))
		return;
	for (unsigned port = r.first; port <= r.last; port++) {
		slot = value_push(v, &s->expose, &s->n_expose, sizeof(*slot));
		if (!slot)
			return;
		*slot = (uint16_t)port;
	}
}

void read_expose(const struct value *v, void *service)
{
	if (!node_is_null(v->node))
		value_each_item(v, expose_one, service);
}
