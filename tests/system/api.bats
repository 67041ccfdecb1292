#!/usr/bin/env bats
# The demo's service (images/recipes/api) against a real PostgreSQL: its start-up contract, its health and
# readiness, its items, and losing the database. Everything on loopback, in a directory of its own.

bats_require_minimum_version 1.5.0

API=$BATS_TEST_DIRNAME/../../build/images/api
PGBIN=/usr/lib/postgresql/15/bin

as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

db_start() { as_postgres "$PGBIN/pg_ctl" -D "$DIR/db" -s -w -l "$DIR/db.log" start; }
db_stop() { as_postgres "$PGBIN/pg_ctl" -D "$DIR/db" -s -w -m "${1:-fast}" stop; }

setup_file() {
	export DIR
	DIR=$(mktemp -d /tmp/sp-api-XXXXXX)
	export DB_PORT=$((20000 + RANDOM % 10000)) PORT=$((30000 + RANDOM % 2000))
	chown postgres "$DIR"
	printf 'sec ret\n' >"$DIR/password"
	as_postgres "$PGBIN/initdb" -D "$DIR/db" -U shop --pwfile="$DIR/password" --auth=scram-sha-256 >/dev/null
	cat >>"$DIR/db/postgresql.conf" <<-EOF
		port = $DB_PORT
		listen_addresses = '127.0.0.1'
		unix_socket_directories = '$DIR'
		fsync = off
	EOF
	db_start
}

teardown_file() {
	db_stop immediate || true
	rm -rf "$DIR"
}

setup() {
	export DATABASE_URL="postgresql://shop@127.0.0.1:$DB_PORT/postgres" DATABASE_PASSWORD_FILE=$DIR/password
	export LISTEN=127.0.0.1:$PORT
	pids=()
}

teardown() {
	local pid
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" || true; done
	[[ -f $DIR/db/postmaster.pid ]] || db_start
}

api_start() { # port; sets pid
	LISTEN=127.0.0.1:$1 "$API" 2>>"$DIR/api.log" 3>&- &
	pid=$!
	pids+=("$pid")
}

