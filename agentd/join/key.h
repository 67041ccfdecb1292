/* The node's key and its signing request. */
#pragma once

#include "base/err.h"

/* A fresh P-256 key and a PKCS#10 request for CN=name, O=node; both PEM on the heap. */
int join_key_make(const char *name, char **ret_key, char **ret_csr, struct sp_err *err);
