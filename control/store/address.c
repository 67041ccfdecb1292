/* Addresses of workloads in their node's subnet: rows, so that they outlive everything. */
#include "control/store/node.h"

#define HOST_FIRST 2 /* .1 is the bridge */
#define HOST_LAST  254

struct request {
	const char *node, *workload;
	int host;
};

/* 1 and the host part when the workload has an address there. */
static int find_taken(struct store *s, struct request *q, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT host FROM addresses WHERE node = $1 AND workload = $2",
			  DB_S(q->node), DB_S(q->workload));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		q->host = (int)db_number(rows, 0);
	return r;
}

static int find_free(struct store *s, struct request *q, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT host FROM addresses WHERE node = $1 ORDER BY host",
			  DB_S(q->node));

	if (r < 0)
		return r;
	q->host = HOST_FIRST;
	while ((r = db_next(rows, err)) > 0 && db_number(rows, 0) == q->host)
		q->host++;
	if (r < 0)
		return r;
	if (q->host > HOST_LAST)
		return sp_fail(err, SP_E_UNPLACEABLE, "the subnet of node '%s' is full", q->node);
	return 0;
}

static int take(struct store *s, void *state, struct sp_err *err)
{
	struct request *q = state;
	int r = find_taken(s, q, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = find_free(s, q, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO addresses (node, workload, host) VALUES ($1, $2, $3)",
			     DB_S(q->node), DB_S(q->workload), DB_I(q->host));
	return r < 0 ? r : 0;
}

int store_address_take(struct store *s, const char *node, const char *workload, int *ret_host,
		       struct sp_err *err)
{
	struct request q = { .node = node, .workload = workload };
	int r = store_transact(s, take, &q, err);

	if (r == 0)
		*ret_host = q.host;
	return r;
}

int store_address_free(struct store *s, const char *node, const char *workload, struct sp_err *err)
{
	int r = store_write(s, err, "DELETE FROM addresses WHERE node = $1 AND workload = $2",
			    DB_S(node), DB_S(workload));

	return r < 0 ? r : 0;
}
