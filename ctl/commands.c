/* The list of commands; see commands.h. */
#include "ctl/commands.h"

const struct ctl_command *const ctl_commands[] = {
#define X(id) &ctl_cmd_##id,
	CTL_COMMANDS(X)
#undef X
		NULL
};

const struct ctl_flag ctl_global_flags[] = {
	{ .name = "context",
	  .type = CTL_STRING,
	  .value = "FILE",
	  .help = "the context file: where controld is and who asks" },
	{ .name = "help", .letter = 'h', .type = CTL_BOOL, .help = "say what the command does" },
	CTL_FLAGS_END,
};
