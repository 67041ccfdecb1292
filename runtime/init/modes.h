/* The two things spinit does. Neither returns before its work is done; both return an exit status.
 */
#pragma once

int mode_run(void);  /* PID 1 of a new container */
int mode_exec(void); /* one more process in a running one */
