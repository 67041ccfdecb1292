/*
 * Logs; see logs.h. Each workload is a source with a handle of its own. Following, every source has
 * a thread that prints whole lines under one lock. Otherwise the sources are read into unnamed
 * files, which are then merged by stamp: logs may be larger than memory.
 */
#include "ctl/logs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/exit.h"
#include "ctl/interrupt.h"
#include "ctl/logline.h"
#include "ctl/logmerge.h"
#include "ctl/output.h"
#include "ctl/since.h"
#include "ctl/terminal.h"
#include "ctl/url.h"

#define FOLLOW_SILENCE_NS \
	(INT64_C(86400) * SP_NS_PER_S) /* a quiet container is no dead connection */

struct source {
	const struct ctl_logs_conf *conf;
	struct sp_httpc *http;
	const char *id;
	char prefix[SP_ID_MAX + 32]; /* "" with a single workload */
	char *url;                   /* owned */
	FILE *spool;                 /* NULL: straight to stdout */
	struct ctl_logreader reader;
	pthread_t thread;
	bool running;
	struct wire_failure fail;
	int result;
};

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static int print_message(void *owner, const char *stamp, const char *text, size_t len)
{
	const struct source *s = owner;
	FILE *out = s->spool ? s->spool : stdout;
	bool stamped = s->spool || s->conf->timestamps;
	int bad;

	pthread_mutex_lock(&printing);
	if (!s->spool)
		fputs(s->prefix, out);
	if (stamped)
		fprintf(out, "%s ", *stamp ? stamp : "-");
	fwrite(text, 1, len, out);
	fputc('\n', out);
	bad = s->conf->follow ? fflush(out) : ferror(out);
	pthread_mutex_unlock(&printing);
	return bad;
}

static int on_data(void *state, const char *data, size_t len)
{
	struct source *s = state;

	return ctl_logreader_feed(&s->reader, data, len);
}

static void *read_source(void *arg)
{
	struct source *s = arg;
	struct sp_err err = { 0 };
	int ended;

	s->result = sp_httpc_stream(s->http, "GET", s->url, on_data, s, NULL, &err);
	ended = ctl_logreader_finish(&s->reader);
	if (s->result == 0 && ended == -ENOMEM)
		s->result = sp_fail_nomem(&err);
	if (s->result < 0)
		wire_failure_init(&s->fail, &err, "ctl");
	snprintf(s->fail.resource, sizeof(s->fail.resource), "%s", s->id);
	return NULL;
}

static int make_url(struct source *s, struct sp_err *err)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	char stamp[SP_TIME_STAMP_MAX];
	int64_t since_ns;
	int r = ctl_since_parse(s->conf->since, &since_ns, err);

	if (r < 0)
		return r;
	sp_time_format(since_ns, stamp);
	sp_buf_puts(&url, "/v1/workloads/");
	ctl_url_put(&url, s->id);
	sp_buf_puts(&url, "/logs");
	ctl_url_query(&url, "follow", s->conf->follow ? "1" : NULL);
	ctl_url_query(&url, "since", s->conf->since ? stamp : NULL);
	if (s->conf->tail >= 0)
		ctl_url_query_int(&url, "tail", s->conf->tail);
	s->url = sp_buf_take(&url);
	return s->url ? 0 : sp_fail_nomem(err);
}

/* "demo-api-1 | ", padded to the longest id, in a colour of its own on a terminal. */
static void make_prefix(struct source *s, size_t i, size_t width)
{
	static const char *const colours[] = { "\033[36m", "\033[33m", "\033[35m",
					       "\033[34m", "\033[32m", "\033[31m" };
	bool coloured = ctl_colours(stdout);

	snprintf(s->prefix, sizeof(s->prefix), "%s%-*s |%s ",
		 coloured ? colours[i % SP_COUNT(colours)] : "", (int)width, s->id,
		 coloured ? ctl_style_off(CTL_BOLD) : "");
}

