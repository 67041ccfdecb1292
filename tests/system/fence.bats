#!/usr/bin/env bats
# A controld that is stopped in the middle of a deploy for longer than its lock lives, and wakes up: another one on the
# same store has finished the deploy, and whatever the first still wants to write or to tell an agent is refused.

load lib/cluster
load lib/two

setup_file() {
	cluster_up
	cluster_busybox
	write_slow
	on_control sh -c 'printf "lock_ttl = 1s\nrecover_interval = 200ms\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
}

teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }
setup() { bats_require_minimum_version 1.5.0; }

# Stopped, and not in the middle of a write, which would hold up everybody else.
stop_between_writes() { # pid
	for _ in $(seq 50); do
		on_control kill -STOP "$1"
		on_control python3 -c "
import sqlite3
db = sqlite3.connect('$STATE/control/store.db', timeout=0.2, isolation_level=None)
db.execute('BEGIN IMMEDIATE'); db.execute('ROLLBACK')" 2>/dev/null && return
		on_control kill -CONT "$1"
	done
	return 1
}

@test "who was stopped for two lives of the lock can write nothing and tell no agent anything" {
	stopped_holder_is_fenced "sqlite:$STATE/control/store.db"
}

@test "the one that woke up works on, under a lock of its own" {
	run -0 ctl deploy "$CLUSTER/slow.yaml"
	run -0 ctl restart slow-web-1
	[[ $(ctl lock status slow -o json | jq .held) == false ]]
}

@test "an operation whose lock is taken away has failed, and the next deploy puts the stack right" {
	sed 's/sleep 5/sleep 6/' "$CLUSTER/slow.yaml" >"$CLUSTER/again.yaml"
	op=$(ctl deploy --detach "$CLUSTER/again.yaml")
	within 20 step_runs "$op" complete
	run -4 ctl destroy --yes slow
	[[ $output == *"operation '$op'"* && $output == *"step "*"complete of slow-job-1"* && $output == *"ctl op show --follow $op"* ]]
	run -4 ctl restart slow-web-1
	id=$(ctl lock status slow -o json | jq -r .id)
	run -0 ctl lock force-release slow --yes --lock "$id" --reason "it takes too long"
	run ctl op show --follow "$op"
	[[ $status == 1 && $output == *"taken away by"*"it takes too long"* ]]
	run -0 ctl deploy "$CLUSTER/again.yaml"
}

@test "--wait lets a destroy wait for the deploy before it" {
	sed 's/sleep 5/sleep 2/' "$CLUSTER/slow.yaml" >"$CLUSTER/third.yaml"
	op=$(ctl deploy --detach "$CLUSTER/third.yaml")
	run -0 ctl destroy --yes --wait slow
	[[ $(ctl op show "$op" -o json | jq -r .state) == succeeded ]]
	[[ $output == *"stack 'slow' is destroyed"* ]]
}
