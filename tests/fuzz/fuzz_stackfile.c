/*
 * Fuzz the stack file reader (libFuzzer): any bytes are a stack file whose variables and files are
 * there or not by turns. What is accepted must make specs that the agents' strict reader accepts.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/expand.h"
#include "stackfile/read.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *state, const char *name)
{
	(void)state;
	switch (strlen(name) % 4) {
	case 0:
		return "";
	case 1:
		return "$x${y} 'z'";
	case 2:
		return "80";
	default:
		return NULL;
	}
}

/* The stack file stands in for every file it names: env files get fuzzed too. */
static int file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	const struct stack_source *source = state;

	if (strlen(path) % 5 == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "'%s' is not there", path);
	sp_buf_append(ret, source->text, source->len);
	return sp_buf_check(ret, err);
}

static void check_spec(const struct stack *s, const struct stack_service *service)
{
	struct wire_workload *w = NULL, *back = NULL;
	struct sp_err err = { 0 };
	json_t *json = NULL;
	int r = stack_expand(s, service, 1, &w, &err);

	assert(r == 0);
	w->image_digest = strdup(DIGEST);
	w->address = w->network_none ? NULL : strdup("10.90.1.2");
	if (wire_workload_encode(w, &json, &err) < 0) {
		wire_workload_free(w); /* text that is not UTF-8 */
		return;
	}
	if (wire_workload_decode(json, &back, &err) < 0) {
		fprintf(stderr, "accepted, but no spec: %s\n", err.message);
		abort();
	}
	json_decref(json);
	wire_workload_free(w);
	wire_workload_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stack_source source = { .file = "f",
				       .text = (const char *)data,
				       .len = size,
				       .name = "fuzz",
				       .directory = "/d" };
	struct stack_resolver resolver = { variable, file, &source };
	struct stack_report report = { 0 };
	struct stack *s = NULL;
	struct sp_err err = { 0 };

	if (stack_read(&source, &resolver, &s, &report, &err) == 0) {
		assert(report.errors == 0);
		for (size_t i = 0; i < s->n_services; i++)
			check_spec(s, &s->services[i]);
		for (size_t i = 0; i < s->n_tasks; i++)
			check_spec(s, &s->tasks[i].run);
	} else {
		assert(!s && err.message[0]);
	}
	stack_free(s);
	stack_report_fini(&report);
	return 0;
}
