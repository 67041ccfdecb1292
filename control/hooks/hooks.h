/*
 * Telling hooks of events: threads of their own that read the outbox by cursor, so that no writer
 * ever waits for a hook and no event is lost, however many come at once and whoever is killed.
 * A hook that fails is tried again after 1 s, doubling to events.hook_retry_max; what it was told
 * when controld dies before writing that down is told again (at least once, in order).
 */
#pragma once

#include <jansson.h>

#include "base/err.h"

struct control;
struct hooks;
struct store;

/* Reads events.hooks; without any, no thread is started. */
int hooks_new(struct control *c, struct hooks **ret, struct sp_err *err);
/* As the API shows them: an array, new reference. */
int hooks_view(const struct hooks *h, struct store *s, json_t **ret, struct sp_err *err);

void hooks_free(struct hooks *h); /* ends what is being told; takes NULL */
