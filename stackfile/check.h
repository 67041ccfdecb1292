/* Checks of a whole stack: what no single key can know. */
#pragma once

#include "stackfile/reader.h"

void stack_check(struct reader *r);
