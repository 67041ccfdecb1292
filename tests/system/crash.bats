#!/usr/bin/env bats
# controld and agentd killed at any moment of a deploy: it ends by itself, whole, with the new revision or the old one.
# And what else belongs to an operation: tasks, cancelling, the state of a stack and its outputs.

load lib/cluster
load lib/crash

setup_file() {
	cluster_up
	cluster_busybox
	lab exec control -- sh -c 'printf "recover_interval = 200ms\nsettle_time = 200ms\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
	write_whole_stack 0
	ctl deploy "$CLUSTER/stack.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }
setup() { bats_require_minimum_version 1.5.0; }

# With tasks and outputs.
write_whole_stack() { # version
	write_stack "$1"
	cat >>"$CLUSTER/stack.yaml" <<-END
		x-stackpilot:
		  tasks:
		    migrate: {image: test/busybox:1, command: ["echo migrated to $1; sleep 0.2"]}
		    smoke: {image: test/busybox:1, command: ["echo smoked $1"], when: after}
		  outputs:
		    url: http://api:8080
		    token: {state: token, sensitive: true}
	END
}

# A deploy of that version, something killed after so long, and its end: version, seconds, host, daemon.
deploy_and_kill() {
	write_whole_stack "$1"
	id=$(ctl deploy --detach "$CLUSTER/stack.yaml")
	sleep "$2"
	lab service "$3" kill "$4"
	lab service "$3" start "$4"
	within 30 ctl node ls >/dev/null
	within 60 ended "$id"
}

@test "controld killed at any moment of a deploy: the next one finishes it" {
	version=0
	for moment in 0.02 0.1 0.2 0.35 0.5 0.8 1.2; do
		deploy_and_kill $((++version)) $moment control controld
		run -0 ctl op show "$id" -o json
		[ "$(jq -r .state <<<"$output")" = succeeded ]
		is_whole $version
	done
	ctl events -o json | jq -se 'any(.[]; .type == "operation.resumed")' >/dev/null
	run -0 ctl verify
}

@test "agentd killed in the middle of a deploy: the operation waits for it and goes on" {
	version=20
	for moment in 0.1 0.3 0.6; do
		deploy_and_kill $((++version)) $moment worker1 agentd
		[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
		is_whole $version
	done
}

# Kill a host's daemon when the nth step of the operation is begun: n, host, daemon. Fails when there are not so many.
kill_at_step() {
	until [[ $(ctl op show "$id" -o json | jq "[.steps[] | select(.state != \"pending\")] | length") -ge $1 ]]; do
		ended "$id" && return 1
	done
	lab service "$2" kill "$3"
	lab service "$2" start "$3"
}

@test "agentd killed at each step of a deploy's journal: nothing is repaired by hand" {
	version=1000
	for ((n = 1; ; n++)); do
		write_whole_stack $((++version))
		id=$(ctl deploy --detach "$CLUSTER/stack.yaml")
		kill_at_step $n worker1 agentd || break
		within 60 ended "$id"
		[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
		is_whole $version
	done
	echo "$n steps"
	[ "$n" -gt 12 ]
}

@test "controld killed while it reverts: the next one goes on reverting" {
	was=$(version_of crash-db-1)
	write_whole_stack 40
	sed -i 's/smoke: .*/smoke: {image: test\/busybox:1, command: ["sleep 0.3; exit 3"], when: after}/' "$CLUSTER/stack.yaml"
	id=$(ctl deploy --detach "$CLUSTER/stack.yaml")
	within 30 sh -c "'$CLUSTER/bin/ctl' op show $id -o json | jq -e '.direction == \"revert\"'" >/dev/null
	lab service control kill controld
	lab service control start controld
	within 30 ctl node ls >/dev/null
	within 60 ended "$id"
	[ "$(ctl op show "$id" -o json | jq -r .state)" = reverted ]
	is_whole "$was"
}

@test "a task's log stays when it is gone" {
	write_whole_stack 50
	ctl deploy "$CLUSTER/stack.yaml"
	run -0 ctl logs crash-migrate-1 --tail 1
	[[ $output == *"migrated to 50"* ]]
	run -0 ctl ps
	[[ $output != *migrate* ]]
}

@test "a running operation is cancelled, and the stack is as it was" {
	was=$(version_of crash-db-1)
	write_whole_stack 60
	sed -i 's/migrate: .*/migrate: {image: test\/busybox:1, command: ["sleep 100"]}/' "$CLUSTER/stack.yaml"
	id=$(ctl deploy --detach "$CLUSTER/stack.yaml")
	within 20 workload_is crash-migrate-1 running
	run -0 ctl op cancel "$id"
	[[ $output == *"cancelled, stack 'crash' is as it was before"* ]]
	run -1 ctl op cancel "$id"
	is_whole "$was"
}

@test "the state of a stack is set, read, listed and removed; sensitive values only on request" {
	run -1 ctl state has crash vpc
	ctl state set crash vpc vpc-1
	ctl state has crash vpc
	[ "$(ctl state get crash vpc)" = vpc-1 ]
	run -1 ctl state set crash vpc other --version 0
	echo s3cret | ctl state set --sensitive crash token
	run -1 ctl state get crash token
	[ "$(ctl state get --reveal crash token)" = s3cret ]
	[ "$(ctl output crash url)" = http://api:8080 ]
	run -0 ctl output crash
	[[ $output == *"(sensitive)"* && $output != *s3cret* ]]
	[ "$(ctl output crash token --reveal)" = s3cret ]
	run -0 ctl events -o json
	[[ $output != *s3cret* ]]
	ctl state rm crash vpc
	run -1 ctl state get crash vpc
	run -0 ctl state ls crash
	[[ $output == *token* && $output != *vpc* ]]
}

@test "a revert that cannot be done is told with 6, node and next command, and the next deploy puts it right" {
	lab exec control -- sh -c 'echo "agent_patience = 2s" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls >/dev/null
	write_whole_stack 70
	sed -i 's/smoke: .*/smoke: {image: test\/busybox:1, command: ["sleep 3; exit 3"], when: after}/' "$CLUSTER/stack.yaml"
	ctl deploy "$CLUSTER/stack.yaml" >"$CLUSTER/said" 2>&1 &
	within 30 workload_is crash-smoke-1 running
	lab service worker1 kill agentd
	status=0 && wait $! || status=$?
	cat "$CLUSTER/said"
	[ "$status" = 6 ]
	grep -q "revert" "$CLUSTER/said" && grep -q "worker1" "$CLUSTER/said" && grep -q "next: " "$CLUSTER/said"
	lab service worker1 start agentd
	write_whole_stack 71
	within 20 sh -c "'$CLUSTER/bin/ctl' node ls -o json | jq -e 'all(.nodes[]; .state == \"ready\")'" >/dev/null
	ctl deploy "$CLUSTER/stack.yaml"
	is_whole 71
}
