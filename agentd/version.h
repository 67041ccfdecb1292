/* The version of this build. */
#pragma once

#define AGENTD_VERSION "0.2.0"
