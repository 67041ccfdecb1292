#!/usr/bin/env bats
# ctl against a real cluster: deploy, ps, logs, exec, events, stop and start, verify, destroy.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	write_stack 'while :; do echo tick; sleep 1; done'
	ctl deploy "$CLUSTER/stack.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

write_stack() { # command
	cat >"$CLUSTER/stack.yaml" <<-END
		name: t
		services:
		  job:
		    image: test/busybox:1
		    restart: unless-stopped
		    command: ["$1"]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
	END
}

was_told() { # type, workload
	ctl events --stack t --type "$1" -o json | jq -se --arg w "$2" 'any(.[]; .workload == $w)' >/dev/null
}

is_running() { workload_is "$1" running; }

@test "the same file again changes nothing, and the same key is the same operation" {
	before=$(ctl ps -o json | jq -c '[.workloads[] | [.id, .incarnation]] | sort')
	run -0 --separate-stderr ctl deploy "$CLUSTER/stack.yaml"
	[[ $output == *"stack 't' is deployed"* ]]
	[[ $stderr == *"next: ctl verify"* ]]
	[ "$(ctl ps -o json | jq -c '[.workloads[] | [.id, .incarnation]] | sort')" = "$before" ]
	run -1 ctl diff t
	[[ $output == *"stack 't' has no revision before 1"* ]]
	first=$(ctl deploy --detach --idempotency-key k1 "$CLUSTER/stack.yaml")
	ctl op show --follow "$first" >/dev/null
	[ "$(ctl deploy --detach --idempotency-key k1 "$CLUSTER/stack.yaml")" = "$first" ]
}

@test "a stack is shown with its past, its parts, its lock and its snapshots" {
	shown=$(ctl stack show t -o json)
	jq -e '.state == "running" and .revision >= 1 and .executions.succeeded >= 1 and .executions.running == 0' <<<"$shown"
	jq -e '.last_operation | .kind == "deploy" and .state == "succeeded" and .finished_at != null' <<<"$shown"
	jq -e '[.resources[] | [.kind, .name, .detail]] == [["service", "job", "test/busybox:1"]]' <<<"$shown"
	jq -e '[.workloads[] | select(.state == "running") | .node] | sort == ["worker1", "worker2"]' <<<"$shown"
	jq -e '.lock.held == false and .lock.token >= 1 and .dependencies.count == 0' <<<"$shown"
	[ "$(jq .snapshots.count <<<"$shown")" -eq "$(ctl snapshot ls t -o json | jq '.snapshots | length')" ]
	ctl drift detect t
	run -0 ctl stack show t
	[[ $output =~ "last operation "*"deploy succeeded in ".*" by " ]]
	[[ $output =~ drift\ +none,\ .*\ ago && $output =~ t-job-1\ +worker[12]\ +running ]]
	run -0 ctl stack ls --status
	[[ $output == *"LAST OPERATION"*"t "*"deploy succeeded"* ]]
	ctl lock acquire t --reason maintenance --locked-by ann
	run -0 ctl stack show t
	[[ $output =~ lock\ +ann\ on\ .*\(manual\) ]]
	ctl lock release t --lock "$(ctl lock status t -o json | jq -r .id)"
	run -1 ctl stack show nothing
}

@test "events go on from a number, and of several types" {
	all=$(ctl events -o json | jq -s 'length')
	ctl events -o json --since 5 | jq -se --argjson all "$all" '.[0].seq == 6 and length >= $all - 5'
	types=$(ctl events --stack t -o json --type stack.updated,lock. | jq -r .type | sort -u)
	[[ $types == *lock.acquired*stack.updated* && $types != *operation* ]]
	[[ $(ctl events --since 3 | head -n 1) == *" 4  2"*"Z  "* ]]
	run -3 ctl events --since 5x
	run -3 ctl events --since 99999999999999999999
}

@test "logs of a service come from all replicas, behind their names" {
	run -0 ctl logs job --tail 2
	[[ $output == *"t-job-1 | tick"* && $output == *"t-job-2 | tick"* ]]
	run -0 ctl logs t-job-1 --tail 1 --timestamps
	[[ $output =~ ^20[0-9-]+T[0-9:.]+Z\ tick$ ]]
	run -1 ctl logs nothing
}

@test "a first deploy that fails leaves a stack that says so, and can be destroyed" {
	cat >"$CLUSTER/never.yaml" <<-'END'
		name: never
		services: {w: {image: "test/busybox:1", command: ["echo why it failed; exit 3"]}}
	END
	run -5 ctl deploy "$CLUSTER/never.yaml"
	[[ $output == *$'\n    why it failed\n'* ]]
	[[ $(grep -c 'why it failed' <<<"$output") == 1 ]]
	sed -i 's/why it failed/something else/' "$CLUSTER/never.yaml"
	run -5 ctl deploy "$CLUSTER/never.yaml"
	[[ $output == *$'\n    something else\n'* && $output != *"why it failed"* ]]
	[[ $(ctl stack ls) == *"never"*"failed"*"0"*"none, no deploy has succeeded"* ]]
	ctl destroy never --yes
	[[ $(ctl stack ls) != *never* ]]
}

