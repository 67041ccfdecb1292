/* Images of this node: making them ready, and removing what nothing needs. */
#pragma once

#include "agentd/agent.h"

void images_end_all(struct agent *a); /* the agent stops: unpacks are ended */
