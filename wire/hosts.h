/* What /etc/hosts of a container says, in a form that both sides can compare: a set of lines
 * "address name". */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* The digest of the lines, whatever their order and however often each is there. The list is
 * sorted. */
int wire_hosts_digest(char **lines, char ret[SP_DIGEST_MAX], struct sp_err *err);
