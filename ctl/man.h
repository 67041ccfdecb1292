/* The man page ctl(1), made from the commands' rows. */
#pragma once

#include <stdio.h>

void ctl_man_write(FILE *out);
