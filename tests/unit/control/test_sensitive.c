/* What is taken for a secret, and what is not; and what a diff shows of both. */
#include "control/stack/sensitive.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "control/stack/spec_diff.h"

static struct sp_err err;

static bool named(const char *name)
{
	return sensitive_name(name, strlen(name));
}

Test(sensitive, names_that_tell_are_known_in_any_spelling)
{
	cr_expect(named("DB_PASSWORD"));
	cr_expect(named("apiToken"));
	cr_expect(named("client-secret"));
	cr_expect(named("SIGNING_KEY"));
	cr_expect(named("AWS_ACCESS_KEY_ID"));
	cr_expect(named("MYSQL_PWD"));
}

Test(sensitive, names_that_only_sound_alike_are_shown)
{
	cr_expect_not(named("PWD"));
	cr_expect_not(named("KEYBOARD"));
	cr_expect_not(named("LOG_LEVEL"));
	cr_expect_not(named("MONKEY"));
	cr_expect_not(named("COMPASS"));
}

Test(sensitive, values_are_known_by_urls_options_and_secret_files)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *spec =
		json_loads("{\"files\": [{\"target\": \"/s\", \"content\": \"aHVudGVyMgo=\","
			   " \"secret\": true}]}",
			   0, NULL);
	static const struct {
		const char *value;
		bool hidden;
	} rows[] = {
		{ "\"postgres://u:pw@db/x\"", true },
		{ "\"postgres://u@db:5432/x\"", false },
		{ "\"http://db:80/a@b\"", false },
		{ "[\"run\", \"--password\", \"x\"]", true },
		{ "[\"run\", \"--token=x\"]", true },
		{ "[\"run\", \"--mode\", \"x\"]", false },
		{ "\"is hunter2 here\"", true },
		{ "\"hunter\"", false },
		{ "17", false },
	};

	cr_assert_eq(sensitive_add_spec(&s, spec, &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		autojson json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);

		cr_expect_eq(sensitive_value(&s, value), rows[i].hidden, "%s", rows[i].value);
	}
}

Test(spec_diff, names_each_field_by_its_path)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *was = json_loads(
		"{\"id\": \"a\", \"environment\": [\"A=1\", \"B=2\"], \"address\": \"10.0.0.1\","
		" \"ports\": [{\"host_port\": 80, \"container_port\": 8080}],"
		" \"limits\": {\"pids_max\": 5}}",
		0, NULL);
	autojson json_t *is = json_loads(
		"{\"id\": \"b\", \"environment\": [\"A=1\", \"C=3\"],"
		" \"ports\": [{\"host_port\": 80, \"container_port\": 8081}],"
		" \"limits\": {\"pids_max\": 6}, \"mounts\": [{\"type\": \"tmpfs\", \"target\": \"/t\"}]}",
		0, NULL);
	autojson json_t *changes = NULL;
	autofree char *text = NULL;

	cr_assert_eq(spec_diff(was, is, &s, &changes, &err), 0);
	text = sp_json_canonical(changes);
	cr_expect_str_eq(text,
			 "[{\"before\":\"2\",\"path\":\"environment.B\"},"
			 "{\"after\":\"3\",\"path\":\"environment.C\"},"
			 "{\"after\":6,\"before\":5,\"path\":\"limits.pids_max\"},"
			 "{\"after\":\"tmpfs\",\"path\":\"mounts./t.type\"},"
			 "{\"after\":8081,\"before\":8080,\"path\":\"ports.0.0.0.0:80/tcp\"}]",
			 "%s", text);
}

Test(spec_diff, shows_the_digest_of_a_config_and_nothing_of_a_secret)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *is =
		json_loads("{\"files\": [{\"target\": \"/c\", \"content\": \"eA==\"},"
			   " {\"target\": \"/s\", \"content\": \"eQ==\", \"secret\": true}]}",
			   0, NULL);
	autojson json_t *changes = NULL;

	cr_assert_eq(spec_diff(NULL, is, &s, &changes, &err), 0);
	cr_assert_eq(json_array_size(changes), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 0), "after")),
			 "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 1), "after")),
			 SENSITIVE_SHOWN);
}
