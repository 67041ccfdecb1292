/* The table of the top level's `x-stackpilot`; each noun has its own file. */
#include "stackfile/extension.h"

#include "base/str.h"
#include "stackfile/drift_ignore.h"
#include "stackfile/keys.h"
#include "stackfile/outputs.h"
#include "stackfile/policy.h"
#include "stackfile/requires.h"
#include "stackfile/scalar.h"
#include "stackfile/tasks.h"

static const struct key extension_keys[] = {
	{ "policy", read_policy, offsetof(struct stack, policy),
	  "what an operation on the stack does besides its work" },
	{ "tasks", read_tasks, 0, "containers that run to their end in each deploy" },
	{ "outputs", read_outputs, 0, "what the stack tells other stacks and people" },
	{ "requires", read_requires, 0,
	  "stacks that have to run before this one: a list, or a map with their outputs" },
	{ "drift", read_drift, 0, "which differences are no drift" },
	{ "ttl", read_lifetime, offsetof(struct stack, ttl_ns),
	  "so long after its last deploy controld destroys the stack, but for its volumes: `72h`;"
	  " default: never" },
};
KEY_TABLE(keys_extension, "x-stackpilot", extension_keys, false);

void read_extension(const struct value *v, void *stack)
{
	key_table_read(&keys_extension, v, stack);
}
