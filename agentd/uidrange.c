/* See uidrange.h. The table is small and changes rarely: one JSON file, replaced whole. */
#include "agentd/uidrange.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"

#define UIDRANGE_FILE     "uids.json"
#define UIDRANGE_FILE_MAX (1 << 20)

static bool is_taken(const struct uidrange *u, uint32_t index)
{
	return u->map[index / 64] >> (index % 64) & 1;
}

static void mark(struct uidrange *u, uint32_t index, bool taken)
{
	uint64_t bit = UINT64_C(1) << (index % 64);

	u->map[index / 64] = taken ? u->map[index / 64] | bit : u->map[index / 64] & ~bit;
}

static int save(const struct uidrange *u, struct sp_err *err)
{
	autofree char *text = sp_json_canonical(u->taken);

	if (!text)
		return sp_fail_nomem(err);
	return sp_file_replace_at(u->dirfd, UIDRANGE_FILE, text, strlen(text), 0600, err);
}

static int mark_all(struct uidrange *u, struct sp_err *err)
{
	const char *id;
	json_t *value;

	json_object_foreach (u->taken, id, value) {
		json_int_t index = json_is_integer(value) ? json_integer_value(value) : -1;

		if (index < 0 || index >= UIDRANGE_MAX || is_taken(u, (uint32_t)index))
			return sp_fail(err, SP_E_CORRUPT, "'" UIDRANGE_FILE "': range of '%s'", id);
		mark(u, (uint32_t)index, true);
	}
	return 0;
}

int uidrange_open(struct uidrange *u, int dirfd, uint32_t first, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_err why = { 0 };
	int r = sp_file_read_at(dirfd, UIDRANGE_FILE, UIDRANGE_FILE_MAX, &text, &why);

	*u = (struct uidrange){ .dirfd = dirfd, .first = first };
	if (r == -ENOENT) {
		u->taken = json_object();
		return u->taken ? 0 : sp_fail_nomem(err);
	}
	if (r == 0)
		r = sp_json_parse(text.data ? text.data : "", text.len, &u->taken, &why);
	if (r < 0)
		return sp_fail(err, SP_E_CORRUPT, "'" UIDRANGE_FILE "': %s", why.message);
	r = json_is_object(u->taken) ? mark_all(u, err)
				     : sp_fail(err, SP_E_CORRUPT, "'" UIDRANGE_FILE "'");
	if (r < 0)
		uidrange_close(u);
	return r;
}

void uidrange_close(struct uidrange *u)
{
	json_decref(u->taken);
	u->taken = NULL;
}

static int take_new(struct uidrange *u, const char *id, uint32_t *ret_index, struct sp_err *err)
{
	uint32_t index = 0;
	int r;

	while (index < UIDRANGE_MAX && is_taken(u, index))
		index++;
	if (index == UIDRANGE_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "all %d uid ranges are taken", UIDRANGE_MAX);
	if (json_object_set_new(u->taken, id, json_integer(index)) < 0)
		return sp_fail_nomem(err);
	r = save(u, err);
	if (r < 0) {
		json_object_del(u->taken, id);
		return r;
	}
	mark(u, index, true);
	*ret_index = index;
	return 0;
}

int uidrange_take(struct uidrange *u, const char *id, uint32_t *ret_first, struct sp_err *err)
{
	json_t *value = json_object_get(u->taken, id);
	uint32_t index = value ? (uint32_t)json_integer_value(value) : 0;
	int r = value ? 0 : take_new(u, id, &index, err);

	if (r < 0)
		return r;
	*ret_first = u->first + index * UIDRANGE_SIZE;
	return 0;
}

int uidrange_give_back(struct uidrange *u, const char *id, struct sp_err *err)
{
	json_t *value = json_object_get(u->taken, id);
	uint32_t index;
	int r;

	if (!value)
		return 0;
	index = (uint32_t)json_integer_value(value);
	json_object_del(u->taken, id);
	r = save(u, err);
	if (r < 0) {
		json_object_set_new(u->taken, id, json_integer(index));
		return r;
	}
	mark(u, index, false);
	return 0;
}
