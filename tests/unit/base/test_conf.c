/* Configuration files: fallbacks, every type, and errors with file and line. */
#include "base/conf.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/time.h"

struct conf {
	char *name;
	int64_t port, wait_ns;
	bool strict;
	uint64_t size_bytes;
};

static const struct sp_conf_key keys[] = {
	{ "name", SP_CONF_STR, offsetof(struct conf, name), "node", 0, 0, "name of the node" },
	{ "port", SP_CONF_INT, offsetof(struct conf, port), "7701", 1, 65535, "TCP port" },
	{ "wait", SP_CONF_DURATION, offsetof(struct conf, wait_ns), "2s", 1, 60 * SP_NS_PER_S,
	  "how long to wait" },
	{ "strict", SP_CONF_BOOL, offsetof(struct conf, strict), "true", 0, 0,
	  "refuse what cannot be enforced" },
	{ "size", SP_CONF_BYTES, offsetof(struct conf, size_bytes), "10m", 0, 0, "log size" },
	SP_CONF_END,
};

static int load(const char *text, struct conf *conf, struct sp_err *err)
{
	char path[] = "/tmp/sp-test-conf-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC), r;

	cr_assert_geq(fd, 0);
	cr_assert_eq(sp_write_all(fd, text, strlen(text)), 0);
	close(fd);
	r = sp_conf_load(keys, conf, path, err);
	unlink(path);
	return r;
}

Test(conf, fallbacks_hold_without_a_file)
{
	struct conf c = { 0 };

	cr_assert_eq(sp_conf_load(keys, &c, NULL, NULL), 0);
	cr_expect_str_eq(c.name, "node");
	cr_expect_eq(c.port, 7701);
	cr_expect_eq(c.wait_ns, 2 * SP_NS_PER_S);
	cr_expect(c.strict);
	cr_expect_eq(c.size_bytes, 10 << 20);
	sp_conf_fini(keys, &c);
	cr_expect_null(c.name);
}

Test(conf, a_file_overrides_with_quotes_and_comments)
{
	struct conf c = { 0 };
	struct sp_err err = { 0 };

	cr_assert_eq(
		load("# top\n\n name = \"a # b\" # why\nport=80 # web\nstrict = false\nwait = 500ms\nsize = 1k",
		     &c, &err),
		0, "%s", err.message);
	cr_expect_str_eq(c.name, "a # b");
	cr_expect_eq(c.port, 80);
	cr_expect(!c.strict);
	cr_expect_eq(c.size_bytes, 1024);
	sp_conf_fini(keys, &c);
}

Test(conf, every_mistake_has_its_line)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "\nprot = 1\n", ":2: unknown key 'prot'; did you mean 'port'" },
		{ "port = 0\n", ":1: port: '0' is outside of what it allows" },
		{ "port = 80x\n", ":1: port: '80x' is not a whole number" },
		{ "port = 1\nport = 2\n", ":2: 'port' is set twice" },
		{ "strict = yes\n", ":1: strict: 'yes' is neither true nor false" },
		{ "name = \"open\n", ":1: the quote is not closed" },
		{ "name = \"a\" b\n", ":1: 'b' after the closing quote" },
		{ "name\n", ":1: 'name' is not `key = value`" },
		{ "wait = 5\n", ":1: wait: '5' is not a duration" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_err err = { 0 };
		struct conf c = { 0 };

		cr_expect_lt(load(rows[i].text, &c, &err), 0, "%s", rows[i].text);
		cr_expect(strstr(err.message, rows[i].part), "%s: %s", rows[i].text, err.message);
		sp_conf_fini(keys, &c);
	}
}

Test(conf, a_missing_file_is_an_error)
{
	struct conf c = { 0 };
	struct sp_err err = { 0 };

	cr_expect_lt(sp_conf_load(keys, &c, "/nonexistent/agentd.conf", &err), 0);
	cr_expect(strstr(err.message, "/nonexistent/agentd.conf"));
	sp_conf_fini(keys, &c);
}

Test(conf, what_is_printed_can_be_read_again)
{
	struct conf a = { 0 }, b = { 0 };
	struct sp_err err = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert_eq(sp_conf_load(keys, &a, NULL, NULL), 0);
	cr_assert_eq(sp_conf_set(keys, &a, "name", "w1", NULL), 0);
	cr_expect_lt(sp_conf_set(keys, &a, "nmae", "w1", &err), 0);
	sp_conf_print(keys, &a, out);
	fclose(out);
	cr_assert_eq(load(text, &b, &err), 0, "%s", err.message);
	cr_expect_str_eq(b.name, "w1");
	cr_expect_eq(b.wait_ns, a.wait_ns);
	cr_expect_eq(b.size_bytes, a.size_bytes);
	free(text);
	sp_conf_fini(keys, &a);
	sp_conf_fini(keys, &b);
}
