/* A fresh pseudo-terminal of the container's own devpts. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct pty {
	int master, peer;
};

/* The peer is opened through the master (TIOCGPTPEER), never by a name (CVE-2025-52565). */
int pty_open(int root, uid_t owner, uint32_t rows, uint32_t columns, struct pty *ret,
	     struct sp_err *err);