static int open_source(struct ctl *ctl, struct source *s, struct wire_failure *fail)
{
	bool merged = s->prefix[0] && !s->conf->follow;
	int r = ctl_handle_new(ctl, &s->http, fail);

	if (r == 0)
		r = make_url(s, &fail->err);
	if (r < 0)
		return r;
	if (s->conf->follow)
		sp_httpc_set_timeout(s->http, FOLLOW_SILENCE_NS);
	s->reader = (struct ctl_logreader){ .fn = print_message, .owner = s };
	s->spool = merged ? tmpfile() : NULL;
	if (merged && !s->spool)
		return sp_fail_errno(&fail->err, errno, "temporary file");
	return 0;
}

static void close_source(struct source *s)
{
	sp_httpc_free(s->http);
	free(s->url);
	if (s->spool)
		fclose(s->spool);
}

static int start_threads(struct source *sources, size_t n, struct wire_failure *fail)
{
	for (size_t i = 0; i < n; i++) {
		int num;

		if (!ctl_interrupt_watch(sources[i].http))
			return ctl_fail(fail, SP_E_TOO_LARGE, "more than %d logs at once",
					CTL_INTERRUPT_HANDLES);
		num = pthread_create(&sources[i].thread, NULL, read_source, &sources[i]);
		if (num)
			return sp_fail_errno(&fail->err, num, "thread");
		sources[i].running = true;
	}
	return 0;
}

/* Run all sources to their ends; when one cannot be started, those that run are ended. */
static int run_sources(struct source *sources, size_t n, struct wire_failure *fail)
{
	int r = start_threads(sources, n, fail);

	for (size_t i = 0; i < n; i++) {
		if (!sources[i].running)
			continue;
		if (r < 0)
			sp_httpc_interrupt(sources[i].http);
		pthread_join(sources[i].thread, NULL);
		ctl_interrupt_unwatch(sources[i].http);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		if (sources[i].result >= 0 || ctl_interrupted())
			continue;
		*fail = sources[i].fail;
		r = sources[i].result;
	}
	return r;
}

/* What came is printed also when another source failed. */
static int merge_sources(struct source *sources, size_t n, bool timestamps, struct sp_err *err)
{
	struct ctl_logmerge_input *inputs = calloc(n, sizeof(*inputs));
	int r;

	if (!inputs)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		inputs[i] = (struct ctl_logmerge_input){ .file = sources[i].spool,
							 .prefix = sources[i].prefix };
	r = ctl_logmerge(inputs, n, timestamps, stdout, err);
	free(inputs);
	return r;
}

static size_t longest_id(const json_t *workloads)
{
	size_t width = 0, i;
	json_t *w;

	json_array_foreach (workloads, i, w)
		if (strlen(ctl_json_text(w, "id")) > width)
			width = strlen(ctl_json_text(w, "id"));
	return width;
}

int ctl_logs_print(struct ctl *ctl, const json_t *workloads, const struct ctl_logs_conf *conf,
		   struct wire_failure *fail)
{
	size_t n = json_array_size(workloads), width = longest_id(workloads);
	struct source *sources = calloc(n + 1, sizeof(*sources));
	int r = sources ? 0 : sp_fail_nomem(&fail->err);

	for (size_t i = 0; i < n && r == 0; i++) {
		sources[i].conf = conf;
		sources[i].id = ctl_json_text(json_array_get(workloads, i), "id");
		if (n > 1)
			make_prefix(&sources[i], i, width);
		r = open_source(ctl, &sources[i], fail);
	}
	if (r == 0) {
		r = run_sources(sources, n, fail);
		if (sources[0].spool) {
			int merged = merge_sources(sources, n, conf->timestamps, &fail->err);

			r = r < 0 ? r : merged;
		}
	}
	for (size_t i = 0; i < n && sources; i++)
		close_source(&sources[i]);
	free(sources);
	return r < 0 || !ctl_interrupted() ? r : (int)CTL_EXIT_INTERRUPTED;
}
