/* hooks.json as it is read: what a hook asks to be told, and what is refused. */
#include "base/json.h"
#include "tests/unit/control/hooks_control.h"

Test(hooks, a_hook_is_told_only_what_it_asked_for)
{
	static const struct {
		const char *hook, *type, *stack;
		bool wanted;
	} cases[] = {
		{ "", "lock.acquired", "demo", true },
		{ ", \"types\": [\"lock.\"]", "lock.acquired", "demo", true },
		{ ", \"types\": [\"lock.\"]", "locksmith.came", "demo", false },
		{ ", \"types\": [\"lock.acquired\"]", "lock.acquired.twice", "demo", false },
		{ ", \"types\": [\"node.\", \"lock.released\"]", "lock.released", "", true },
		{ ", \"stacks\": [\"demo\"]", "lock.acquired", "demo", true },
		{ ", \"stacks\": [\"demo\"]", "lock.acquired", "other", false },
		{ ", \"stacks\": [\"demo\"], \"types\": [\"node.\"]", "lock.acquired", "demo",
		  false },
		{ ", \"types\": []", "lock.acquired", "demo", false },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autojson json_t *event =
			json_pack("{s:s, s:s}", "type", cases[i].type, "stack", cases[i].stack);
		struct hooks_read read;
		char json[256];

		snprintf(json, sizeof(json), "[{\"name\": \"a\", \"exec\": [\"/bin/true\"]%s}]",
			 cases[i].hook);
		write_hooks(json);
		cr_assert_eq(hooks_read(control.config.hooks, &read, &err), 0, "%s", err.message);
		cr_expect_eq(hook_wants(&read.list[0], event), cases[i].wanted, "case %zu", i);
		hooks_read_fini(&read);
	}
}

Test(hooks, a_file_that_makes_no_sense_is_refused_with_its_address)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "{}", "hooks are a list" },
		{ "[1]", "[0]: a hook is an object" },
		{ "[{\"name\": \"a\"}]", "[0].exec: a hook has either exec or post" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"], \"post\": \"http://h/\"}]",
		  "[0].exec: a hook has either exec or post" },
		{ "[{\"name\": \"a\", \"exec\": [\"x\"]}]",
		  "[0].exec: the command is the absolute path" },
		{ "[{\"name\": \"../a\", \"exec\": [\"/x\"]}]", "[0].name: '../a' is no name" },
		{ "[{\"name\": \"a\", \"post\": \"ftp://h/\"}]",
		  "[0].post: URL 'ftp://h' does not begin with http://" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"], \"tipes\": []}]", "tipes" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"]}, {\"name\": \"a\", \"exec\": [\"/x\"]}]",
		  "[1].name: 'a' is there twice" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		struct hooks_read read;

		write_hooks(cases[i].json);
		cr_expect_lt(hooks_read(control.config.hooks, &read, &err), 0, "case %zu", i);
		cr_expect(strstr(err.message, cases[i].message), "case %zu: %s", i, err.message);
		cr_expect(strstr(err.message, "hooks.json"), "case %zu: %s", i, err.message);
	}
}

/* Found out when the file is read, not when there is something to tell; and not told to others. */
Test(hooks, an_address_that_could_not_be_asked_is_refused_without_its_secrets)
{
	static const struct {
		const char *post, *message;
	} cases[] = {
		{ "h/hunter2", "URL 'h' does not begin with http://" },
		{ "htps://user:hunter2@h/", "with a user name" },
		{ "htps://hunter2@h/", "with a user name" },
		{ "https://user:hunter2/2@h", "URL 'https://user' has no" },
		{ "https://user:hunter2@h/", "with a user name" },
		{ "https://h:99999/hunter2", "URL 'https://h' has no host and port" },
		{ "https://h:/hunter2", "has no host and port" },
		{ "https:///hunter2", "has no host and port" },
		{ "https://[::1/hunter2", "has no host and port" },
		{ "https://h?token=hunter2", "URL 'https://h' has a query" },
		{ "https://h/hunter2 x", "has a path that cannot be asked for" },
		{ "https://h h/hunter2", "has a blank in it" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		struct hooks_read read;
		char json[256];

		snprintf(json, sizeof(json), "[{\"name\": \"a\", \"post\": \"%s\"}]",
			 cases[i].post);
		write_hooks(json);
		cr_expect_lt(hooks_read(control.config.hooks, &read, &err), 0, "case %zu", i);
		cr_expect(strstr(err.message, "[0].post: "), "case %zu: %s", i, err.message);
		cr_expect(strstr(err.message, cases[i].message), "case %zu: %s", i, err.message);
		cr_expect_not(strstr(err.message, "hunter2"), "case %zu: %s", i, err.message);
	}
}
