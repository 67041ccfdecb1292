/* Items; see items.h. */
#include "images/recipes/api/items.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS \
	"id, name, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

static int refuse(int status, const char *text, json_t **ret)
{
	*ret = json_pack("{s:s}", "error", text);
	return status;
}

static json_t *item_of_row(const PGresult *r, int row)
{
	return json_pack("{s:I, s:s, s:s}", "id",
			 (json_int_t)strtoll(PQgetvalue(r, row, 0), NULL, 10), "name",
			 PQgetvalue(r, row, 1), "created_at", PQgetvalue(r, row, 2));
}

/* 0 and the result, or the status of the reply. */
static int query(struct database *d, const char *sql, const char *arg, PGresult **ret_rows,
		 json_t **ret)
{
	PGconn *c = database_take(d);
	PGresult *r;
	int status = 0;

	if (!c)
		return refuse(503, "the database cannot be reached", ret);
	r = PQexecParams(c, sql, arg ? 1 : 0, NULL, &arg, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		*ret_rows = r;
	else
		status = refuse(503,
				PQstatus(c) == CONNECTION_OK
					? "the database did not take the statement"
					: "the database was lost during the statement",
				ret);
	if (status)
		PQclear(r);
	database_put(d, c);
	return status;
}

/* The name in {"name": "..."}, and nothing else beside it; NULL with the reason. */
static const char *name_of(json_t *body, const char **reason)
{
	json_t *name = json_object_get(body, "name");

	*reason = "the body is not {\"name\": \"...\"}";
	if (!json_is_string(name) || json_object_size(body) != 1)
		return NULL;
	*reason = "the name is empty, too long, or holds a NUL";
	if (!json_string_length(name) || json_string_length(name) > ITEM_NAME_MAX ||
	    strlen(json_string_value(name)) != json_string_length(name))
		return NULL;
	return json_string_value(name);
}

int items_add(struct database *d, const char *body, size_t len, json_t **ret)
{
	json_t *json = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *reason, *name = name_of(json, &reason);
	PGresult *rows;
	int status = name ? query(d, "INSERT INTO items (name) VALUES ($1) RETURNING " COLUMNS,
				  name, &rows, ret)
			  : refuse(400, reason, ret);

	json_decref(json);
	if (status)
		return status;
	*ret = item_of_row(rows, 0);
	PQclear(rows);
	return 201;
}

int items_list(struct database *d, json_t **ret)
{
	static const char sql[] = "SELECT * FROM (SELECT " COLUMNS
				  " FROM items ORDER BY id DESC LIMIT 1000) newest ORDER BY id";
	PGresult *rows;
	json_t *list;
	int status = query(d, sql, NULL, &rows, ret);

	_Static_assert(ITEMS_MAX == 1000, "as in the statement");
	if (status)
		return status;
	list = json_array();
	for (int i = 0; i < PQntuples(rows); i++)
		json_array_append_new(list, item_of_row(rows, i));
	PQclear(rows);
	*ret = json_pack("{s:o}", "items", list);
	return 200;
}

int items_get(struct database *d, const char *id, json_t **ret)
{
	PGresult *rows;
	int status;

	if (!*id || strlen(id) > 18 || strspn(id, "0123456789") != strlen(id))
		return refuse(404, "no such item", ret);
	status = query(d, "SELECT " COLUMNS " FROM items WHERE id = $1::bigint", id, &rows, ret);
	if (status)
		return status;
	if (PQntuples(rows) == 1) {
		*ret = item_of_row(rows, 0);
		status = 200;
	} else {
		status = refuse(404, "no such item", ret);
	}
	PQclear(rows);
	return status;
}
