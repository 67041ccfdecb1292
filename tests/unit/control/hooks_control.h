/* A controld that has just its hooks: a store, events that are appended, and hooks.json. */
#pragma once

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/time.h"
#include "control/control.h"
#include "control/hooks/hook.h"
#include "control/hooks/hooks.h"
#include "control/store/event.h"
#include "control/store/hook.h"
#include "tests/unit/control/scratch.h"

#define WAIT_MS 30000

static struct control control;
static struct store *store;
static struct sp_err err;

static inline void write_hooks(const char *json)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hooks.json", scratch_dir);
	cr_assert_eq(sp_file_swap_at(AT_FDCWD, path, json, strlen(json), 0600, &err), 0);
	cr_assert_eq(sp_conf_set(config_keys, &control.config, "events.hooks", path, &err), 0);
}

static inline void control_start(void)
{
	struct store_pool_conf conf = { .url = scratch_url(), .seal = scratch_seal() };

	control.watch = watch_new();
	conf.on_commit = watch_hint;
	conf.owner = control.watch;
	snprintf(control.runner, sizeof(control.runner), "test");
	cr_assert_eq(store_pool_new(&conf, &control.stores, &err), 0, "%s", err.message);
}

static inline void setup(void)
{
	signal(SIGPIPE, SIG_IGN); /* as controld does: a command need not read */
	scratch_make_fast();
	cr_assert_eq(config_load(&control.config, NULL, &err), 0);
	cr_assert_eq(
		sp_conf_set(config_keys, &control.config, "events.hook_retry_max", "20ms", &err),
		0);
	control_start();
	cr_assert_eq(store_pool_take(control.stores, &store, &err), 0);
}

static inline void teardown(void)
{
	store_pool_give(control.stores, store);
	store_pool_free(control.stores);
	watch_free(control.watch);
	config_fini(&control.config);
	scratch_remove();
}

TestSuite(hooks, .init = setup, .fini = teardown, .timeout = 120);

static inline void append(const char *type, int n)
{
	for (int i = 0; i < n; i++) {
		struct store_event e = { .type = type, .stack = "demo", .message = "m" };

		cr_assert_eq(store_event_append(store, &e, &err), 0, "%s", err.message);
	}
}

/* What the store says of the hook, a moment later. */
static inline struct store_hook later(void)
{
	struct store_hook row = { 0 };

	usleep(2000);
	store_hook_get(store, "keep", &row, NULL);
	return row;
}

/* The first look makes the row: what comes after it is told. */
static inline void await_row(void)
{
	struct store_hook row;

	for (int i = 0; store_hook_get(store, "keep", &row, NULL) < 0; i++) {
		cr_assert_lt(i, WAIT_MS / 5);
		usleep(5000);
	}
}
