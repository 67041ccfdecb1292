#!/usr/bin/env bats
# controld alone, over its unix socket and over TLS on loopback: who may call it, what it makes of bad input, join
# tokens, images, and being killed. Everything in a directory of its own.

bats_require_minimum_version 1.5.0

CONTROLD=$BATS_TEST_DIRNAME/../../${O:-build}/bin/controld

setup_file() {
	export DIR PORT TLS
	DIR=$(mktemp -d /tmp/sp-controld-XXXXXX)
	PORT=$((21000 + RANDOM % 9000))
	TLS=https://127.0.0.1:$PORT
	controld operator ann "$DIR/ann"
	start_controld
}

teardown_file() {
	stop_controld TERM
	rm -rf "$DIR"
}

controld() {
	"$CONTROLD" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock" --set listen="127.0.0.1:$PORT" "$@"
}

start_controld() {
	"$CONTROLD" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock" --set listen="127.0.0.1:$PORT" \
		--set poll_interval=100ms --set node_timeout=300ms "$@" run 2>>"$DIR/log" 3>&- &
	echo $! >"$DIR/pid"
	local end=$((SECONDS + 10))
	until curl -fs -o "$DIR/null" --unix-socket "$DIR/sock" http://c/v1/ready; do
		((SECONDS < end)) || { cat "$DIR/log" && return 1; }
		sleep 0.05
	done
}

