#!/usr/bin/env bats
# The store through the real programs: several controld on one PostgreSQL, keys that must be shared, check, backup and
# a move from one engine to the other. Everything in a directory of its own, on sockets and loopback.

bats_require_minimum_version 1.5.0

BIN=$BATS_TEST_DIRNAME/../../${O:-build}/bin

setup_file() {
	export DIR PORT
	DIR=$(mktemp -d /tmp/sp-store-XXXXXX)
	chmod 755 "$DIR"
	PORT=$((31000 + RANDOM % 9000))
	(cd "$BATS_TEST_DIRNAME/../.." && tests/postgres start "$DIR/pg")
	psql -qAt "$(database postgres)" -c 'CREATE DATABASE one' -c 'CREATE DATABASE two'
	run_controld a "$(database one)"
}

teardown_file() {
	local pid
	for pid in "$DIR"/*.pid; do [[ -e $pid ]] && end_controld "$(basename "$pid" .pid)"; done
	(cd "$BATS_TEST_DIRNAME/../.." && tests/postgres stop "$DIR/pg")
	rm -rf "$DIR"
}

teardown() { [[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$DIR"/*.log >&2; }

database() { echo "postgresql:///$1?host=$DIR/pg&user=stackpilot"; }

# The three files that make control hosts one cluster.
share_keys() { # from, to
	mkdir -p -m 700 "$DIR/$2"
	cp -p "$DIR/$1/ca.crt" "$DIR/$1/ca.key" "$DIR/$1/seal.key" "$DIR/$2/"
}

# Replaces the shell it is called in.
become_controld() { # name, store, arguments...
	local port=$((PORT + $(printf %d "'$1") - 97))
	exec "$BIN/controld" --set state_dir="$DIR/$1" --set store="$2" --set unix_socket="$DIR/$1.sock" \
		--set listen="127.0.0.1:$port" "${@:3}"
}

controld() { (become_controld "$@"); }

run_controld() { # name, store
	local end=$((SECONDS + 20))
	controld "$1" "$2" operator ann "$DIR/ann-$1"
	become_controld "$1" "$2" run 2>>"$DIR/$1.log" 3>&- &
	echo $! >"$DIR/$1.pid"
	until curl -fs -o /dev/null --unix-socket "$DIR/$1.sock" http://c/v1/ready; do
		((SECONDS < end)) || { cat "$DIR/$1.log" && return 1; }
		sleep 0.05
	done
}

end_controld() { # name
	local pid
	pid=$(<"$DIR/$1.pid")
	rm "$DIR/$1.pid"
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

ctl() { # name, arguments...
	"$BIN/ctl" --context "$DIR/ann-$1/context.json" "${@:2}"
}

call() { # name, curl arguments..., path last
	curl -sS -m 30 --unix-socket "$DIR/$1.sock" "${@:2:$#-2}" "http://c${*: -1}"
}

last_event() { call "$1" '/v1/events?limit=1000' | jq .next; }

lock() { ctl "$1" lock acquire "$2" --reason maintenance; }

@test "a control host with an authority of its own is refused, and both are named" {
	run controld x "$(database one)" run
	[ "$status" -eq 1 ]
	[[ $output == *"the store is of the cluster whose authority is 'sha256:"*"copy ca.crt and ca.key"* ]]
}

@test "a control host with a seal key of its own is refused, and both are named" {
	share_keys a y
	rm "$DIR/y/seal.key"
	run controld y "$(database one)" run
	[ "$status" -eq 1 ]
	[[ $output == *"the store is sealed with key '"*"copy the file of \`seal_key\`"* ]]
}

@test "two controld on one database: what one commits wakes who waits at the other" {
	share_keys a b
	run_controld b "$(database one)"
	after=$(last_event b)
	call b "/v1/events?after=$after&wait_ns=20000000000" >"$DIR/heard" &
	sleep 0.3
	lock a shared
	wait $!
	[ "$(jq -r '.events[0].type' "$DIR/heard")" = lock.acquired ]
	run ctl b lock status shared -o json
	[ "$(jq -r .reason <<<"$output")" = maintenance ]
}

@test "a controld whose clock is an hour ahead keeps to the database's" {
	[[ ${O:-build} != *san ]] || skip "a sanitizer wants to be loaded first"
	share_keys a e
	LD_PRELOAD=/usr/\$LIB/faketime/libfaketime.so.1 FAKETIME=+1h run_controld e "$(database one)"
	(($(date -d "$(head -n 1 "$DIR/e.log" | jq -r .time)" +%s) > $(date +%s) + 3000))
	ctl a lock acquire clock --ttl 30s --reason "held by the right time"
	[ "$(call e /v1/locks/clock | jq '.held and .age_ns < 20000000000')" = true ]
	run call e -X POST -d '{"reason": "stolen"}' /v1/locks/clock
	[[ $output == *'"code":"locked"'* ]]
	call e -X POST -d '{"reason": "short", "ttl_ns": 1000000000}' /v1/locks/hour
	sleep 1.2
	[ "$(call a /v1/locks/hour | jq .held)" = false ]
	end_controld e
}

@test "ctl store check counts the rows and finds the store sound" {
	run ctl a store check
	[ "$status" -eq 0 ]
	[[ $output == *"PASS  postgresql, schema "* ]]
	[[ $output == *events* ]]
}

@test "a damaged store fails the check, with a line for each damage" {
	psql -qAt "$(database one)" -c "UPDATE counters SET value = value + 3 WHERE name = 'events'"
	run ctl a store check
	psql -qAt "$(database one)" -c "UPDATE counters SET value = value - 3 WHERE name = 'events'"
	[ "$status" -eq 1 ]
	[[ $output == *"FAIL  events end at "* ]]
}

@test "a backup of a server's store is a store that controld runs on" {
	ctl a store backup "$DIR/copy.db"
	was=$(sha256sum <"$DIR/copy.db")
	run ctl a store backup "$DIR/copy.db"
	[[ $status == 1 && $output == *"'$DIR/copy.db' is there already"* ]]
	[[ $(sha256sum <"$DIR/copy.db") == "$was" && $(stat -c %a "$DIR/copy.db") == 600 ]]
	[ "$(stat -c %a "$DIR/copy.db")" = 600 ]
	[ -z "$(ls "$DIR"/copy.db.part "$DIR"/a/backup-* 2>/dev/null)" ]
	share_keys a c
	run_controld c "sqlite:$DIR/copy.db"
	run ctl c store check
	[[ $output == *"PASS  sqlite, schema "* ]]
	run ctl c lock status shared -o json
	[ "$(jq -r .reason <<<"$output")" = maintenance ]
	[ "$(jq .token <<<"$output")" -gt 1000000 ]
}

@test "a backup that cannot be written leaves nothing behind and says which file" {
	run ctl a store backup "$DIR/nowhere/copy.db"
	[ "$status" -ne 0 ]
	[[ $output == *"$DIR/nowhere/copy.db.part"* ]]
}

@test "a store moves into a server's database with its tokens, and the old one takes no more changes" {
	token=$(ctl c lock status shared -o json | jq .token)
	run ctl c store migrate --to "$(database one)" --yes
	[ "$status" -eq 1 ]
	[[ $output == *"the other database is not empty"* ]]
	ctl c store migrate --to "$(database two)" --yes
	run ctl c lock acquire late --reason late
	[ "$status" -ne 0 ]
	[[ $output == *"the store was moved"* ]]
	end_controld c
	run controld c "sqlite:$DIR/copy.db" run
	[ "$status" -eq 1 ]
	[[ $output == *"the store was moved to postgresql:///two"*"; set \`store\` in the configuration"* ]]
	run_controld c "$(database two)"
	[ "$(ctl c lock status shared -o json | jq .token)" = "$token" ]
	ctl c store check
}

@test "the server dies and comes back: controld was ready, is not, and is again" {
	(cd "$BATS_TEST_DIRNAME/../.." && tests/postgres crash "$DIR/pg")
	run curl -s -m 10 -o /dev/null -w '%{http_code}' --unix-socket "$DIR/a.sock" http://c/v1/ready
	[ "$output" = 503 ]
	(cd "$BATS_TEST_DIRNAME/../.." && tests/postgres again "$DIR/pg")
	run curl -s -m 10 -o /dev/null -w '%{http_code}' --unix-socket "$DIR/a.sock" http://c/v1/ready
	[ "$output" = 200 ]
	lock b after-the-crash
}
