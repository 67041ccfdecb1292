#!/usr/bin/env bats
# A controld that is stopped in the middle of a deploy for longer than its lock lives, and wakes up: another one on the
# same store has finished the deploy, and whatever the first still wants to write or to tell an agent is refused.

load lib/cluster

STATE=/var/lib/stackpilot

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/slow.yaml" <<-'END'
		name: slow
		services:
		  job: {image: test/busybox:1, command: [sleep 5], restart: "no"}
		  web:
		    image: test/busybox:1
		    command: [sleep 1000]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
		    depends_on: {job: {condition: service_completed_successfully}}
	END
	on_control sh -c 'printf "lock_ttl = 1s\nrecover_interval = 200ms\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
	on_control sh -c 'echo "{\"unix\": \"/run/stackpilot/b.sock\"}" >/etc/stackpilot/b.json'
}

teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }
setup() { bats_require_minimum_version 1.5.0; }

on_control() { lab exec control -- "$@"; }
ctl_b() { on_control ctl --context /etc/stackpilot/b.json "$@"; }
op_b() { ctl_b op show "$1" -o json | jq -r "$2"; }

# A second controld: a state directory of its own, with the cluster's authority and images; the first one's store.
start_b() {
	on_control bash -c "
		install -d -o 7700 -g 7700 $STATE/b && cd $STATE/control
		cp -a ca.* seal.key images $STATE/b
		setsid --fork setpriv --reuid 7700 --regid 7700 --clear-groups -- \
			controld --config /etc/stackpilot/controld.conf --set state_dir=$STATE/b --set listen= \
			--set store=sqlite:$STATE/control/store.db --set unix_socket=/run/stackpilot/b.sock run \
			>>$STATE/log/b.log 2>&1 </dev/null"
	within 20 on_control curl -fs -o /dev/null --unix-socket /run/stackpilot/b.sock http://c/v1/ready
}

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

step_runs() { # operation, name
	ctl op show "$1" -o json | jq -e --arg n "$2" 'any(.steps[]; .name == $n and .state == "running")' >/dev/null
}

has_ended() { [[ $(op_b "$1" .state) != running ]]; }
what_runs() { ctl_b ps -o json | jq -c '[.workloads[] | [.id, .state, .pid, .incarnation]] | sort'; }
agent_says() { # worker's address, method, path
	on_control curl -sS -o /dev/null -w '%{http_code}' -X "$2" --cacert $STATE/control/ca.crt \
		--cert $STATE/control/client.crt --key $STATE/control/client.key "https://$1:7701$3"
}

@test "who was stopped for two lives of the lock can write nothing and tell no agent anything" {
	op=$(ctl deploy --detach "$CLUSTER/slow.yaml")
	within 20 step_runs "$op" complete
	old=$(ctl lock status slow -o json | jq .token)
	[[ $(ctl lock status slow -o json | jq -r '[.kind, .operation, .step] | join(" ")') == "operation $op "*"complete of slow-job-1"* ]]
	pid=$(lab service control status controld)
	stop_between_writes "$pid"
	start_b
	within 30 has_ended "$op"
	[[ $(op_b "$op" '[.state, .attempt] | join(" ")') == "succeeded 2" ]]
	before=$(what_runs)
	steps=$(op_b "$op" '.steps | length')

	on_control kill -CONT "$pid"
	within 20 on_control grep -q "\"operation\":\"$op\".*has lost\|has lost.*\"operation\":\"$op\"" $STATE/log/controld.log
	for address in 192.168.56.11 192.168.56.12; do
		[[ $(agent_says "$address" POST "/v1/workloads/slow-web-1/stop?op=$op&step=9&token=$old") == 4* ]]
		[[ $(agent_says "$address" PUT "/v1/stacks/slow/token?token=$old") == 412 ]]
		[[ $(agent_says "$address" DELETE "/v1/stacks/slow/volumes?op=$op&step=9&token=$old") == 412 ]]
	done
	[[ $(what_runs) == "$before" ]]
	[[ $(op_b "$op" '[.state, .attempt, (.steps | length)] | join(" ")') == "succeeded 2 $steps" ]]
	[[ $(ctl_b lock status slow -o json | jq .token) -gt $old ]]
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
	run -0 ctl lock force-release slow --yes --id "$id" --reason "it takes too long"
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
