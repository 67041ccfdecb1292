/* The pieces of wire_workload_decode(), split by file. Private to wire/. */
#pragma once

#include "base/json.h"
#include "wire/workload.h"

#define WIRE_FILE_MAX (1 << 20) /* bytes of one config or secret */

typedef bool (*wire_check_fn)(const char *s);
typedef void (*wire_item_fn)(struct sp_json_reader *r, void *item);

/* Heap copies of strings that pass check (NULL: anything); what names the grammar in the message.
 */
char *wire_copy(struct sp_json_reader *r, const char *key, const char *s, wire_check_fn check,
		const char *what);
char *wire_opt(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what);
char *wire_need(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what);
char **wire_strv(struct sp_json_reader *r, const char *key, wire_check_fn check, const char *what);
int wire_enum(struct sp_json_reader *r, const char *key, const char *const *names, int fallback);

/* A list of objects: item() fills one zeroed element of `size` bytes from a reader of its own. The
 * count grows before item() runs, so that a half-built element is freed with the rest. */
void *wire_list(struct sp_json_reader *r, const char *key, size_t size, wire_item_fn item,
		size_t *ret_n);
/* The same with a bound of its own, instead of WIRE_LIST_MAX. */
struct wire_items {
	size_t size, max;
	wire_item_fn item;
};
void *wire_long_list(struct sp_json_reader *r, const char *key, const struct wire_items *of,
		     size_t *ret_n);
/* An object of strings as pairs. */
struct wire_pair *wire_pairs(struct sp_json_reader *r, const char *key, wire_check_fn check_key,
			     size_t *ret_n);

void wire_mount_item(struct sp_json_reader *r, void *item);
void wire_file_item(struct sp_json_reader *r, void *item);
void wire_port_item(struct sp_json_reader *r, void *item);
void wire_host_item(struct sp_json_reader *r, void *item);
void wire_ulimit_item(struct sp_json_reader *r, void *item);
void wire_probe_member(struct sp_json_reader *r, const char *key, struct wire_probe *p);
void wire_limits_member(struct sp_json_reader *r, struct wire_limits *l);