stop_controld() { # signal
	local pid
	pid=$(<"$DIR/pid")
	kill -"$1" "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

# A call over the socket: the body in $output, the status in $code.
call() { # curl arguments..., path last
	local path=${*: -1}
	output=$(curl -sS -m 20 -w '\n%{http_code}' --unix-socket "$DIR/sock" "${@:1:$#-1}" "http://c$path")
	code=${output##*$'\n'} output=${output%$'\n'*}
}

# The same over TLS, with the certificate of $who (none when empty).
call_tls() { # who, curl arguments..., path last
	local who=$1 path=${*: -1} cert=()
	[[ -z $who ]] || cert=(--cert "$DIR/$who/$who.crt" --key "$DIR/$who/$who.key")
	output=$(curl -sS -m 20 -w '\n%{http_code}' --cacert "$DIR/ann/ca.crt" "${cert[@]}" "${@:2:$#-2}" "$TLS$path" 2>&1) || true
	code=${output##*$'\n'} output=${output%$'\n'*}
}

field() { jq -r "$1" <<<"$output"; }

bundle() { # name, text
	jq -n --arg n "$1" --arg t "$2" '{name: $n, file: "stack.yaml", text: $t, variables: {}, files: {}}'
}

request_for() { # file of the key to make
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1" -subj /CN=anyone/O=control 2>"$DIR/null"
}

join_body() { # token, name, csr
	jq -n --arg t "$1" --arg n "$2" --arg c "$3" '{token: $t, name: $n, address: "127.0.0.1", port: 1, csr: $c}'
}

rootfs() {
	mkdir -p "$DIR/root/bin" && cp /bin/busybox "$DIR/root/bin/"
	tar --sort=name --mtime=@0 -C "$DIR/root" -cf "$DIR/root.tar" .
}

import_busybox() { # reference
	rootfs
	call -X POST --data-binary @"$DIR/root.tar" \
		"/v1/images?reference=$1&config=$(printf '{"Cmd": ["/bin/busybox"]}' | base64 -w0 | sed 's/+/%2B/g; s/=/%3D/g')"
}

@test "it says who it is, and is alive and ready for anybody" {
	call /v1/version
	[[ $code == 200 && $(field .store) == sqlite ]]
	[[ $(field .ca_fingerprint) == sha256:$(openssl x509 -in "$DIR/ann/ca.crt" -outform DER | sha256sum | cut -d' ' -f1) ]]
	call_tls "" /v1/health
	[[ $code == 200 ]]
	call_tls "" /v1/ready
	[[ $code == 200 ]]
}

@test "over TLS an operator's certificate is served and no certificate is refused" {
	call_tls ann /v1/nodes
	[[ $code == 200 ]]
	call_tls "" /v1/nodes
	[[ $code == 403 && $(field .error.code) == denied ]]
}

@test "a certificate of another authority, and one of another role, are refused" {
	"$CONTROLD" --set state_dir="$DIR/other" --set url=https://x operator eve "$DIR/eve"
	call_tls eve /v1/nodes
	[[ $code != 200 ]]
	local token csr
	token=$(controld token)
	mkdir -p "$DIR/thief"
	csr=$(request_for "$DIR/thief/thief.key")
	call_tls "" -d "$(join_body "$token" thief "$csr")" /v1/join
	[[ $code == 200 ]]
	field .certificate >"$DIR/thief/thief.crt"
	openssl x509 -in "$DIR/thief/thief.crt" -noout -subject | grep -q 'CN = thief, O = node'
	call_tls thief /v1/nodes
	[[ $code == 403 && $(field .error.code) == denied ]]
	call -X DELETE /v1/nodes/thief
	[[ $code == 200 ]]
}

@test "garbage on either port is answered or closed, and controld lives on" {
	run -0 timeout 10 bash -c "printf 'GARBAGE\r\n\r\n' | nc -q1 -U '$DIR/sock' || true"
	run timeout 10 bash -c "head -c 4096 /dev/urandom | openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null"
	run timeout 10 bash -c "head -c 4096 /dev/urandom >/dev/tcp/127.0.0.1/$PORT"
	call /v1/ready
	[[ $code == 200 ]]
}

@test "a body that is no JSON, one of another type and one that is too large are refused" {
	call -d '{"name": ' /v1/deploys
	[[ $code == 400 && $(field .error.code) == invalid ]]
	call -d '[]' /v1/deploys
	[[ $code == 400 ]]
	call -d '{"ttl": 5}' /v1/nodes/tokens
	[[ $code == 400 && $(field .error.message) == *ttl* ]]
	head -c 20000000 /dev/zero >"$DIR/big"
	call -X POST --data-binary @"$DIR/big" /v1/deploys
	[[ $code == 413 ]]
	call /v1/operations
	[[ $(field '.operations | length') == 0 ]]
}

@test "an unknown path, a wrong method and a wrong parameter are told apart" {
	call /v1/nothing
	[[ $code == 404 ]]
	call -X PUT /v1/nodes
	[[ $code == 405 ]]
	call '/v1/events?limit=0'
	[[ $code == 400 && $(field .error.message) == *limit* ]]
	call '/v1/events?after=x'
	[[ $code == 400 ]]
}

@test "a join token is good for one node, and for as long as it lives" {
	local token csr
	csr=$(request_for "$DIR/w.key")
	call -d '{"ttl_ns": 1000000}' /v1/nodes/tokens
	[[ $code == 201 ]]
	token=$(field .token)
	sleep 0.01
	call_tls "" -d "$(join_body "$token" worker1 "$csr")" /v1/join
	[[ $code == 403 && $(field .error.message) == "the join token has expired" ]]
	token=$(controld token)
	call_tls "" -d "$(join_body "$token" worker1 "$csr")" /v1/join
	[[ $code == 200 && $(field .subnet) == 10.90.*.0/24 ]]
	call_tls "" -d "$(join_body "$token" worker2 "$csr")" /v1/join
	[[ $code == 403 && $(field .error.message) == *"already used by node 'worker1'" ]]
	call_tls "" -d "$(join_body "${token/SP1./SP1.0}" worker2 "$csr")" /v1/join
	[[ $code == 400 ]]
}

@test "a join that fails leaves its token good: a bad request, a bad name" {
	local token csr
	token=$(controld token)
	csr=$(request_for "$DIR/w.key")
	call_tls "" -d "$(join_body "$token" worker3 'no request')" /v1/join
	[[ $code == 400 ]]
	call_tls "" -d "$(join_body "$token" ../evil "$csr")" /v1/join
	[[ $code == 400 ]]
	call_tls "" -d "$(join_body "$token" worker3 "$csr")" /v1/join
	[[ $code == 200 ]]
	call -X DELETE /v1/nodes/worker3
	[[ $code == 200 ]]
}

@test "of twenty joins at once with one token one succeeds" {
	local token csr i
	token=$(controld token)
	csr=$(request_for "$DIR/w.key")
	for i in {1..20}; do
		curl -sS --cacert "$DIR/ann/ca.crt" -o "$DIR/null" -w '%{http_code}\n' -d "$(join_body "$token" "race$i" "$csr")" \
			"$TLS/v1/join" >"$DIR/race.$i" 3>&- &
	done
	wait $(jobs -p)
	[[ $(cat "$DIR"/race.* | grep -c 200) == 1 ]]
	[[ $(cat "$DIR"/race.* | grep -c 403) == 19 ]]
}

@test "a node that does not answer becomes unreachable, with the reason, and an event says so" {
	local end=$((SECONDS + 10))
	until call /v1/nodes/worker1 && [[ $(field .state) == unreachable ]]; do
		((SECONDS < end))
		sleep 0.1
	done
	[[ $(field .error) == *worker1* ]]
	call '/v1/events?type=node.unreachable&limit=1000'
	[[ $(field '[.events[] | select(.node == "worker1")] | length') == 1 ]]
}

@test "a bad stack file is refused with its address before anything is recorded" {
	call -d "$(bundle demo $'services:\n  web:\n    image: app\n    imagee: x\n')" /v1/deploys
	[[ $code == 400 && $(field .error.stage) == validate ]]
	[[ $(field .error.message) == *stack.yaml:4:5* ]]
	call /v1/operations
	[[ $(field '.operations | length') == 0 ]]
}

@test "an image is imported, listed, inspected, kept over a restart and removed" {
	import_busybox test/busybox:1
	[[ $code == 201 && $(field .reference) == test/busybox:1 ]]
	local digest
	digest=$(field .digest)
	import_busybox test/busybox:1
	[[ $(field .digest) == "$digest" ]]
	stop_controld TERM
	start_controld
	call /v1/images
	[[ $(field '.images[0].digest') == "$digest" ]]
	call /v1/images/test/busybox:1
	[[ $code == 200 && $(field '.config.command[0]') == /bin/busybox ]]
	call -X DELETE /v1/images/test/busybox:1
	[[ $code == 200 ]]
	call /v1/images/test/busybox:1
	[[ $code == 404 ]]
}

@test "an archive that is none, is cut short, or is too large leaves no image" {
	call -X POST --data-binary 'this is no archive' '/v1/images?reference=bad:1'
	[[ $code == 400 || $code == 500 ]]
	rootfs
	head -c 100000 "$DIR/root.tar" >"$DIR/cut.tar"
	call -X POST --data-binary @"$DIR/cut.tar" '/v1/images?reference=bad:1&config=e30%3D'
	[[ $code != 201 ]]
	stop_controld TERM
	start_controld --set image_max=64k
	import_busybox bad:1
	[[ $code == 413 && $(field .error.message) == *image_max* ]]
	call /v1/images
	[[ $(field '.images | length') == 0 ]]
	stop_controld TERM
	start_controld
}

@test "a full disk during an import is told as such, and nothing is lost" {
	[[ $EUID == 0 ]] || skip "needs root for a small tmpfs"
	rootfs
	local small=$DIR/small
	mkdir -p "$small"
	run unshare -m bash -c '
		set -e
		mount --make-rprivate / && mount -t tmpfs -o size=1m none "$1"
		"$2" --set state_dir="$1" --set unix_socket="$1/s" run 2>"$3/small.log" 3>&- &
		pid=$!
		for i in {1..100}; do curl -fs -o /dev/null --unix-socket "$1/s" http://c/v1/ready && break; sleep 0.05; done
		curl -sS --unix-socket "$1/s" -X POST --data-binary @"$3/root.tar" "http://c/v1/images?reference=x:1&config=e30%3D"
		curl -sS --unix-socket "$1/s" http://c/v1/images
		kill $pid; wait $pid' -- "$small" "$CONTROLD" "$DIR"
	[[ $output == *'"code":"no_space"'* ]]
	[[ $output == *'"images":[]'* ]]
}

@test "a deploy without its image names service, line and remedy" {
	call -d "$(bundle demo $'services:\n  web:\n    image: nowhere:1\n')" /v1/deploys
	[[ $code == 202 ]]
	call "/v1/operations/$(field .operation)?wait=1"
	[[ $(field .state) == failed && $(field .error.stage) == validate ]]
	[[ $(field .error.message) == "stack.yaml:3: service 'web'"* ]]
	[[ $(field .error.next) == "ctl image import"*nowhere:1* ]]
	call /v1/stacks
	[[ $(field '.stacks | length') == 0 ]]
}

@test "a deploy that fits nowhere gives the reason of each node" {
	import_busybox app:1
	call -d "$(bundle demo $'services:\n  web:\n    image: app:1\n')" /v1/deploys
	call "/v1/operations/$(field .operation)?wait=1"
	[[ $(field .state) == failed && $(field .error.stage) == place && $(field .error.code) == unreachable ]]
	[[ $(field .error.message) == *"worker1: unreachable"* ]]
}

@test "the same idempotency key gives the same operation, with another request it is refused" {
	local first
	call -H 'Idempotency-Key: k1' -d "$(bundle demo $'services:\n  web:\n    image: nowhere:1\n')" /v1/deploys
	first=$(field .operation)
	call -H 'Idempotency-Key: k1' -d "$(bundle demo $'services:\n  web:\n    image: nowhere:1\n')" /v1/deploys
	[[ $code == 202 && $(field .operation) == "$first" ]]
	call -H 'Idempotency-Key: k1' -d "$(bundle demo $'services:\n  web:\n    image: nowhere:2\n')" /v1/deploys
	[[ $code == 409 && $(field .error.stage) == client ]] # the lock has no part in it
	[[ $(field .error.message) == "the idempotency key was used for another request, operation '$first'" ]]
}

@test "events wait for what is to come, and are gap-free from the first" {
	local last
	call '/v1/events?limit=1000'
	[[ $(field '[.events[].seq] == [range(1; (.events | length) + 1)]') == true ]]
	last=$(field .next)
	(sleep 0.3 && curl -sS -o "$DIR/null" --unix-socket "$DIR/sock" -d "$(bundle late $'services:\n  web:\n    image: no:1\n')" \
		http://c/v1/deploys) 3>&- &
	call "/v1/events?after=$last&wait_ns=10000000000"
	wait $!
	[[ $(field '[.events[].type] | join(" ")') == "lock.acquired operation.started"* ]]
	call "/v1/events?after=999999&wait_ns=1000000"
	[[ $(field '.events | length') == 0 ]]
}

@test "killed, it comes back with everything it knew" {
	call /v1/operations
	local operations=$output
	stop_controld KILL
	start_controld
	call /v1/operations
	[[ $output == "$operations" ]]
	call /v1/nodes/worker1
	[[ $code == 200 ]]
	call_tls ann /v1/nodes
	[[ $code == 200 ]]
}

@test "a second controld on the same state says who holds it" {
	run -1 timeout 10 "$CONTROLD" --set state_dir="$DIR/state" --set unix_socket="$DIR/sock2" run
	[[ $output == *images* ]]
}

@test "configuration: unknown keys, bad values and unknown verbs are exit 3; --print-config prints all" {
	run -3 controld --set nosuch=1 run
	run -3 controld --set poll_interval=5 run
	run -3 controld frobnicate
	local set
	for set in log_level=loud listen=nowhere store=mysql://db lock_ttl=abc; do
		run -3 controld --set "$set" --print-config
		[[ $output == "controld: ${set%%=*}: "* ]]
	done
	run -3 controld --print-config run
	[[ $output == *"unexpected argument 'run'"* ]]
	run -3 controld version twice
	run -3 controld --set state_dir="$DIR/unheard" --set listen= --set unix_socket= run
	run -0 controld --print-config
	[[ $output == *'poll_interval = 2s'* ]]
	run -0 controld --set store='postgresql://ann:hunter2@db/sp?password=hunter2' --print-config
	[[ $output == *'store = "postgresql://ann:***@db/sp?password=***"'* && $output != *hunter2* ]]
	run -3 controld --set state_dir="$DIR/unheard" --set store='postgresql://ann:hun@ter2@db/sp' run
	[[ $output == *"url of the store"* && $output != *ter2* ]]
	run -0 controld version
}
