/*
 * One body, a test for each engine: in the suite `sqlite`, `postgres`, `pgbouncer`, which whoever
 * uses this declares.
 */
#pragma once

#include <criterion/criterion.h>

#define ENGINE_TEST(suite, name) \
	Test(suite, name)        \
	{                        \
		name();          \
	}

#define ON_BOTH(name)               \
	static void name(void);     \
	ENGINE_TEST(sqlite, name)   \
	ENGINE_TEST(postgres, name) \
	static void name(void)

#define ON_ALL(name)                 \
	static void name(void);      \
	ENGINE_TEST(sqlite, name)    \
	ENGINE_TEST(postgres, name)  \
	ENGINE_TEST(pgbouncer, name) \
	static void name(void)
