/*
 * What stands at the other end of stdin, stdout and stderr: a terminal or not, colours or not, how
 * wide. Raw mode is undone on every way out, signals included.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum ctl_style { CTL_PLAIN, CTL_BOLD, CTL_DIM, CTL_GREEN, CTL_YELLOW, CTL_RED };

bool ctl_is_terminal(FILE *f);
/* Colours on f: a terminal, no NO_COLOR in the environment (https://no-color.org), TERM not "dumb".
 */
bool ctl_colours(FILE *f);
const char *ctl_style_on(enum ctl_style style);
const char *ctl_style_off(enum ctl_style style);
/* The style of a state word: ready and the like green, failed and the like red, the rest yellow. */
enum ctl_style ctl_style_of_state(const char *word);

/* Size of the terminal on fd; 24 by 80 when it cannot be told. */
void ctl_terminal_size(int fd, uint16_t *ret_rows, uint16_t *ret_columns);

/* Put the terminal on fd into raw mode until ctl_terminal_restore(), exit(), or a deadly signal. */
int ctl_terminal_raw(int fd, struct sp_err *err);
void ctl_terminal_restore(void); /* safe when nothing was changed, and in a signal handler */
