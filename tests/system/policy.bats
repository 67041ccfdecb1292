#!/usr/bin/env bats
# What a stack asks of operations besides their work, on a real cluster: a look for drift at the end of a deploy, a
# lifetime, proofs that are kept, and the lock for every change.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

write_stack() { # NAME EXTENSION: one service that runs, with a volume
	cat >"$CLUSTER/$1.yaml" <<-END
		name: $1
		x-stackpilot: $2
		services:
		  web:
		    image: test/busybox:1
		    command: ['while :; do sleep 1; done']
		    volumes: ['kept:/kept']
		volumes: {kept: }
	END
}

shows() { [[ $(ctl stack show "$1") == *$2* ]]; }
is_gone() { ! ctl stack show "$1" >"$CLUSTER/null" 2>&1; }

@test "a deploy looks for drift at its end: none is silent, a difference is a warning and no failure" {
	write_stack p '{}'
	run -0 --separate-stderr ctl deploy "$CLUSTER/p.yaml"
	[[ $stderr != *warning* ]]
	run -0 ctl drift show p
	lab exec worker1 -- mkdir /sys/fs/cgroup/stackpilot/p-old-1
	run -0 --separate-stderr ctl deploy "$CLUSTER/p.yaml"
	[[ $stderr == *"warning: drift: 1 difference: p-old-1/cgroup"*"next: ctl drift show p"* ]]
	run -2 ctl drift show p
	told '.type == "drift.detected" and .stack == "p"'
	ctl drift fix p --yes
	write_stack quiet '{policy: {detect_drift: false}}'
	run -0 --separate-stderr ctl deploy "$CLUSTER/quiet.yaml" -o json
	[[ $(jq -c '[.warnings, any(.steps[]; .name == "drift-check")]' <<<"$output") == '[{},false]' ]]
	ctl destroy quiet --yes
}

@test "a stack with a lifetime says when it ends, and is destroyed by controld after it" {
	write_stack brief '{ttl: 72h}'
	run -0 --separate-stderr ctl deploy "$CLUSTER/brief.yaml"
	[[ $stderr == *"warning: ttl: the stack is destroyed at 20"*"3d after its last deploy"* ]]
	[[ $(ctl stack ls) == *EXPIRES*brief*"in 2d"* ]]
	shows brief "expires        in 2d"
	write_stack brief '{ttl: 2s}'
	ctl deploy "$CLUSTER/brief.yaml"
	within 30 is_gone brief
	[[ $(ctl op ls --stack brief -o json | jq -r '.operations[0] | "\(.kind) \(.state) \(.requested_by)"') == "destroy succeeded system" ]]
	[[ $(ctl snapshot ls brief -o json | jq -r '.snapshots[0].cause') == destroy ]]
	[[ $(ctl ps -o json | jq '[.workloads[] | select(.stack == "brief")] | length') == 0 ]]
}

@test "a stack whose time is up stays while another requires it, which is told once" {
	write_stack ground '{ttl: 3s}'
	ctl deploy "$CLUSTER/ground.yaml"
	write_stack house '{requires: [ground]}'
	ctl deploy "$CLUSTER/house.yaml"
	within 20 told '.type == "stack.overdue" and (.message | contains("required by '"'house'"'"))'
	sleep 2 # two more rounds of who looks
	[[ $(ctl events --type stack.overdue -o json | jq -s length) == 1 ]]
	shows ground overdue
	ctl destroy house --yes
	within 30 is_gone ground
}

@test "what ctl verify proved is kept with the stack and marks its snapshots" {
	ctl snapshot create p
	[[ $(ctl snapshot ls p) == *VERIFIED*"by its gates"* ]]
	run -0 ctl verify --stack p
	run -0 ctl stack show p
	[[ $output == *"last verify"*"passed "*" checks of revision 1 by operator:"* ]]
	[[ $(ctl snapshot ls p) == *verified*"ago by operator:"* ]]
	told '.type == "stack.verified" and .stack == "p" and .fields.ok'
	run -0 ctl verify --stack p -o yaml
	[[ $output == "ok: true"* ]]
	ctl stop p-web-1
	run -5 ctl verify --stack p
	[[ $(ctl stack show p) == *"last verify"*"failed: "* ]]
	[[ $(ctl snapshot ls p) == *"ago by operator:"* ]]
	ctl start p-web-1
}

@test "snapshots and drift fixes take the stack's lock, or run under the one that is held" {
	id=$(ctl lock acquire p --reason "by hand")
	run -4 ctl snapshot create p
	[[ $output == *"by hand"* ]]
	run -4 ctl snapshot tag p v1 mine
	run -4 ctl snapshot rm p v1 --yes
	run -4 ctl snapshot restore p v1 --yes
	run -4 ctl drift fix p --yes
	run -4 ctl drift fix p --yes --wait=200ms
	ctl snapshot create p --lock "$id"
	ctl snapshot tag p v1 --lock "$id" mine
	ctl drift fix p --yes --lock "$id"
	ctl snapshot rm p v1 --yes --lock "$id"
	ctl lock release p
	ctl snapshot create p
}

@test "a lock is renewed by its holder, with the token it has" {
	ctl lock acquire p --ttl 1m
	before=$(ctl lock status p -o json)
	run -0 ctl lock renew p --ttl 2h
	[[ $output == "stack 'p' is locked until "* ]]
	after=$(ctl lock status p -o json)
	[[ $(jq -c '[.id, .token]' <<<"$before") == "$(jq -c '[.id, .token]' <<<"$after")" ]]
	[[ $(jq -r .expires_at <<<"$before") < $(jq -r .expires_at <<<"$after") ]]
	run -1 ctl lock renew p --lock lock-000000000000
	ctl lock release p
	run -3 ctl lock renew p
}

@test "events come as YAML too, one document for each" {
	run -0 ctl events --stack p --type stack.created -o yaml
	[[ ${lines[0]} == "---" && $(grep -c '^type: stack.created' <<<"$output") == 1 ]]
}