@test "a failure that is kept restarts nothing at the next deploy but what has changed" {
	kept() {
		cat >"$CLUSTER/kept.yaml" <<-END
			name: kept
			x-stackpilot: {policy: {on_failure: stop}}
			services:
			  same: {image: "test/busybox:1", command: [sleep 1000]}
			  other: {image: "test/busybox:1", restart: "no", command: ["$1"]}
		END
	}
	kept "sleep 1000" && ctl deploy "$CLUSTER/kept.yaml"
	local before
	before=$(workload kept-same-1 '"\(.pid) \(.incarnation)"')
	kept "exit 3" && run -5 ctl deploy "$CLUSTER/kept.yaml"
	kept "sleep 2000" && ctl deploy "$CLUSTER/kept.yaml"
	[[ $(workload kept-same-1 '"\(.pid) \(.incarnation)"') == "$before" ]]
	[[ $(workload kept-other-1 .state) == running ]]
	ctl destroy kept --yes
}

@test "exec passes on input, both outputs and the exit status" {
	run -7 --separate-stderr ctl exec t-job-1 -- sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(head -c 300000 /dev/zero | tr '\0' x | ctl exec -i t-job-2 -- cat | wc -c)" -eq 300000 ]
	for _ in $(seq 20); do head -c 1000000 /dev/zero | ctl exec -i t-job-1 -- true; done
	run -1 ctl exec nothing-1 -- true
	run -127 ctl exec t-job-1 -- /nope
	[[ $output == *"start of t-job-1"*"command '/nope'"* ]]
	run -127 ctl exec t-job-1 -- nope
	run -126 ctl exec t-job-1 -- /etc
	run -126 ctl exec -u nobody-here t-job-1 -- true
	run -126 ctl exec -w /not/there t-job-1 -- true
	run -3 ctl exec job -- true
}

@test "what was stopped stays stopped until it is started, and events tell" {
	ctl stop t-job-1
	within 15 workload_is t-job-1 stopped
	run -5 ctl verify
	[[ $output == *"FAIL    workload"*"t-job-1"*"it is stopped"* ]]
	ctl start t-job-1
	within 10 is_running t-job-1
	within 10 was_told workload.exit t-job-1 # controld collects the agents' events every other second
}

@test "what an agent has lost fails the proof, which names the command that finds it, and is brought back" {
	local node token
	node=$(workload t-job-2 .node)
	token=$(cat "$CLUSTER/lab/$node/disk/tokens/t")
	lab exec "$node" -- curl -fsS --unix-socket /run/stackpilot/agentd.sock -X DELETE -o /dev/null \
		"http://agent/v1/workloads/t-job-2?token=$token"
	within 10 is_lost t-job-2
	run -5 --separate-stderr ctl verify
	[[ $output == *"FAIL    workload"*"t/job"*"1 of 2 are there"* ]]
	[[ $stderr == *"next: ctl drift detect t"* ]]
	run -2 ctl drift detect t
	ctl drift fix --yes t
	within 10 is_running t-job-2
}

is_lost() { [[ $(workload "$1" .state) != running ]]; }

@test "verify passes, also with restarts, and its three forms agree" {
	run -0 ctl verify --deep
	[[ $output == *"PASS: "*" 0 failed, 0 skipped" ]]
	ctl verify -o json | jq -e '.ok and .failed == 0 and ([.checks[] | select(.check == "isolation" and .verdict == "PASS")] | length) == 2'
	ctl verify -o junit | xmllint --noout -
}

@test "what cannot be placed or is missing is refused, and what runs goes on" {
	sed 's|test/busybox:1|test/absent:1|' "$CLUSTER/stack.yaml" >"$CLUSTER/absent.yaml"
	run ctl deploy "$CLUSTER/absent.yaml"
	[ "$status" -ne 0 ]
	[[ $output == *test/absent:1* ]]
	is_running t-job-1
	is_running t-job-2
}

@test "an image that is used stays, and one that is not goes" {
	run -1 ctl image rm test/busybox:1 --yes
	[[ $output == *"is used by workload 't-job-"* ]]
	ctl image inspect test/busybox:1 >/dev/null
}

@test "destroy takes the stack away" {
	run -0 ctl destroy t --yes
	[ "$(ctl ps -o json | jq '.workloads | length')" -eq 0 ]
	run -1 ctl destroy t --yes
	run -0 ctl image rm test/busybox:1 --yes
	run -1 ctl ps t
	[[ $output == *"there is no stack 't'"* ]]
	run -1 ctl verify --stack t
	[[ $output == *"there is no stack 't'"* ]]
}

@test "logs of a workload stay readable when it is gone" {
	run -0 ctl logs t-job-1 --tail 1
	[[ $output == tick ]]
	run -0 ctl logs t-job-2 -f --tail 1
	[[ $output == tick ]]
	run -1 ctl logs t-never-1
	[[ $output == *"'t-never-1'"* ]]
}
