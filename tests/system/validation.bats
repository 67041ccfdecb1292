#!/usr/bin/env bats
# ctl validate against a real cluster: what controld and the nodes know of a deploy before it is begun.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	stack demo <<<'    ports: ["8090:80"]'
	ctl deploy "$CLUSTER/demo.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

stack() { # name; further lines of its service from standard input
	cat - >"$CLUSTER/more"
	cat - "$CLUSTER/more" >"$CLUSTER/$1.yaml" <<-END
		name: $1
		services:
		  web:
		    image: test/busybox:1
		    command: ["sleep 1000"]
		    stop_grace_period: 1s
	END
}

# The check of that area which has the verdict: its message.
found() { # area, verdict
	jq -r --arg a "$1" --arg v "$2" '.validations[].checks[] | select(.area == $a and .verdict == $v) | .message' <<<"$output"
}

# Validate the stack and expect a failure of the area with the words in it, and exit 3.
refused() { # name, area, words
	run -3 --separate-stderr ctl validate -o json "$CLUSTER/$1.yaml"
	[[ $(found "$2" FAIL) == *"$3"* ]] || { echo "$output"; return 1; }
}

@test "a good file passes in every area, also as the stack that was deployed and with all" {
	run -0 ctl validate "$CLUSTER/demo.yaml"
	[[ $output == *"PASS: 9 passed, 0 warned, 0 failed, 0 skipped"* ]]
	run -0 ctl validate demo -o json
	[ "$(jq -r '[.validations[0].checks[].area] | join(" ")' <<<"$output")" = \
		"configuration dependencies tasks lock permissions images resources disk files" ]
	run -0 ctl validate all --strict
	[[ $output == *" demo "*"PASS: "* ]]
	run -1 ctl validate nothing
}

@test "without a server only the file is read, and that is said" {
	echo '{"unix": "/nonexistent.sock"}' >"$CLUSTER/nowhere.json"
	run -0 --separate-stderr ctl --context "$CLUSTER/nowhere.json" validate "$CLUSTER/demo.yaml"
	[[ $output == *"stack 'demo' is valid"* && $stderr == *"only the file was looked at"* ]]
	run -0 --separate-stderr ctl validate --offline "$CLUSTER/demo.yaml"
	[ -z "$stderr" ]
	run -7 ctl --context "$CLUSTER/nowhere.json" validate demo
}

@test "an image that is nowhere, with its line" {
	stack image <<<'' && sed -i 's|test/busybox:1|test/absent:1|' "$CLUSTER/image.yaml"
	refused image images "test/absent:1"
	[ "$(jq -r '.validations[].checks[] | select(.area == "images") | "\(.line) \(.resource)"' <<<"$output")" = "4 web" ]
	[ "$(found disk SKIP)" ]
	[ "$(found resources PASS)" ] && [ "$(found files PASS)" ]
}

@test "memory, a port another stack has, and a constraint no node meets, with each node's reason" {
	stack memory <<<'    mem_reservation: 9000g'
	refused memory resources "no node for 'memory-web-1': worker1: "
	stack port <<-'END'
		    ports: ["8090:80"]
		    deploy: {placement: {constraints: ["node.hostname == worker1"]}}
	END
	ctl validate -o json "$CLUSTER/port.yaml" >"$CLUSTER/port.json" || true
	node=$(ctl ps -o json | jq -r '.workloads[] | select(.id == "demo-web-1") | .node')
	sed -i "s/worker1/$node/" "$CLUSTER/port.yaml"
	refused port resources "port 8090/tcp already published on $node by demo/web-1"
	[ "$(jq -r '.validations[].checks[] | select(.area == "resources") | "\(.line) \(.resource)"' <<<"$output")" = "7 port-web-1" ]
	sed -i 's|test/busybox:1|test/absent:1|' "$CLUSTER/port.yaml"
	refused port images "test/absent:1"
	[[ $(found resources FAIL) == *"port 8090/tcp already published on $node by demo/web-1"* ]]
	stack where <<<'    deploy: {placement: {constraints: ["node.labels.disk == gold"]}}'
	refused where resources "does not satisfy node.labels.disk == gold"
}

