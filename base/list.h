/*
 * Intrusive doubly linked list. The link lives in the element, so adding and removing never fail; a
 * list owns nothing. An element that is in no list has its link initialised by sp_list_init() and
 * points at itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct sp_list {
	struct sp_list *next;
	struct sp_list *prev;
};

#define SP_LIST_INIT(l)    \
	{                  \
		&(l), &(l) \
	}

static inline void sp_list_init(struct sp_list *l)
{
	l->next = l->prev = l;
}

static inline bool sp_list_empty(const struct sp_list *l)
{
	return l->next == l;
}

static inline void sp_list_insert_before(struct sp_list *at, struct sp_list *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

static inline void sp_list_append(struct sp_list *list, struct sp_list *node)
{
	sp_list_insert_before(list, node);
}

static inline void sp_list_remove(struct sp_list *node) /* safe on a node that is in no list */
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	sp_list_init(node);
}

/* The loop body may remove the current element, but no other. */
#define SP_LIST_EACH(list, var, member)                                                         \
	for (struct sp_list *it_ = (list)->next, *next_ = it_->next;                            \
	     it_ != (list) && ((var) = sp_container_of(it_, __typeof__(*(var)), member), true); \
	     it_ = next_, next_ = it_->next)
