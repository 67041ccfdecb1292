#!/usr/bin/env bats
# ctl plan, diff and deploy of a saved plan, against a real cluster.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() {
	bats_require_minimum_version 1.5.0
	FILE=$CLUSTER/stack.yaml
}

write_stack() { # value of MODE
	cat >"$CLUSTER/stack.yaml" <<-END
		name: p
		services:
		  job:
		    image: test/busybox:1
		    command: ['while :; do sleep 1; done']
		    environment: {MODE: "$1", API_TOKEN: "canary-$1"}
		    volumes: ['data:/data']
		    ports: ['8085:80']
		volumes: {data: }
	END
}

@test "a plan of a new stack says what, where and why, and changes nothing" {
	write_stack one
	run -2 --separate-stderr ctl plan "$FILE"
	[[ $output == *"+ p-job-1  worker"*"it is new"* ]]
	[[ $output == *"@ worker1 has most room of 2 that fit"* ]]
	[[ $output == *"worker2 fits as well, worker1 comes first by name"* ]]
	[[ $output == *"images"*"+ test/busybox:1"*"p-job-1 needs it, and worker1 does not have it"* ]]
	[[ $output == *"volumes"*"+ p.data"* ]]
	[[ $output == *"ports"*"+ 0.0.0.0:8085/tcp"* ]]
	[[ $output == *"plan: 1 to create, 0 to update, 0 to remove, 0 unchanged; 1 image to pull"* ]]
	[ "$(ctl stack ls -o json | jq '.stacks | length')" -eq 0 ]
	[ "$(ctl op ls -o json | jq '.operations | length')" -eq 0 ]
}

@test "a saved plan is done as it was planned, and once only" {
	write_stack one
	run -2 ctl plan "$FILE" --out "$CLUSTER/p.plan"
	[ "$(stat -c %a "$CLUSTER/p.plan")" = 600 ]
	jq -e '.format == "stackpilot-plan/1" and .serial == 0' "$CLUSTER/p.plan"
	run -0 ctl deploy "$FILE" --plan "$CLUSTER/p.plan"
	[ "$(ctl stack ls -o json | jq '.stacks[0].revision')" -eq 1 ]
	run -3 ctl deploy "$FILE" --plan "$CLUSTER/p.plan"
	[[ $output == *"the plan is stale: planned against revision 0, the stack is at 1"* ]]
	told '.type == "stack.execution.failed" and .stack == "p" and .fields.state == "running"'
	[[ $output == *"next: ctl plan FILE --out PLANFILE"* ]]
}

@test "without a change the plan is empty and exits 0" {
	run -0 ctl plan "$FILE"
	[[ $output == "stack 'p' is what its file says: nothing to do (1 unchanged)" ]]
	run -0 ctl deploy --dry-run "$FILE"
	run -0 ctl diff "$FILE"
	[ "$output" = "stack 'p': no difference between revision 1 and $FILE" ]
}

@test "a change is shown field by field, a secret never" {
	write_stack two
	run -2 ctl deploy --dry-run "$FILE"
	[[ $output == *"~ p-job-1"*"environment changed"* ]]
	[[ $output == *"~ environment.MODE       one -> two"* ]]
	[[ $output == *"~ environment.API_TOKEN  (sensitive) -> (sensitive), changed"* ]]
	[[ $output != *canary* ]]
	run -2 ctl diff "$FILE"
	[[ $output == *"stack 'p': revision 1 -> "*"environment.MODE"* ]]
	run -2 ctl plan -o json "$FILE"
	[[ $output != *canary* ]]
}

@test "what the file says besides is shown field by field: outputs, policy, rules of drift" {
	write_stack one
	printf 'x-stackpilot: {outputs: {zone: eu, where: "at ${X:-home}"}, policy: {timeout: 1m}, drift: {ignore: [{field: env}]}}\n' >>"$FILE"
	run -2 ctl plan "$FILE"
	[[ $output == *"no service changes, but its file does"* ]]
	[[ $output == *"+ output zone"*"+ value  eu"*"+ output where"*"+ value  (sensitive)"* ]]
	[[ $output == *"~ policy"*"~ timeout_ns  0ms -> 1m0s"*"+ ignore * * env"* ]]
	run -2 ctl diff "$FILE"
	[[ $output == *"+ output zone"*"~ policy"* ]]
	run -2 ctl plan "$FILE" -o json
	[ "$(jq -c '.policy[0].changes' <<<"$output")" = '[{"path":"timeout_ns","before":0,"after":60000000000}]' ]
}

@test "revisions are compared with each other" {
	write_stack two
	run -0 ctl deploy "$FILE"
	run -2 ctl diff p
	[[ $output == *"stack 'p': revision 1 -> revision 2"*"~ p-job-1"*"environment.MODE"*"one -> two"* ]]
	[[ $output != *canary* ]]
	run -2 ctl diff p --revisions 2..1
	[[ $output == *"two -> one"* ]]
	run -1 ctl diff p --revisions 1..9
	[[ $output == *"stack 'p' has no revision 9"* ]]
}

@test "what is no plan, and a plan of another file, is refused" {
	echo '{}' >"$CLUSTER/no.plan"
	run -3 ctl deploy "$FILE" --plan "$CLUSTER/no.plan"
	write_stack three
	run -2 ctl plan "$FILE" --out "$CLUSTER/p.plan"
	write_stack four
	run -3 ctl deploy "$FILE" --plan "$CLUSTER/p.plan"
	[[ $output == *"the plan is stale: the stack file, or an image it names, is not the planned one"* ]]
	[ "$(ctl stack ls -o json | jq '.stacks[0].revision')" -eq 2 ]
	sed 's/name: p/name: q/; s/8085/8086/' "$FILE" >"$CLUSTER/other.yaml"
	run -3 ctl deploy "$CLUSTER/other.yaml" --plan "$CLUSTER/p.plan"
	[[ $output == *"the plan is stale: it is of stack 'p'"* ]]
}

@test "a change beside the services is a change: it becomes a revision" {
	write_stack three
	ctl deploy "$FILE"
	printf 'x-stackpilot:\n  outputs:\n    where: http://job:80\n' >>"$FILE"
	run -2 ctl plan "$FILE"
	[[ $output == *"stack 'p': no service changes, but its file does; it becomes revision "* ]]
	[[ $output == *"plan: 0 to create, 0 to update, 0 to remove, 1 unchanged; 0 images to pull"* ]]
	ctl deploy "$FILE"
	[ "$(ctl output p where)" = http://job:80 ]
	run -0 ctl plan "$FILE"
	printf '  tasks:\n    init: {image: test/busybox:1, command: ["true"]}\n' >>"$FILE"
	ctl deploy "$FILE"
	sed -i 's/command: \["true"\]/command: [":"]/' "$FILE"
	run -2 ctl diff "$FILE"
	[[ $output == *"~ task init"*"command"*"true"*":"* ]]
	run -2 ctl plan "$FILE" --out "$CLUSTER/task.plan"
	ctl deploy "$FILE" --plan "$CLUSTER/task.plan"
}
