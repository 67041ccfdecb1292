#!/usr/bin/env bats
# A cluster whose store is in PostgreSQL, and what becomes of deploys when that, or one of two controlds, dies or sleeps.

load lib/cluster
load lib/database
load lib/two
load lib/crash

setup_file() {
	cluster_up
	cluster_busybox
	database_start
	database_use
	on_control sh -c 'printf "lock_ttl = 1s\nrecover_interval = 200ms\nsettle_time = 200ms\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
	write_slow
	write_stack 0
}
teardown_file() {
	database_down
	BATS_TEST_COMPLETED=1 cluster_down
}
setup() { bats_require_minimum_version 1.5.0; }

state_of() { ctl op show "$1" -o json | jq -r .state; }

deploy_and() { # version, seconds, what happens then...
	write_stack "$1"
	id=$(ctl deploy --detach "$CLUSTER/stack.yaml")
	sleep "$2"
	"${@:3}"
	within 60 ended "$id"
	[ "$(state_of "$id")" = succeeded ]
	is_whole "$1"
}

nothing_is_damaged() {
	run -0 ctl store check
	[ "$(sql -c 'SELECT count(*) = max(seq) FROM events')" = t ]
	[[ $(ctl lock ls -o json | jq -c .locks) == '[]' ]]
}

@test "the server killed at any moment of a deploy: it comes to its end" {
	ctl deploy "$CLUSTER/stack.yaml"
	version=0
	for moment in 0.02 0.1 0.2 0.4 0.7; do deploy_and $((++version)) $moment database_crash; done
	nothing_is_damaged
}

@test "the server stands still for longer than a lock lives: the deploy goes on afterwards" {
	stand_still() { database pause && sleep 3 && database resume; }
	version=10
	for moment in 0.1 0.4; do deploy_and $((++version)) $moment stand_still; done
	nothing_is_damaged
}

@test "an agent killed at any moment of a deploy: it is waited for" {
	kill_agent() { lab service worker1 kill agentd && lab service worker1 start agentd; }
	version=20
	for moment in 0.05 0.2 0.4 0.7; do deploy_and $((++version)) $moment kill_agent; done
	nothing_is_damaged
}

@test "who follows events or a log does not notice that the server died" {
	ctl events --follow -o json >"$CLUSTER/events" 2>"$CLUSTER/events.err" &
	events=$!
	ctl logs -f crash-web-1 >"$CLUSTER/log" 2>&1 &
	log=$!
	sleep 0.5
	database_crash
	ctl lock acquire crash --reason "after the crash"
	within 20 grep -q 'after the crash' "$CLUSTER/events"
	kill -0 $events $log
	kill -INT $events $log
	ctl lock release crash
}

@test "who was stopped for two lives of the lock can write nothing and tell no agent anything" {
	stopped_holder_is_fenced "$(database_url '/bouncer&port=6432')"
}

@test "each of two controlds knows what the other does, and keeps its hands off" {
	sed 's/sleep 5/sleep 4/' "$CLUSTER/slow.yaml" >"$CLUSTER/other.yaml"
	op=$(ctl deploy --detach "$CLUSTER/other.yaml")
	within 20 step_runs "$op" complete
	run -4 ctl_b destroy --yes slow
	[[ $output == *"operation '$op'"* ]]
	run -4 ctl_b restart slow-web-1
	run -0 ctl_b op show --follow "$op"
	[[ $(state_of "$op") == succeeded ]]
	run -0 ctl_b restart slow-web-1
	[[ $(ctl_b ps -o json) == "$(ctl ps -o json)" ]]
}

@test "an operation is cancelled through the other controld" {
	sed 's/sleep 5/sleep 100/' "$CLUSTER/slow.yaml" >"$CLUSTER/slower.yaml"
	op=$(ctl deploy --detach "$CLUSTER/slower.yaml")
	within 20 step_runs "$op" complete
	run -0 ctl_b op cancel "$op"
	[[ $(state_of "$op") == reverted ]]
}

@test "a pooler that is started anew is not noticed" {
	for moment in 0.1 0.4; do
		write_stack "pool-$moment"
		on_control cp "$CLUSTER/stack.yaml" /run/stack.yaml
		id=$(ctl_b deploy --detach /run/stack.yaml)
		sleep $moment
		database repool
		within 60 ended "$id"
		[ "$(state_of "$id")" = succeeded ]
		is_whole "pool-$moment"
	done
	nothing_is_damaged
}