@test "what needs no image is looked at without it: sources of bind mounts" {
	stack both <<<'    volumes: [{type: bind, source: /srv/none, target: /x, bind: {create_host_path: false}}]'
	sed -i 's|test/busybox:1|test/absent:1|' "$CLUSTER/both.yaml"
	refused both images "test/absent:1"
	[[ $(found files FAIL) == *"bind source '/srv/none' is not there"* ]]
}

@test "sources of bind mounts on the node: missing, unreadable for the user, the agent's own" {
	stack bind <<<'    volumes: [{type: bind, source: /srv/none, target: /x, bind: {create_host_path: false}}]'
	refused bind files "bind source '/srv/none' is not there, and is not to be made"
	[[ $(jq -r '.validations[].checks[] | select(.area == "files") | .node' <<<"$output") == worker* ]]
	for host in worker1 worker2; do lab exec "$host" -- install -d -m 700 /srv/private; done
	stack user <<-'END'
		    user: "1000"
		    volumes: ["/srv/private:/x"]
	END
	refused user files "user 1000 cannot read bind source '/srv/private', a directory of user 0 with mode 0700"
	sed -i 's/"1000"/"0"/' "$CLUSTER/user.yaml"
	run -0 ctl validate "$CLUSTER/user.yaml"
	stack own <<<'    volumes: ["/var/lib:/x"]'
	refused own files "holds the agent's own"
}

@test "a deploy asks for it too, unless the policy says no, and nothing is begun on a node" {
	stack bind <<<'    volumes: [{type: bind, source: /srv/none, target: /x, bind: {create_host_path: false}}]'
	run -3 ctl deploy "$CLUSTER/bind.yaml"
	[[ $output == *"files: worker"*"bind source '/srv/none' is not there"* ]]
	[ "$(ctl ps -o json | jq '[.workloads[] | select(.stack == "bind")] | length')" -eq 0 ]
	printf 'x-stackpilot: {policy: {validate_before: false}}\n' >>"$CLUSTER/bind.yaml"
	run ctl deploy "$CLUSTER/bind.yaml"
	[ "$status" -ne 0 ] && [ "$status" -ne 3 ]
	[[ $output != *"files: worker"* ]]
}

@test "what it requires, and a task that cannot end in time" {
	stack needs <<<'x-stackpilot: {requires: [gone]}'
	refused needs dependencies "'needs' requires the stack 'gone', which is not deployed"
	[ "$(jq -r '.validations[].checks[] | select(.area == "dependencies") | "\(.file):\(.line):\(.column)"' <<<"$output")" = "$CLUSTER/needs.yaml:7:27" ]
	stack slow <<<'x-stackpilot: {policy: {timeout: 1m}, tasks: {t: {image: "test/busybox:1", timeout: 40s, retries: 1}}}'
	refused slow tasks "task 't' may take 1m20s with its retries, and an operation is cut off after 1m0s"
}

@test "who holds the lock is a warning, which fails under strict" {
	id=$(ctl lock acquire demo --reason "by hand" -o json | jq -r .id)
	run -0 --separate-stderr ctl validate demo -o json
	[[ $(found lock WARN) == "held by "*", by hand: a deploy is refused or waits" ]]
	run -3 ctl validate demo --strict
	[[ $output == *"FAIL: 8 passed, 1 warned"* ]]
	run -3 --separate-stderr ctl validate demo --strict -o junit
	xmllint --noout - <<<"$output"
	[[ $output == *'<testsuite name="ctl validate" tests="9" failures="1"'* ]]
	ctl lock release demo --lock "$id"
	run -0 ctl validate demo --strict
}
