/* URLs as people may see them: whatever else, never their passwords. */
#include "base/url.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const urls[][2] = {
	{ "", "" },
	{ "sqlite:/var/lib/store.db", "sqlite:/var/lib/store.db" },
	{ "postgresql://db.example/shop", "postgresql://db.example/shop" },
	{ "postgresql://db.example:5432/shop", "postgresql://db.example:5432/shop" },
	{ "postgresql://ann@db.example/shop", "postgresql://ann@db.example/shop" },
	{ "postgresql://ann:hunter2@db.example:5432/shop?sslmode=require",
	  "postgresql://ann:***@db.example:5432/shop?sslmode=require" },
	{ "postgresql:///sp?host=/run&password=pw", "postgresql:///sp?host=/run&password=***" },
	{ "postgresql://:hunter2@db.example", "postgresql://:***@db.example" },
	{ "postgresql://ann:hun/ter@2@db.example/shop", "postgresql://ann:***@db.example/shop" },
	{ "postgresql://ann:hunter2@db1,db2:5433/shop", "postgresql://ann:***@db1,db2:5433/shop" },
	{ "postgresql:///shop?host=/run&user=ann&password=hunter2&sslpassword=hunter2",
	  "postgresql:///shop?host=/run&user=ann&password=***&sslpassword=***" },
	{ "postgresql:///shop?password=", "postgresql:///shop?password=***" },
	{ "postgresql:///shop?password", "postgresql:///shop?password" },
	{ "ann:hunter2@db.example", "ann:***@db.example" },
	{ "postgresql://ann:hun?ter2@db.example/shop", "postgresql://ann:***" },
	{ "postgresql://ann:hun&ter2?x=1@db/shop", "postgresql://ann:***" },
	{ "postgresql://db:5432/shop?password=hun@ter2", "postgresql://db:***" },
	{ "postgresql://ann@db/shop?pass%77ord=hunter2",
	  "postgresql://ann@db/shop?pass%77ord=***" },
};

Test(url, is_shown_without_its_passwords)
{
	for (size_t i = 0; i < SP_COUNT(urls); i++) {
		autofree char *shown = sp_url_masked(urls[i][0]);

		cr_assert_not_null(shown);
		cr_expect_str_eq(shown, urls[i][1], "%s: %s", urls[i][0], shown);
	}
}
