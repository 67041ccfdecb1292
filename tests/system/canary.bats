#!/usr/bin/env bats
# A stack's secrets on a real cluster: they reach the container and are nowhere else in sight. Not on the control host's
# disk, in no log, event, operation, plan, metric or command line; on a worker only in files of root's own.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	export VARIABLE=canary-variable-$RANDOM$RANDOM INNOCENT=canary-innocent-$RANDOM$RANDOM LITERAL=canary-literal-$RANDOM$RANDOM FILE=canary-file-$RANDOM$RANDOM
	ENCODED=$(printf %s "$FILE" | base64 -w0)
	export ENCODED
	write_stack
	printf %s "$FILE" >"$CLUSTER/token"
	printf 'SETTINGS=%s\n' "$INNOCENT" >"$CLUSTER/app.env"
	PASSWORD=$VARIABLE X=$INNOCENT ctl deploy "$CLUSTER/stack.yaml" >"$CLUSTER/said" 2>&1
}

teardown_file() { cluster_down; }

write_stack() { # further lines of the service
	cat >"$CLUSTER/stack.yaml" <<-END
		name: vault
		services:
		  web:
		    image: test/busybox:1
		    command: ["sleep 1000"]
		    environment: {PASSWORD: "\${PASSWORD}", API_KEY: $LITERAL, PGOPTS: "\${X}"}
		    env_file: [./app.env]
		    labels: {note: "\${X}"}
		    secrets: [token]
		    ${1:-}
		x-stackpilot:
		  outputs: {where: "at \${X}"}
		  tasks: {first: {image: "test/busybox:1", command: ["true"], environment: {OPTS: "\${X}"}}}
		secrets:
		  token: {file: ./token}
	END
}

# None of the secrets in what comes in; says which.
clean() { # what it is
	local data found=0 secret
	data=$(tr -d '\0')
	for secret in "$VARIABLE" "$INNOCENT" "$LITERAL" "$FILE" "$ENCODED"; do
		[[ $data != *"$secret"* ]] || { echo "$secret is in $1" >&2 && found=1; }
	done
	((found == 0))
}

holders() { # directory -> the files that hold a secret
	grep -rlaF -e "$VARIABLE" -e "$INNOCENT" -e "$LITERAL" -e "$FILE" -e "$ENCODED" "$1" || true
}

@test "the container has its secrets" {
	run ctl exec vault-web-1 -- sh -c 'echo $PASSWORD $API_KEY; echo $PGOPTS/$SETTINGS; cat /run/secrets/token'
	[ "$status" -eq 0 ]
	[[ $output == *"$VARIABLE $LITERAL"* ]]
	[[ $output == *"$INNOCENT/$INNOCENT"* ]]
	[[ $output == *"$FILE"* ]]
}

@test "the control host's disk holds none of them, in the database, its log or anywhere" {
	[ -e "$CLUSTER/lab/control/disk" ]
	[ -n "$(find "$CLUSTER/lab/control/disk" -name 'store.db*')" ]
	[ -z "$(holders "$CLUSTER/lab/control/disk")" ]
}

@test "on the workers they are in files that only root may read" {
	local file found=0
	while read -r file; do
		found=$((found + 1))
		[ "$(stat -c '%u %A' "$file")" = '0 -rw-------' ] || only_roots_path "$file" || { ls -l "$file" >&2 && return 1; }
	done < <(holders "$CLUSTER/lab/worker1/disk"; holders "$CLUSTER/lab/worker2/disk")
	[ "$found" -gt 0 ]
}

# A directory on the way keeps everybody else out.
only_roots_path() {
	local at=$1
	while [[ $at == "$CLUSTER"/* ]]; do
		at=$(dirname "$at")
		[[ $(stat -c '%u %A' "$at") != '0 drwx------' ]] || return 0
	done
	return 1
}

@test "what ctl prints of it is silent about them: progress, lists, operations, events, plans" {
	clean 'the progress' <"$CLUSTER/said"
	ctl op show op-1 -o json | clean 'the operation'
	ctl events -o json | clean 'the events'
	ctl ps -o json | clean 'the list of workloads'
	ctl stack ls -o json | clean 'the list of stacks'
	write_stack 'hostname: other'
	export PASSWORD=new-$VARIABLE X=new-$INNOCENT
	ctl plan "$CLUSTER/stack.yaml" --out "$CLUSTER/saved" -o json >"$CLUSTER/plan" || [ $? -eq 2 ]
	jq -e '[.actions[].changes[]?.path] | any(. == "environment.PGOPTS")' "$CLUSTER/plan"
	jq -e '.outputs[0].changes[0] | .path == "value" and .sensitive' "$CLUSTER/plan"
	clean 'the plan' <"$CLUSTER/plan"
	clean 'the saved plan' <"$CLUSTER/saved"
	ctl plan "$CLUSTER/stack.yaml" -o wide 2>&1 | clean 'the plan for people'
	ctl diff "$CLUSTER/stack.yaml" 2>&1 | clean 'the difference'
	ctl output vault -o json | clean 'the outputs'
	ctl stack show vault -o json | clean 'the stack'
}

@test "comparisons of revisions and snapshots, and what drift finds, are silent about them" {
	write_stack 'hostname: other'
	PASSWORD=new-$VARIABLE X=new-$INNOCENT ctl deploy "$CLUSTER/stack.yaml" 2>&1 | clean 'the second deploy'
	ctl snapshot create vault
	ctl diff vault -o json >"$CLUSTER/diff" || [ $? -eq 2 ]
	jq -e '[.workloads[].changes[].path] | index("environment.PGOPTS") and index("labels.note") and index("environment.SETTINGS") == null' "$CLUSTER/diff"
	clean 'the difference of revisions' <"$CLUSTER/diff"
	ctl snapshot compare vault v1 v2 -o json >"$CLUSTER/compare" || [ $? -eq 2 ]
	jq -e '[.workloads[].id] | index("output where") and index("task first")' "$CLUSTER/compare"
	clean 'the comparison of snapshots' <"$CLUSTER/compare"
	ctl snapshot restore vault v1 --dry-run 2>&1 | clean 'the plan of a restore'
	ctl drift detect vault -o json | clean 'the drift'
	clean 'the events' < <(ctl events -o json)
	[ -z "$(holders "$CLUSTER/lab/control/disk")" ]
}

@test "no log, no metric and no command line shows them" {
	local host pid
	cat "$CLUSTER"/lab/*/disk/log/*.log | clean 'the logs of the daemons'
	for host in worker1 worker2; do
		lab exec "$host" -- curl -s --unix-socket /run/stackpilot/agentd.sock http://a/metrics >"$CLUSTER/metrics"
		[ -s "$CLUSTER/metrics" ]
		clean "the metrics of $host" <"$CLUSTER/metrics"
	done
	for host in control worker1 worker2; do
		lab exec "$host" -- sh -c 'cat /proc/[0-9]*/cmdline' 2>/dev/null | clean "the command lines of $host"
	done
}
