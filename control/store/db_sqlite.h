/* What the files of the SQLite driver share: the connection and the statements it keeps. */
#pragma once

#include <sqlite3.h>

#include "base/mem.h"
#include "control/store/db.h"

#define LITE_STATEMENTS_MAX 96

struct lite_statement {
	const char *sql;
	sqlite3_stmt *stmt;
	bool busy;
};

struct lite {
	struct db db;
	sqlite3 *handle;
	const char *opening; /* its path, while it is opened */
	struct lite_statement cache[LITE_STATEMENTS_MAX];
	size_t n_cached;
};

int lite_refuse(struct lite *c, int rc, struct sp_err *err);

int lite_write(struct db *db, const char *sql, const struct db_value *args, struct sp_err *err);
int lite_select(struct db *db, const char *sql, const struct db_value *args, struct db_rows **ret,
		struct sp_err *err);
int lite_next(struct db_rows *rows, struct sp_err *err);
const char *lite_text(const struct db_rows *rows, int column);
int64_t lite_number(const struct db_rows *rows, int column);
int lite_columns(const struct db_rows *rows);
const char *lite_column(const struct db_rows *rows, int column);
bool lite_is_number(const struct db_rows *rows, int column);
void lite_end(struct db_rows *rows);
