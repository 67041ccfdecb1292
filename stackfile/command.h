/* `command` and `entrypoint`: a list of arguments, or one string that is split into shell words. */
#pragma once

#include "stackfile/reader.h"

/* char **: NULL (nothing given, or null) leaves it to the image; "" and [] clear it. */
void read_command(const struct value *v, void *field);
