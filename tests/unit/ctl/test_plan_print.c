/* A plan as people see it: grouped, aligned, and nothing they need not read. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "ctl/plan.h"

static const char document[] =
	"{\"stack\": \"demo\", \"serial\": 4, \"summary\": {\"create\": 1, \"update\": 1, \"remove\": 1,"
	" \"unchanged\": 2, \"pull\": 1, \"changes\": true}, \"actions\": ["
	"{\"id\": \"pull/worker2/api:2\", \"kind\": \"pull\", \"sign\": \"+\", \"resource\": \"image\","
	" \"name\": \"api:2\", \"node\": \"worker2\", \"reason\": \"demo-api-2 needs it\"},"
	"{\"id\": \"start/demo-db-1\", \"kind\": \"update\", \"sign\": \"~\", \"resource\": \"workload\","
	" \"name\": \"demo-db-1\", \"node\": \"worker1\", \"reason\": \"environment changed\","
	" \"changes\": [{\"path\": \"environment.MODE\", \"before\": \"a\", \"after\": \"b\"},"
	" {\"path\": \"image_digest\", \"before\":"
	" \"sha256:1111111111111111111111111111111111111111111111111111111111111111\", \"after\":"
	" \"sha256:2222222222222222222222222222222222222222222222222222222222222222\"},"
	" {\"path\": \"stop_grace_ns\", \"after\": 2000000000}]},"
	"{\"id\": \"start/demo-api-2\", \"kind\": \"create\", \"sign\": \"+\", \"resource\": \"workload\","
	" \"name\": \"demo-api-2\", \"node\": \"worker2\", \"reason\": \"it is new\","
	" \"placement\": [{\"node\": \"worker1\", \"chosen\": false, \"reason\": \"has 1 replica of 'api'\"},"
	" {\"node\": \"worker2\", \"chosen\": true, \"reason\": \"has most room of 2 that fit\"}],"
	" \"changes\": [{\"path\": \"image\", \"after\": \"api:2\"}, {\"path\": \"user\", \"after\": \"7\"}]},"
	"{\"id\": \"ready/demo-api-2\", \"kind\": \"ready\", \"sign\": \" \", \"resource\": \"workload\","
	" \"name\": \"demo-api-2\", \"node\": \"worker2\", \"reason\": \"it has to be good\"},"
	"{\"id\": \"start/demo-db-2\", \"kind\": \"refresh\", \"sign\": \"~\", \"resource\": \"workload\","
	" \"name\": \"demo-db-2\", \"node\": \"worker1\", \"reason\": \"it learns\"},"
	"{\"id\": \"remove/worker1/demo-old-1\", \"kind\": \"remove\", \"sign\": \"-\","
	" \"resource\": \"workload\", \"name\": \"demo-old-1\", \"node\": \"worker1\","
	" \"reason\": \"it is no longer\\u001b[31m in the stack\", \"changes\": [{\"path\": \"user\", \"before\": \"7\"}]}]}";

static const char shown[] =
	"workloads\n"
	"  ~ demo-db-1   worker1  environment changed\n"
	"      ~ environment.MODE  a -> b\n"
	"      ~ image_digest      sha256:111111111111 -> sha256:222222222222\n"
	"      + stop_grace_ns     2s\n"
	"  + demo-api-2  worker2  it is new\n"
	"      + image  api:2\n"
	"        worker1 has 1 replica of 'api'\n"
	"      @ worker2 has most room of 2 that fit\n"
	"  - demo-old-1  worker1  it is no longer?[31m in the stack\n"
	"images\n"
	"  + api:2  worker2  demo-api-2 needs it\n"
	"\n"
	"plan: 1 to create, 1 to update, 1 to remove, 2 unchanged; 1 image to pull; 1 learns the "
	"others' addresses\n";

Test(plan_print, groups_aligns_and_leaves_out_what_is_no_news)
{
	autojson json_t *plan = json_loads(document, 0, NULL);
	autobuf struct sp_buf text = SP_BUF_INIT;

	cr_assert_not_null(plan);
	ctl_plan_print(plan, false, &text);
	cr_expect_str_eq(text.data, shown, "%s", text.data);
}

Test(plan_print, shows_everything_when_asked_for_wide)
{
	autojson json_t *plan = json_loads(document, 0, NULL);
	autobuf struct sp_buf text = SP_BUF_INIT;

	ctl_plan_print(plan, true, &text);
	cr_expect_not_null(strstr(
		text.data, "sha256:"
			   "1111111111111111111111111111111111111111111111111111111111111111 -> "));
	cr_expect_not_null(strstr(text.data, "      + user   7\n"));
	cr_expect_not_null(strstr(text.data, "      - user  7\n"));
	cr_expect_not_null(strstr(text.data, "~ demo-db-2"));
}

Test(plan_print, of_nothing_to_do_is_one_line)
{
	autojson json_t *plan = json_loads(
		"{\"stack\": \"demo\", \"summary\": {\"unchanged\": 3, \"changes\": false}}", 0,
		NULL);
	autobuf struct sp_buf text = SP_BUF_INIT;

	ctl_plan_print(plan, false, &text);
	cr_expect_str_eq(text.data,
			 "stack 'demo' is what its file says: nothing to do (3 unchanged)\n");
}

Test(plan_print, tells_what_the_file_says_besides)
{
	autojson json_t *plan = json_loads(
		"{\"stack\": \"demo\", \"serial\": 4, \"summary\": {\"unchanged\": 1, \"changes\": true},"
		" \"outputs\": [{\"id\": \"output zone\", \"sign\": \"~\", \"changes\":"
		" [{\"path\": \"value\", \"before\": \"eu\", \"after\": \"us\"}]}],"
		" \"policy\": [{\"id\": \"policy\", \"sign\": \"~\", \"changes\":"
		" [{\"path\": \"timeout_ns\", \"before\": 0, \"after\": 60000000000}]}]}",
		0, NULL);
	autobuf struct sp_buf text = SP_BUF_INIT;

	ctl_plan_print(plan, false, &text);
	cr_expect_str_eq(
		text.data,
		"stack 'demo': no service changes, but its file does; it becomes revision 5\n"
		"settings\n"
		"  ~ output zone\n"
		"      ~ value  eu -> us\n"
		"  ~ policy\n"
		"      ~ timeout_ns  0ms -> 1m0s\n"
		"\n"
		"plan: 0 to create, 0 to update, 0 to remove, 1 unchanged; 0 images to pull\n",
		"%s", text.data);
}
