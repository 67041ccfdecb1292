/* Statements with parameters and their rows, which arrive whole; see db_postgres.h. */
#include <assert.h>
#include <stdlib.h>

#include "control/store/db_postgres.h"

#define NUMBER_MAX   24 /* a 64-bit number in decimal */
#define TYPE_INT8    20 /* pg_type.oid, fixed by PostgreSQL's catalog */
#define TYPE_TEXT    25
#define TYPE_UNKNOWN 0

struct args {
	struct pg_args pg;
	char numbers[PG_ARGS_MAX][NUMBER_MAX];
};

struct rows {
	struct db_rows rows;
	PGresult *result;
	int at;
};

static void fill_args(struct args *a, const struct db_value *list)
{
	struct pg_args *to = &a->pg;

	for (to->n = 0; list[to->n].type != DB_END; to->n++) {
		const struct db_value *v = &list[to->n];
		char *number = a->numbers[to->n];

		assert(to->n < PG_ARGS_MAX);
		to->types[to->n] = TYPE_UNKNOWN;
		to->values[to->n] = NULL;
		if (v->type == DB_INT) {
			snprintf(number, NUMBER_MAX, "%lld", (long long)v->i);
			to->types[to->n] = TYPE_INT8;
			to->values[to->n] = number;
		} else if (v->type == DB_TEXT) {
			to->types[to->n] = TYPE_TEXT;
			to->values[to->n] = v->s;
		}
	}
}

static int run(struct pg *pg, const char *sql, const struct db_value *list, PGresult **ret,
	       struct sp_err *err)
{
	struct args a;
	ExecStatusType status;
	int r = pg_connect(pg, err);

	if (r < 0)
		return r;
	fill_args(&a, list);
	*ret = pg_ask(pg, sql, &a.pg);
	status = PQresultStatus(*ret);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return 0;
	return pg_refuse(pg, *ret, err);
}

int pg_write(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err)
{
	auto_(pg_result_free) PGresult *result = NULL;
	int r = run(pg_of(db), sql, args, &result, err);

	return r < 0 ? r : (int)strtol(PQcmdTuples(result), NULL, 10);
}

int pg_select(struct db *db, const char *sql, const struct db_value *args, struct db_rows **ret,
	      struct sp_err *err)
{
	auto_(pg_result_free) PGresult *result = NULL;
	struct rows *use;
	int r = run(pg_of(db), sql, args, &result, err);

	if (r < 0)
		return r;
	use = calloc(1, sizeof(*use));
	if (!use)
		return sp_fail_nomem(err);
	*use = (struct rows){ .rows.driver = &db_postgres, .at = -1 };
	use->result = take_ptr(result);
	*ret = &use->rows;
	return 0;
}

static const struct rows *rows_of(const struct db_rows *base)
{
	return sp_container_of(base, const struct rows, rows);
}

int pg_next(struct db_rows *base, struct sp_err *err)
{
	struct rows *use = sp_container_of(base, struct rows, rows);

	(void)err;
	return ++use->at < PQntuples(use->result);
}

const char *pg_text(const struct db_rows *base, int column)
{
	const struct rows *use = rows_of(base);

	if (PQgetisnull(use->result, use->at, column))
		return NULL;
	return PQgetvalue(use->result, use->at, column);
}

int64_t pg_number(const struct db_rows *base, int column)
{
	const char *text = pg_text(base, column);

	return text ? strtoll(text, NULL, 10) : 0;
}

int pg_columns(const struct db_rows *base)
{
	return PQnfields(rows_of(base)->result);
}

const char *pg_column(const struct db_rows *base, int column)
{
	return PQfname(rows_of(base)->result, column);
}

bool pg_is_number(const struct db_rows *base, int column)
{
	return PQftype(rows_of(base)->result, column) == TYPE_INT8;
}

void pg_end(struct db_rows *base)
{
	struct rows *use = sp_container_of(base, struct rows, rows);

	PQclear(use->result);
	free(use);
}
