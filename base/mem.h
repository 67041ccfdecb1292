/*
 * Ownership vocabulary: autofree, autoclose (fd.h), auto_(x_free), take_fd (fd.h), take_ptr.
 *
 * A variable marked with one of these releases what it holds when its scope ends; take_ptr() and
 * take_fd() move the value out, so that the `return take_ptr(x)` of a constructor is the one place
 * where ownership leaves.
 */
#pragma once

#include <stdlib.h>

static inline void sp_autofree_run(void *p)
{
	free(*(void **)p);
}

#ifdef SP_CPPCHECK /* it does not know the attribute and would call every owner a leak */
#define autofree static
#else
#define autofree __attribute__((cleanup(sp_autofree_run)))
#endif

/* auto_(noun_free): call noun_free(v) at the end of the scope; define the runner once with
 * SP_AUTO(). */
#define auto_(fn) __attribute__((cleanup(fn##_run)))
#define SP_AUTO(type, fn)                    \
	static inline void fn##_run(type *p) \
	{                                    \
		if (*p)                      \
			fn(*p);              \
	}

#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define sp_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define SP_COUNT(array)                    (sizeof(array) / sizeof((array)[0]))
