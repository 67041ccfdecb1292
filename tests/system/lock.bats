#!/usr/bin/env bats
# The lock of a stack through ctl and a controld without nodes: by hand, refused, waited for, taken away.

bats_require_minimum_version 1.5.0

setup_file() {
	export DIR PORT BIN
	BIN=$BATS_TEST_DIRNAME/../../${O:-build}/bin
	DIR=$(mktemp -d /tmp/sp-lock-XXXXXX)
	PORT=$((31000 + RANDOM % 9000))
	printf 'name: demo\nservices:\n  web:\n    image: nowhere:1\n' >"$DIR/stack.yaml"
	start_controld
	for who in ann bob cid; do controld operator "$who" "$DIR/$who"; done
}

teardown_file() {
	kill "$(<"$DIR/pid")"
	while kill -0 "$(<"$DIR/pid")" 2>/dev/null; do sleep 0.02; done
	rm -rf "$DIR"
}

controld() { "$BIN/controld" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock" --set listen="127.0.0.1:$PORT" "$@"; }

start_controld() {
	"$BIN/controld" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock" --set listen="127.0.0.1:$PORT" run 2>>"$DIR/log" 3>&- &
	echo $! >"$DIR/pid"
	local end=$((SECONDS + 10))
	until curl -fs -o "$DIR/null" --unix-socket "$DIR/sock" http://c/v1/ready; do
		((SECONDS < end)) || { cat "$DIR/log" && return 1; }
		sleep 0.05
	done
}

# ctl as one of them: as ann lock ls
as() { LOGNAME=$1 SUDO_USER='' "$BIN/ctl" --context "$DIR/$1/context.json" "${@:2}"; }
field() { as ann lock status demo -o json | jq -r "$1"; }
waiters() { field '[.waiters[].locked_by] | join(" ")'; }

until_is() { # wanted, command...
	local end=$((SECONDS + 10))
	until [[ $("${@:2}") == "$1" ]]; do
		((SECONDS < end)) || { "${@:2}" && return 1; }
		sleep 0.05
	done
}

teardown() {
	local id
	id=$(field '.id // empty' 2>/dev/null) || return 0
	[[ -z $id ]] || as ann lock force-release demo --yes --lock "$id" --reason "end of the test" >"$DIR/null"
}

@test "acquire prints the id, and status tells who, from where, what for, since and until when" {
	run -1 as ann lock status demo
	id=$(as ann lock acquire demo --reason "the disk is full" --operation "grow the disk" --ttl 10m)
	[[ $id == lock-* ]]
	run -0 as bob lock status demo
	[[ $output == *"kind"*"manual"* && $output == *"ann (operator:ann)"* && $output == *"$(uname -n)"* ]]
	[[ $output == *"grow the disk"* && $output == *"the disk is full"* && $output == *"$id"* ]]
	[[ $(field .token) -ge 1 && $(field .ttl_ns) == 600000000000 && $(field .kind) == manual ]]
	run -0 as bob lock ls
	[[ $output == *demo*manual*ann* ]]
}

@test "who finds it locked hears who has it, from where, since, until, why, and what to type next; exit 4" {
	id=$(as ann lock acquire demo --reason "the disk is full")
	for command in "deploy $DIR/stack.yaml" "lock acquire demo"; do
		# shellcheck disable=SC2086
		run -4 as bob $command
		[[ $output == *"stack 'demo' is locked by ann on $(uname -n) (manually)"* ]]
		[[ $output == *"since "* && $output == *"until "* && $output == *"the disk is full"* ]]
		[[ $output == *"--wait: the same again"*"next: ctl lock status demo"* && $output == *"ctl lock force-release demo --lock $id --reason WHY"* ]]
	done
	run -0 as ann lock release demo
}

@test "it is released by its holder and by its id only; the id is remembered beside the context" {
	id=$(as ann lock acquire demo)
	run -1 as bob lock release demo --lock "$id"
	[[ $output == *"was acquired by ann"* ]]
	run -1 as ann lock release demo --lock lock-000000000000
	[[ $output == *"'$id'"* ]]
	run -3 as bob lock release demo
	run -0 as ann lock release demo
	[[ $output == *"stack 'demo' is free"* ]]
	run -3 as ann lock release demo
	[[ $(field .held) == false ]]
}

@test "an operation runs under a manual lock with --lock, which stays" {
	id=$(as ann lock acquire demo)
	run -4 as ann deploy "$DIR/stack.yaml"
	run as ann deploy --lock "$id" "$DIR/stack.yaml"
	[[ $status != 4 && $output == *"operation op-"* ]]
	[[ $(field .id) == "$id" && $(field .operation) == "" ]]
	run -1 as ann deploy --lock lock-000000000000 "$DIR/stack.yaml"
	[[ $output == *"is '$id' of ann, not 'lock-000000000000'"* ]]
	run -0 as ann lock release demo
	run -1 as ann deploy --lock "$id" "$DIR/stack.yaml"
	[[ $output == *"is not locked"* ]]
}

@test "taking it away needs the exact id and a reason, makes the token grow, and is a warning on record" {
	id=$(as ann lock acquire demo)
	before=$(field .token)
	run -3 as bob lock force-release demo --yes --lock "$id"
	run -1 as bob lock force-release demo --yes --lock lock-000000000000 --reason gone
	[[ $output == *"'$id'"* ]]
	run -0 as bob lock force-release demo --yes --lock "$id" --reason "ann is on holiday"
	[[ $output == *"ann had it"* ]]
	[[ $(field .held) == false && $(field .token) -gt $before ]]
	as ann events --stack demo --type lock.forced -o json | tail -n 1 >"$DIR/event"
	[[ $(jq -r '[.fields.severity, .fields.why] | join(" ")' "$DIR/event") == "warning ann is on holiday" ]]
	[[ $(jq -r .fields.by "$DIR/event") == "bob (operator:bob)" ]]
	grep -q '"lock.forced"' "$DIR/log"
	run -1 as ann lock release demo
}

@test "waiters are served in the order they came" {
	as ann lock acquire demo >"$DIR/null"
	as bob lock acquire demo --wait >"$DIR/bob.id" 2>"$DIR/bob.err" 3>&- &
	until_is bob waiters
	as cid lock acquire demo --wait=60s >"$DIR/cid.id" 2>"$DIR/cid.err" 3>&- &
	until_is "bob cid" waiters
	grep -q "waiting for the lock.*ann" "$DIR/bob.err"
	as ann lock release demo
	wait %1
	[[ $(field .locked_by) == bob && $(field .id) == "$(<"$DIR/bob.id")" && $(waiters) == cid ]]
	as bob lock release demo
	wait %2
	[[ $(field .locked_by) == cid && $(waiters) == "" ]]
}

@test "who has waited long enough, or is interrupted, leaves the queue; exits 4 and 130" {
	as ann lock acquire demo >"$DIR/null"
	run -4 as bob lock acquire demo --wait=300ms
	[[ $output == *"waited 300ms: stack 'demo' is locked by ann"* ]]
	[[ $(waiters) == "" ]]
	LOGNAME=bob SUDO_USER='' "$BIN/ctl" --context "$DIR/bob/context.json" lock acquire demo --wait >"$DIR/null" 2>&1 3>&- &
	until_is bob waiters
	kill -TERM $!
	wait $! && code=0 || code=$?
	[[ $code == 130 ]]
	until_is "" waiters
}

@test "a manual lock ends with its time, and the next in the queue has it" {
	as ann lock acquire demo --ttl 1s >"$DIR/null"
	run -0 as bob lock acquire demo --wait=30s
	[[ $(field .locked_by) == bob ]]
	as ann events --stack demo --type lock.expired -o json | jq -se 'length > 0' >"$DIR/null"
}

@test "controld killed: who held a lock by hand still does" {
	id=$(as ann lock acquire demo)
	kill -KILL "$(<"$DIR/pid")"
	while kill -0 "$(<"$DIR/pid")" 2>/dev/null; do sleep 0.02; done
	start_controld
	[[ $(field .id) == "$id" ]]
	run -0 as ann lock release demo
}
