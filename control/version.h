/* The version of this tree, as every program of it says. */
#pragma once

#define CONTROL_VERSION "0.1.0"
