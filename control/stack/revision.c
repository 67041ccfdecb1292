/* See revision.h. */
#include "control/stack/revision.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "stackfile/read.h"

void revision_fini(struct revision *r)
{
	stack_free(r->stack);
	stack_bundle_free(r->bundle);
	*r = (struct revision){ 0 };
}

static int read_file(struct revision *r, struct sp_err *err)
{
	struct stack_source source = stack_bundle_source(r->bundle);
	struct stack_resolver resolver = stack_bundle_resolver(r->bundle);
	struct stack_report report = { 0 };
	int n = stack_read(&source, &resolver, &r->stack, &report, err);

	stack_report_fini(&report);
	return n;
}

int revision_read(struct store *s, const char *stack, int64_t number, struct revision *ret,
		  struct sp_err *err)
{
	autofree char *text = NULL;
	autojson json_t *json = NULL;
	autorevision struct revision rev = { 0 };
	int r = store_revision_bundle(s, stack, number, &text, err);

	if (r == 0)
		r = sp_json_parse(text, strlen(text), &json, err);
	if (r == 0)
		r = stack_bundle_decode(json, &rev.bundle, err);
	if (r == 0)
		r = read_file(&rev, err);
	if (r < 0)
		return r;
	*ret = rev;
	rev = (struct revision){ 0 };
	return 0;
}
