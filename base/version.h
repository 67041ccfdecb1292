/* The version every program of the house reports. */
#pragma once

#define SP_VERSION "0.1.0"
