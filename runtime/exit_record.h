/* `exit` in a container's directory, as spinit writes it; see runtime/init/reap.c. */
#pragma once

#include "runtime/exit.h"

#define RT_EXIT_FILE       "exit"
#define RT_EXIT_RECORD_MAX 128

/* A fresh, empty record, for spinit to write into. */
int rt_exit_record_make(int dirfd, struct sp_err *err);
/* 1: *ret is set; 0: nothing was recorded. */
int rt_exit_record_read(int dirfd, struct rt_exit *ret, struct sp_err *err);
