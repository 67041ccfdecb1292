/* The policy of a stack; see policy.h. */
#include "stackfile/policy.h"

#include "base/str.h"
#include "base/time.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

#define DETECT_MIN_NS SP_NS_PER_S

void policy_init(struct stack_policy *p)
{
	*p = (struct stack_policy){ .on_failure = STACK_ROLLBACK,
				    .require_lock = true,
				    .create_snapshot = true,
				    .validate_before = true,
				    .detect_drift = true };
}

static void read_on_failure(const struct value *v, void *field)
{
	static const char *const words[] = { "rollback", "stop", NULL };
	int i = read_choice(v, words);

	if (i >= 0)
		*(enum stack_on_failure *)field = i ? STACK_STOP : STACK_ROLLBACK;
}

static void read_interval(const struct value *v, void *field)
{
	int64_t ns = -1;

	read_duration(v, &ns);
	if (ns >= 0 && ns < DETECT_MIN_NS)
		value_refuse(v, STACK_CODE_VALUE, "is shorter than 1s");
	else if (ns > 0)
		*(int64_t *)field = ns;
}

static const struct key policy_keys[] = {
	{ "on_failure", read_on_failure, offsetof(struct stack_policy, on_failure),
	  "`rollback` (default): back to the previous revision; `stop`: leave all as it is" },
	{ "timeout", read_duration, offsetof(struct stack_policy, timeout_ns),
	  "of one operation (deploy, restore, destroy, drift fix); default: no bound" },
	{ "require_lock", read_bool, offsetof(struct stack_policy, require_lock),
	  "every change takes the stack's lock; default `true`" },
	{ "create_snapshot", read_bool, offsetof(struct stack_policy, create_snapshot),
	  "a snapshot before each change; default `true`" },
	{ "validate_before", read_bool, offsetof(struct stack_policy, validate_before),
	  "a deploy begins with a full validation; default `true`" },
	{ "detect_drift", read_bool, offsetof(struct stack_policy, detect_drift),
	  "a deploy ends with a look for drift, which warns and reverts nothing; default `true`" },
	{ "auto_drift_detect", read_interval, offsetof(struct stack_policy, auto_drift_detect_ns),
	  "look for drift that often, such as `5m`; default: never" },
	{ "auto_drift_fix", read_bool, offsetof(struct stack_policy, auto_drift_fix),
	  "`true`: fix what is found; needs `auto_drift_detect`" },
};
KEY_TABLE(keys_policy, "x-stackpilot.policy", policy_keys, false);

void read_policy(const struct value *v, void *policy)
{
	const struct stack_policy *p = policy;

	key_table_read(&keys_policy, v, policy);
	if (p->auto_drift_fix && !p->auto_drift_detect_ns)
		value_refuse(v, STACK_CODE_MISSING,
			     "has 'auto_drift_fix' without 'auto_drift_detect'");
}
