#!/usr/bin/env bats
# ctl on a terminal: a shell in a container, progress as it happens, Ctrl-C, and questions.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/t.yaml" <<-'END'
		name: t
		services:
		  w: {image: test/busybox:1, command: [sleep 1000]}
	END
	cat >"$CLUSTER/slow.yaml" <<-'END'
		name: slow
		services:
		  first:
		    image: test/busybox:1
		    command: ["echo up; sleep 2; echo >/ready; sleep 1000"]
		    healthcheck: {test: ["CMD", "ls", "/ready"], interval: 200ms, timeout: 200ms, retries: 50}
		  second:
		    image: test/busybox:1
		    command: [sleep 1000]
		    depends_on: {first: {condition: service_healthy}}
	END
	ctl deploy "$CLUSTER/t.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

on_terminal() { # [TEXT=KEYS]... -- arguments of ctl
	local answers=()
	while [[ $1 != -- ]]; do answers+=("$1") && shift; done
	shift
	python3 "$BATS_TEST_DIRNAME/lib/terminal.py" 30 100 "${answers[@]}" -- "$CLUSTER/bin/ctl" "$@" 3>&-
}

@test "exec -it is a shell on a terminal of this size, which follows when it changes" {
	run -5 on_terminal "/ #=stty size\n" "30 100=size:40,120" "/ #=sleep 0.5; stty size\n" "40 120=exit 5\n" -- exec -it t-w-1 -- sh
	[[ $output == *"30 100"*"40 120"* ]]
}

@test "Ctrl-C in exec -it ends what runs inside, not ctl, and the terminal is as it was" {
	run -7 on_terminal "/ #=sleep 1000\n" "sleep 1000=\x03" "/ #=exit 7\n" -- exec -it t-w-1 -- sh
	run -0 python3 "$BATS_TEST_DIRNAME/lib/terminal.py" 24 80 "/ #=exit\n" -- \
		bash -c "stty -a >'$CLUSTER/tty.before'; '$CLUSTER/bin/ctl' exec -it t-w-1 -- sh; stty -a >'$CLUSTER/tty.after'"
	cmp "$CLUSTER/tty.before" "$CLUSTER/tty.after"
}

@test "exec -t without a terminal is refused" {
	run -3 ctl exec -t t-w-1 -- true </dev/null
	[[ $output == *"--tty: standard input is not a terminal"* ]]
}

@test "Ctrl-C while a deploy is followed is 130, says that it goes on, and it does" {
	run -130 on_terminal "running=\x03" -- deploy "$CLUSTER/slow.yaml"
	[[ $output == *"interrupted; operation '"*"' goes on without ctl"*"next: ctl op show --follow "* ]]
	operation=$(grep -o "operation 'op-[^']*'" <<<"$output" | tr -d "'" | cut -d' ' -f2)
	[[ $(ctl op show -o json "$operation" | jq -r .state) == running ]]
	run -0 ctl op show --follow "$operation"
	[[ $(workload slow-second-1 .ready) == true ]]
	ctl destroy slow --yes
}

@test "Ctrl-C while events or logs are followed is 130, and no failure" {
	local command code
	ctl deploy "$CLUSTER/slow.yaml"
	for command in "events -f" "logs -f slow-first-1"; do
		# shellcheck disable=SC2086
		"$CLUSTER/bin/ctl" $command >"$CLUSTER/followed" 2>"$CLUSTER/followed.err" &
		within 20 test -s "$CLUSTER/followed"
		kill -INT $!
		code=0
		wait $! || code=$?
		[ "$code" -eq 130 ]
		[ ! -s "$CLUSTER/followed.err" ]
	done
	ctl destroy slow --yes
}

@test "progress on a terminal is drawn over itself, elsewhere each step is one line" {
	run -0 on_terminal -- deploy "$CLUSTER/slow.yaml"
	[[ $output == *"running"*"ready     slow-first-1 on worker"*$'\e[1A\e[J'* ]]
	ctl destroy slow --yes
	run -0 --separate-stderr ctl deploy "$CLUSTER/slow.yaml"
	[[ $stderr != *$'\e'* && $stderr != *running* ]]
	[[ $(grep -c "^done     ready     slow-" <<<"$stderr") == 2 ]]
	ctl destroy slow --yes
}

@test "what destroys asks on a terminal, and does nothing without a yes" {
	run -1 on_terminal "[y/N]=n\n" -- destroy t
	[[ $output == *"its state and its outputs go; volumes and logs stay"*"nothing was done"* ]]
	[[ $(workload t-w-1 .ready) == true ]]
	run -3 ctl destroy t </dev/null
	[[ $output == *"say --yes"* ]]
	run -0 on_terminal "[y/N]=y\n" -- destroy t
	[[ $(ctl ps -o json | jq '.workloads | length') == 0 ]]
}
