#!/usr/bin/env bats
# The demo stack on a real cluster: PostgreSQL and a service that needs it, from the images of images/recipes, which
# are built first when build/images has none.

load lib/cluster

setup_file() {
	(cd "$SOURCE" && env -u MAKEFLAGS -u MAKELEVEL make -s images 3>&-) >&2
	cluster_up
	ctl image import "$SOURCE/build/images/postgres.tar"
	ctl image import "$SOURCE/build/images/api.tar"
	ctl deploy "$SOURCE/demo/stack.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

code() { operator curl -s -m 5 -o /dev/null -w '%{http_code}' "http://192.168.56.1$1:8080$2"; }
answers() { [[ $(code "$1" "$2") == "$3" ]]; } # last digit of the worker, path, status
items() { operator curl -fs -m 5 http://192.168.56.11:8080/items | jq -c .; }
lives() { ctl ps -o json | jq -c '[.workloads[] | select(.service == "api") | [.id, .pid, .incarnation, .restarts]] | sort'; }

@test "the demo's own file is deployed and proved, and again changes nothing" {
	run -0 ctl verify
	[[ $output == *"PASS: "*" 0 failed"* ]]
	before=$(ctl ps -o json | jq -c '[.workloads[] | [.id, .incarnation]] | sort')
	ctl deploy "$SOURCE/demo/stack.yaml"
	[[ $(ctl ps -o json | jq -c '[.workloads[] | [.id, .incarnation]] | sort') == "$before" ]]
}

@test "without its database the service is alive, not ready and not restarted; with it again the items are there" {
	operator curl -fs -m 5 -d '{"name": "kept"}' http://192.168.56.12:8080/items
	written=$(items)
	[[ $written == *'"kept"'* ]]
	before=$(lives)
	ctl stop demo-db-1
	for worker in 1 2; do
		within 3 answers "$worker" /ready 503 # its interval is a second, its patience one more
		answers "$worker" /health 200
		within 5 not_ready "demo-api-$worker"
	done
	run -5 --separate-stderr ctl verify
	[[ $output == *"FAIL    workload"*demo-db-1*"it is stopped"* ]]
	[[ $output == *"SKIP    isolation"*demo-db-1*"it does not run"* ]]
	[[ ${stderr_lines[0]} == "next: ctl start demo-db-1" ]]
	[[ $(grep -cE '^FAIL +service ready' <<<"$output") == 2 ]]
	grep -q '^PASS.*/health' <<<"$output"
	answers 1 /health 200
	[[ $(lives) == "$before" ]]
	ctl start demo-db-1
	for worker in 1 2; do
		within 15 answers "$worker" /ready 200
		within 5 is_ready "demo-api-$worker"
	done
	[[ $(items) == "$written" ]]
	[[ $(lives) == "$before" ]]
	within 10 ctl verify
}

is_ready() { [[ $(workload "$1" .ready) == true ]]; }
not_ready() { [[ $(workload "$1" .ready) == false ]]; }

@test "a database killed as a whole comes back with its items, and the service waits for it" {
	written=$(items)
	before=$(lives)
	lab exec worker1 -- kill -9 "$(process_of demo-db-1)"
	ready_again demo-db-1 3 # it was stopped and started before
	[[ $(ctl ps) == *demo-db-1*"last exit: killed from outside"* ]]
	within 15 answers 2 /ready 200
	[[ $(items) == "$written" && $(lives) == "$before" ]]
}
