/*
 * How long a launch and an exec take, side by side with crun, runc, bwrap and the floor, and what a
 * container costs in memory: bench/launch BUILD RUNS
 *
 * Prints a JSON list for results.json; see tests/bench/run.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/contest.h"
#include "tests/bench/ours.h"
#include "tests/bench/peer.h"

#define CONTAINERS 100

enum launcher { OURS, FLOOR, CRUN, CRUN_SECCOMP, RUNC, RUNC_SECCOMP, BWRAP, N_LAUNCHERS };
enum execer { EXEC_OURS, EXEC_CRUN, EXEC_RUNC, N_EXECERS };

/* One line of results.json. The first contestant is us; floor -1 where there is none. */
static json_t *result_of(const char *name, struct contestant *all, int n, int floor, int runs)
{
	json_t *peers = json_object();
	json_t *line = json_pack("{s:s, s:s, s:f, s:i}", "name", name, "unit", "ms", "ours",
				 contest_median_ms(&all[0], runs), "runs", runs);

	json_object_set_new(line, "ours_p99", json_real(contest_p99_ms(&all[0], runs)));
	for (int i = 1; i < n; i++) {
		json_t *value =
			all[i].out ? json_null() : json_real(contest_median_ms(&all[i], runs));

		if (i == floor)
			json_object_set_new(line, "floor", value);
		else
			json_object_set_new(peers, all[i].name, value);
	}
	if (!json_object_get(line, "floor"))
		json_object_set_new(line, "floor", json_null());
	json_object_set_new(line, "peers", peers);
	return line;
}

static json_t *bench_launch(struct place *place, struct ours *us, struct peer *peers, int runs)
{
	static struct contestant all[N_LAUNCHERS];

	all[OURS] = (struct contestant){ .name = "ours", .run = ours_launch, .state = us };
	all[FLOOR] = (struct contestant){ .name = "floor", .run = floor_launch, .state = us };
	all[CRUN] = (struct contestant){ .name = "crun", .run = peer_launch, .state = &peers[0] };
	all[CRUN_SECCOMP] = (struct contestant){ .name = "crun+seccomp",
						 .run = peer_launch,
						 .state = &peers[1] };
	all[RUNC] = (struct contestant){ .name = "runc", .run = peer_launch, .state = &peers[2] };
	all[RUNC_SECCOMP] = (struct contestant){ .name = "runc+seccomp",
						 .run = peer_launch,
						 .state = &peers[3] };
	all[BWRAP] = (struct contestant){ .name = "bwrap", .run = bwrap_launch, .state = place };
	contest_run(all, N_LAUNCHERS, runs);
	return result_of("launch", all, N_LAUNCHERS, FLOOR, runs);
}

static json_t *bench_exec(struct ours *us, struct peer *crun, struct peer *runc, int runs)
{
	static struct contestant all[N_EXECERS];
	json_t *result;

	all[EXEC_OURS] = (struct contestant){ .name = "ours", .run = ours_exec, .state = us };
	all[EXEC_CRUN] = (struct contestant){ .name = "crun", .run = peer_exec, .state = crun };
	all[EXEC_RUNC] = (struct contestant){ .name = "runc", .run = peer_exec, .state = runc };
	all[EXEC_OURS].out = ours_start_live(us) < 0;
	all[EXEC_CRUN].out = peer_start_live(crun) < 0;
	all[EXEC_RUNC].out = peer_start_live(runc) < 0;
	contest_run(all, N_EXECERS, runs);
	result = result_of("exec", all, N_EXECERS, -1, runs);
	ours_stop_live(us);
	peer_stop_live(crun);
	peer_stop_live(runc);
	return result;
}

static json_t *bench_memory(struct place *place)
{
	return json_pack("{s:s, s:s, s:f, s:{}, s:n, s:i}", "name", "spinit PSS per container",
			 "unit", "kB", "ours", ours_memory_kb(place, CONTAINERS), "peers", "floor",
			 "runs", CONTAINERS);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *program;
		bool seccomp;
	} who[] = { { "crun", false }, { "crun", true }, { "runc", false }, { "runc", true } };
	const char *build = argc > 1 ? argv[1] : "build";
	int runs = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100;
	struct place place = { 0 };
	struct peer peers[4];
	struct ours us = { .place = &place };
	json_t *list = json_array();

	if (runs < 1 || runs > CONTEST_RUNS_MAX)
		return fprintf(stderr, "bench: 1 to %d runs\n", CONTEST_RUNS_MAX), 64;
	place_open(&place, build);
	for (int i = 0; i < 4; i++)
		if (peer_prepare(&peers[i], &place, who[i].program, who[i].seccomp, build) < 0)
			fprintf(stderr, "bench: no bundle for %s\n", who[i].program);
	json_array_append_new(list, bench_launch(&place, &us, peers, runs));
	json_array_append_new(list, bench_exec(&us, &peers[1], &peers[3], runs));
	json_array_append_new(list, bench_memory(&place));
	place_close(&place);
	json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
	json_decref(list);
	return 0;
}
