#!/usr/bin/env bats
# What ctl says of names that are not there, of values that are none, and before what cannot be taken back: with which
# status, and what to type next, which works when typed. controld alone, in a directory of its own.

bats_require_minimum_version 1.5.0

BIN=$BATS_TEST_DIRNAME/../../${O:-build}/bin

setup_file() {
	export DIR PORT
	DIR=$(mktemp -d /tmp/sp-words-XXXXXX)
	PORT=$((21000 + RANDOM % 9000))
	(controld operator ann "$DIR/ann")
	controld run 2>>"$DIR/log" 3>&- &
	echo $! >"$DIR/pid"
	local end=$((SECONDS + 10))
	until ctl op ls >"$DIR/null" 2>&1; do
		((SECONDS < end)) || { cat "$DIR/log" && return 1; }
		sleep 0.05
	done
}

teardown_file() {
	local pid
	pid=$(<"$DIR/pid")
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
	rm -rf "$DIR"
}

# Replaces the shell it is called in.
controld() {
	exec "$BIN/controld" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock" --set listen="127.0.0.1:$PORT" "$@"
}

ctl() { "$BIN/ctl" --context "$DIR/ann/context.json" "$@" </dev/null; }

# The command fails with that status and these words; what it says to type next does not fail.
leads_to() { # status, words, next, command...
	local next
	run ctl "${@:4}"
	[ "$status" -eq "$1" ] || { echo "${*:4}: exit $status: $output" && return 1; }
	[[ $output == "error: $2"* ]] || { echo "${*:4}: $output" && return 1; }
	next=$(sed -n 's/^next: ctl //p' <<<"$output")
	[ "$next" = "$3" ] || { echo "${*:4}: $output" && return 1; }
	# shellcheck disable=SC2086
	ctl $next >"$DIR/null"
}

@test "a stack that is not there is told by every command that needs one, and leads to the list of stacks" {
	local command
	while read -r command; do
		# shellcheck disable=SC2086
		leads_to 1 "there is no stack 'nosuch'" "stack ls" $command
	done <<-EOF
		destroy nosuch
		destroy nosuch --yes
		stack show nosuch
		ps nosuch
		diff nosuch
		validate nosuch
		output nosuch
		output nosuch address
		drift detect nosuch
		drift show nosuch
		drift fix nosuch
		drift fix nosuch --yes
		snapshot ls nosuch
		snapshot create nosuch
		deps show nosuch
		deps graph nosuch
		deps check nosuch
		deps order nosuch
		state ls nosuch
		state get nosuch key
		state set nosuch key value
		state rm nosuch key
		events --stack nosuch
	EOF
	leads_to 1 "there is no stack 'nosuch', and no operation on it" "op ls" op ls --stack nosuch
	leads_to 1 "there is no snapshot v1 of 'nosuch'" "stack ls" snapshot show nosuch v1
	leads_to 1 "there is no snapshot v1 of 'nosuch'" "stack ls" snapshot restore nosuch v1
}

@test "so do operations, nodes, images, workloads and locks" {
	leads_to 1 "there is no operation 'op-9999'" "op ls" op show op-9999
	leads_to 1 "there is no operation 'op-9999'" "op ls" op cancel op-9999
	leads_to 1 "there is no node 'nosuch'" "node ls" node show nosuch
	leads_to 1 "there is no node 'nosuch'" "node ls" node rm nosuch
	leads_to 1 "image 'nosuch' is not here" "image ls" image rm nosuch
	leads_to 1 "there is no workload or service 'nosuch'" "ps" logs nosuch
	leads_to 1 "there is no stack 'nosuch', and no lock of it" "lock ls" lock status nosuch
	leads_to 3 "which lock? no lock of stack 'nosuch'" "lock ls" lock release nosuch
}

@test "what is asked for is looked at before anybody is asked whether it is meant" {
	run -1 ctl snapshot rm nosuch v9
	[[ $output == *"there is no snapshot v9 of 'nosuch'"* ]]
	run -1 ctl lock force-release nosuch --lock lock-0 --reason why
	[[ $output == *"there is no stack 'nosuch', and no lock of it"* ]]
	run -3 ctl store migrate --to nothing
	[[ $output == *"no store back end for 'nothing'"* ]]
	id=$(ctl lock acquire held)
	run -1 ctl lock force-release held --lock lock-0 --reason why
	[[ $output == *"the lock of stack 'held' is '$id' of "*", not 'lock-0'"* ]]
	run -3 ctl lock force-release held --lock "$id" --reason why
	[[ $output == *"no terminal"*"take lock '$id' of stack 'held' away"*"--yes"* ]]
	ctl lock renew held --lock "$id"
	ctl lock release held --lock "$id"
}

@test "a type that no event has is refused, with the nearest" {
	run -3 ctl events --type lock.aquired
	[ "$output" = "error: --type: 'lock.aquired' is no type of an event; did you mean 'lock.acquired'?" ]
	run -3 ctl events --type lock.acquired,foo
	[ "$output" = "error: --type: 'foo' is no type of an event" ]
	run -3 ctl events --type lock
	[[ $output == *"did you mean 'lock.', all that begin so?" ]]
	ctl lock acquire typed && ctl lock release typed
	run -0 ctl events --type lock.acquired,stack. --stack typed
	[[ ${#lines[@]} = 1 && $output == *"lock.acquired"*typed* ]]
	run -0 ctl events --type lock. --stack typed
	[ ${#lines[@]} = 2 ]
	run -0 curl -s --unix-socket "$DIR/sock" "http://c/v1/events?type=foo"
	[[ $output == *"'foo' is no type of an event"* ]]
}

@test "a lock's time is told as such when it is out of bounds" {
	run -3 ctl lock acquire held --ttl 0s
	[[ $output == "error: a lock by hand is held for 1s to 720h at most"* ]]
	run -3 ctl lock acquire held --ttl 9000h
	[[ $output == *"held for 1s to 720h at most"* ]]
}

@test "a database that cannot be reached is told with the reason, once" {
	run -1 ctl store migrate --to "sqlite:$DIR/nowhere/x"
	[ "$output" = "error: store '$DIR/nowhere/x': unable to open database file: No such file or directory" ]
	run -1 ctl store migrate --to "postgresql:///x?sslmode=never"
	[ "$output" = 'error: store: invalid sslmode value: "never"' ]
}