# The status of a GET, and the body in $body.
get() { # path, port
	body=$(curl -sS -m 5 -w '\n%{http_code}' "http://127.0.0.1:${2:-$PORT}$1") || return 1
	status=${body##*$'\n'} body=${body%$'\n'*}
}

wait_for() { # status, path, port
	local i
	for ((i = 0; i < 100; i++)); do
		get "$2" "${3:-$PORT}" 2>/dev/null && [[ $status == "$1" ]] && return 0
		sleep 0.1
	done
	echo "$2 does not answer $1: $status $body"
	return 1
}

post() { # body, port
	curl -sS -m 5 -o "$DIR/reply" -w '%{http_code}' -d "$1" "http://127.0.0.1:${2:-$PORT}/items"
}

refused() { # what the line says
	run --separate-stderr timeout 5 "$API"
	[[ $status == 64 ]] || { echo "exit $status: $stderr"; return 1; }
	[[ ${#stderr_lines[@]} == 1 && $stderr == "api: "*"$1"* ]] || { echo "$stderr"; return 1; }
}

@test "missing or malformed configuration is one clear line and exit 64" {
	DATABASE_URL='' refused "DATABASE_URL is not set"
	DATABASE_URL='http://x' refused "DATABASE_URL"
	DATABASE_URL='postgresql://shop:hush@h:port/x' refused "names a port that is none"
	[[ $stderr != *hush* ]]
	DATABASE_URL='postgresql://shop@/x' refused "names no host"
	DATABASE_URL='postgresql://shop@h' refused "names no database"
	DATABASE_PASSWORD_FILE=/no/such refused "DATABASE_PASSWORD_FILE '/no/such'"
	: >"$DIR/empty"
	DATABASE_PASSWORD_FILE=$DIR/empty refused "holds no password"
	local bad
	for bad in 8080 1.2.3.4 1.2.3.4:0 1.2.3.4:99999 1.2.3.4:80x 1.2.3:80 localhost:80 ''; do
		LISTEN=$bad refused "LISTEN '$bad'"
	done
}

@test "items are kept, listed and found" {
	api_start "$PORT"
	wait_for 200 /ready
	[[ $(post '{"name": "ein Apfel \u00e4"}') == 201 ]]
	id=$(jq -r .id "$DIR/reply")
	get "/items/$id"
	[[ $status == 200 && $(jq -r .name <<<"$body") == "ein Apfel ä" ]]
	get /items
	[[ $status == 200 && $(jq -r --argjson id "$id" '.items[] | select(.id == $id) | .name' <<<"$body") == "ein Apfel ä" ]]
	get /items/999999999
	[[ $status == 404 ]]
}

@test "what is wrong in a request is answered, and nothing is stored" {
	api_start "$PORT"
	wait_for 200 /ready
	get /items
	before=$(jq '.items | length' <<<"$body")
	local bad
	for bad in '' '{' '[]' '{"name": 1}' '{"name": ""}' '{"nam": "x"}' '{"name": "x", "id": 3}' '{"name":"a\u0000b"}' \
		"{\"name\": \"$(printf 'x%.0s' {1..201})\"}"; do
		[[ $(post "$bad") == 400 ]] || { echo "$bad"; return 1; }
	done
	[[ $(post "{\"name\": \"$(printf 'x%.0s' {1..5000})\"}") == 413 ]]
	[[ $(curl -s -o /dev/null -w '%{http_code}' -X DELETE "http://127.0.0.1:$PORT/items") == 405 ]]
	get /nothing && [[ $status == 404 ]]
	get "/items/1'%20OR%20'1" && [[ $status == 404 ]]
	get /items
	[[ $(jq '.items | length' <<<"$body") == "$before" ]]
}

@test "two replicas may start at once on an empty database" {
	PGPASSWORD='sec ret' psql -q -h 127.0.0.1 -p "$DB_PORT" -U shop postgres -c 'DROP TABLE IF EXISTS items' 2>/dev/null
	api_start "$PORT"
	api_start $((PORT + 1))
	wait_for 200 /ready "$PORT"
	wait_for 200 /ready $((PORT + 1))
	[[ $(post '{"name": "through one"}' "$PORT") == 201 ]]
	get /items $((PORT + 1))
	[[ $(jq -r '.items[0].name' <<<"$body") == "through one" ]]
}

@test "without its database it starts, lives, is not ready, and finds it later" {
	db_stop
	api_start "$PORT"
	wait_for 200 /health
	wait_for 503 /ready
	[[ $(jq -r .reason <<<"$body") != "" ]]
	[[ $(post '{"name": "x"}') == 503 ]]
	db_start
	wait_for 200 /ready
	[[ $(post '{"name": "x"}') == 201 ]]
	kill -0 "$pid"
}

@test "losing the database makes it unready within a check, and ready again with its items" {
	api_start "$PORT"
	wait_for 200 /ready
	[[ $(post '{"name": "survivor"}') == 201 ]]
	db_stop immediate
	wait_for 503 /ready
	get /health
	[[ $status == 200 ]]
	get /items
	[[ $status == 503 ]]
	db_start
	wait_for 200 /ready
	get /items
	[[ $status == 200 && $(jq -r '.items[-1].name' <<<"$body") == survivor ]]
	kill -0 "$pid"
}

@test "a database that does not answer at all never holds up health or readiness" {
	api_start "$PORT"
	wait_for 200 /ready
	local postmaster
	postmaster=$(head -n 1 "$DIR/db/postmaster.pid")
	pkids=$(ps -o pid= --ppid "$postmaster")
	kill -STOP $postmaster $pkids
	curl -s -m 8 "http://127.0.0.1:$PORT/items" >/dev/null 3>&- &
	slow=$!
	start=$EPOCHREALTIME
	get /health && [[ $status == 200 ]] || { kill -CONT $postmaster $pkids; return 1; }
	get /ready || { kill -CONT $postmaster $pkids; return 1; }
	answered=$EPOCHREALTIME
	wait_for 503 /ready || { kill -CONT $postmaster $pkids; return 1; }
	kill -CONT $postmaster $pkids
	wait "$slow" || true
	echo "health and ready took $start..$answered"
	wait_for 200 /ready
}

@test "SIGTERM ends it with exit 0" {
	api_start "$PORT"
	wait_for 200 /health
	kill -TERM "$pid"
	run wait "$pid"
	wait "$pid" && code=0 || code=$?
	pids=()
	[[ $code == 0 ]]
}
