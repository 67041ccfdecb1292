/*
 * A thread that renews the locks of the operations that are queued or run here, at a third of their
 * time. One that cannot be renewed is stopped: it talks to no agent any more, and the store refuses
 * what it writes. It also frees locks whose time is up.
 */
#pragma once

#include "base/err.h"

struct control;
struct lease_keeper;

int lease_keeper_new(struct control *c, struct lease_keeper **ret, struct sp_err *err);
void lease_keeper_free(struct lease_keeper *k); /* takes NULL */
void lease_keeper_kick(struct lease_keeper *k); /* a lock was taken away: look at once */
