/* Signals by name, as stack files, images and requests write them. */
#pragma once

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3": the number, or -1. */
int sp_signal_parse(const char *name);

/* "SIGTERM"; "SIG?" for a number without a name. Static, except real-time signals, which all read
 * "SIGRT". */
const char *sp_signal_name(int number);
