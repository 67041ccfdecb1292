/*
 * A creation as a table of steps, each with what undoes it, run by one function.
 *
 * That function is also where faults are injected: a test makes the n-th step fail, for every n,
 * and compares fds, mounts, cgroups and processes with before.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct rt_step {
	const char *name;
	int (*run)(void *state, struct sp_err *err);
	void (*undo)(void *state); /* NULL: nothing to undo */
};

/* Run all; at the first failure undo the finished ones, last first. */
int rt_steps_run(const struct rt_step *steps, size_t n, void *state, struct sp_err *err);
/* Undo all, last first, as if the one after the last had failed. */
void rt_steps_undo(const struct rt_step *steps, size_t n, void *state);

/* Tests: the step that fails, counted from 1 over all runs from now on; 0 is none. It is done
 * before it "fails", so that its own undo is tested too. */
void rt_steps_fail_at(unsigned int n);
