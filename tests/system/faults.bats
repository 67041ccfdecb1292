#!/usr/bin/env bats
# controld whose own files and disk are bad: its keys, its store, its directory. Each fault is one clear error that names
# the file; nothing is overwritten, and with the file put right controld serves again. And hooks that behave badly.

bats_require_minimum_version 1.5.0

BIN=$BATS_TEST_DIRNAME/../../${O:-build}/bin

setup() {
	DIR=$(mktemp -d /tmp/sp-faults-XXXXXX)
	A=$DIR/a
	mkdir -m 700 "$A"
	unshare --mount --propagation private sleep infinity 3>&- &
	PLACE=$!
	until [[ $(readlink "/proc/$PLACE/ns/mnt") != "$(readlink /proc/self/ns/mnt)" ]]; do sleep 0.01; done
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$DIR/log" >&2 || true
	[[ ! -e $DIR/pid ]] || kill_controld KILL
	[[ ! -e $DIR/servers ]] || kill "$(<"$DIR/servers")" 2>/dev/null || true
	kill "$PLACE"
	rm -rf "$DIR"
}

# Mounts are made in a place of the test's own, where controld runs too.
inside() { nsenter --mount="/proc/$PLACE/ns/mnt" -- "$@"; }

become_controld() { exec nsenter --mount="/proc/$PLACE/ns/mnt" -- "$BIN/controld" --set state_dir="$A" --set unix_socket="$DIR/socket" "$@" run; }

# One that is to refuse: it has 20 s to end.
controld() { timeout 20 bash -c "$(declare -f become_controld); $(declare -p BIN A DIR PLACE); become_controld \"\$@\"" controld "$@"; }

start() {
	local end=$((SECONDS + 20))
	become_controld "$@" 2>>"$DIR/log" 3>&- &
	echo $! >"$DIR/pid"
	until ready; do
		((SECONDS < end)) && kill -0 "$(<"$DIR/pid")" || return 1
		sleep 0.05
	done
}

ready() { call /v1/ready -f -o /dev/null; }
call() { curl -sS -m 30 --unix-socket "$DIR/socket" "${@:2}" "http://c$1" 2>/dev/null; }
lock() { call "/v1/locks/$1" -X POST -d '{"reason": "maintenance"}'; }

kill_controld() { # signal
	local pid
	pid=$(<"$DIR/pid")
	rm "$DIR/pid"
	kill "-$1" "$pid"
	while kill -0 "$pid" 2>/dev/null && [[ $(ps -o state= -p "$pid") != Z* ]]; do sleep 0.02; done
}

# A control host that has served, and stands still.
has_served() {
	start
	lock kept
	kill_controld TERM
	sqlite3 "$A/store.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
}

serves_as_before() {
	start
	[[ $(call /v1/locks) == *'"stack":"kept"'* ]]
	kill_controld TERM
}

@test "a key or a certificate that is missing or empty is never made anew" {
	has_served
	for file in seal.key ca.key ca.crt; do
		sums=$(cd "$A" && sha256sum seal.key ca.key ca.crt server.key)
		mv "$A/$file" "$DIR/kept"
		run -1 controld
		[[ $output == *"'$A/$file' is missing or empty, and this control host has served a cluster"* ]]
		[ ! -e "$A/$file" ]
		(umask 077 && : >"$A/$file")
		run -1 controld
		[[ $output == *"'$A/$file' is missing or empty"* ]]
		[ ! -s "$A/$file" ]
		mv "$DIR/kept" "$A/$file"
		sha256sum --quiet -c <<<"$(sed "s|  |  $A/|" <<<"$sums")"
		serves_as_before
	done
}

@test "a key that is cut off, or another's, is refused by name and stays as it is" {
	has_served
	mkdir "$DIR/other"
	"$BIN/controld" --set state_dir="$DIR/other" token >/dev/null
	openssl rand -base64 32 >"$DIR/other/seal.key"
	for file in seal.key ca.key ca.crt; do
		cp -p "$A/$file" "$DIR/kept"
		for bad in "$(head -c 20 "$DIR/kept")" "$(<"$DIR/other/$file")"; do
			echo "$bad" >"$A/$file"
			run controld
			[[ $status == [13] && ($output == *"$A"* || $output == *"seal_key"*) && $output == *"${file%.*}"* ]]
			[[ $(<"$A/$file") == "$bad" ]]
		done
		cp -p "$DIR/kept" "$A/$file"
		serves_as_before
	done
}

@test "a store that is gone, empty, cut off or garbage is refused by name; put back, it serves" {
	has_served
	cp -p "$A/store.db" "$DIR/kept"
	for fault in 'rm "$1"' ': >"$1"' 'truncate -s 40960 "$1"' 'echo garbage >"$1"' \
		'dd if=/dev/urandom of="$1" bs=4096 seek=1 count=30 conv=notrunc status=none'; do
		rm -f "$A"/store.db-*
		bash -c "$fault" fault "$A/store.db"
		run -1 controld
		[[ $output == *"store '"*"$A/store.db'"* && $output == *backup* ]]
		rm -f "$A"/store.db*
		cp -p "$DIR/kept" "$A/store.db"
		serves_as_before
	done
}

@test "a store that is taken away, or replaced, under a running controld takes no more changes" {
	start
	lock kept
	cp -p "$A/store.db" "$DIR/other.db"
	for fault in 'rm "$1"' 'cp "$2" "$1"'; do
		[[ $fault != cp* ]] || rm -f "$A/store.db"
		bash -c "$fault" fault "$A/store.db" "$DIR/other.db"
		run lock lost
		[[ $output == *"'$A/store.db' was removed or replaced while it was in use"* ]]
		run -22 ready
	done
	[ ! -s "$A/store.db" ] || cmp "$A/store.db" "$DIR/other.db"
}

@test "a store that is cut off under a running controld is an error, not a crash" {
	start
	lock kept
	sqlite3 "$A/store.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	truncate -s 8192 "$A/store.db"
	run lock lost
	[[ $output == *'"code":"corrupt"'*"$A/store.db"* ]]
	run -22 ready
	kill -0 "$(<"$DIR/pid")"
}

@test "a schema of a newer program is refused, and not touched" {
	has_served
	sqlite3 "$A/store.db" 'INSERT INTO schema_version VALUES (99)'
	before=$(sha256sum "$A/store.db")
	run -1 controld
	[[ $output == *"the store has schema 99, this program knows up to "* ]]
	[[ $(sha256sum "$A/store.db") == "$before" ]]
}

@test "a second controld on the same state directory is refused" {
	start
	run -1 controld --set unix_socket="$DIR/second"
	[[ $output == *"'$A/images': another process has it open"* ]]
	lock kept
}

@test "a full disk refuses changes and is got over" {
	inside mount -t tmpfs -o size=4m,mode=700 none "$A"
	start
	lock kept
	inside dd if=/dev/zero of="$A/ballast" bs=64k status=none 2>/dev/null || true
	for i in 1 2 3 4 5 6 7 8; do run lock "full$i"; done
	[[ $output == *'"code":"no_space"'* ]]
	[[ $(call /v1/locks) == *'"stack":"kept"'* ]]
	kill_controld TERM
	inside rm "$A/ballast"
	start
	lock again
	[[ $(call /v1/store | jq -c .findings) == '[]' ]]
	kill_controld TERM
	inside umount "$A"
}

@test "a first start on a disk that is full makes nothing that a later one stumbles over" {
	inside mount -t tmpfs -o size=20k,mode=700 none "$A"
	for size in 20k 40k 64k 300k; do
		inside mount -o remount,size=$size "$A"
		run -1 controld
	done
	inside mount -o remount,size=8m "$A"
	start
	kill_controld TERM
	inside umount "$A"
}

@test "a directory that cannot be written is refused by name" {
	has_served
	inside mount --bind "$A" "$A"
	inside mount -o remount,bind,ro "$A"
	run -1 controld
	[[ $output == *"$A"*"Read-only file system"* ]]
	inside umount "$A"
	serves_as_before
}

@test "killed at any moment of its first start, the next start finds nothing half made" {
	for i in $(seq 25); do
		become_controld 2>/dev/null 3>&- &
		sleep "0.0$((i * 2 % 60 / 10))$((i * 3 % 10))"
		kill -KILL $!
		wait $! 2>/dev/null || true
		((i % 5)) || rm -rf "${A:?}"/*
	done
	start
	lock kept
	[[ $(call /v1/store | jq -c .findings) == '[]' ]]
	kill_controld TERM
	serves_as_before
}

# Servers of every bad habit, on loopback: the first argument of each line of $DIR/ports is its name.
bad_servers() {
	python3 - "$DIR/ports" 3>&- <<-'END' &
		import socket, sys, threading, time

		def hang(c):
		    time.sleep(1000)

		def redirect(c):
		    c.recv(65536)
		    c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % good)

		def endless(c):
		    c.recv(65536)
		    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		    for _ in range(1000):
		        c.sendall(b"x" * 1000000)

		def slow(c):
		    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + b"y" * 10000:
		        c.sendall(bytes([byte]))
		        time.sleep(0.05)

		def garbage(c):
		    c.recv(65536)
		    c.sendall(b"\x00\xff" * 5000)

		def accept(s, f):
		    def serve(c):
		        try:
		            f(c)
		        except OSError:
		            pass
		        c.close()
		    while True:
		        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()

		def listen(f):
		    s = socket.create_server(("127.0.0.1", 0))
		    threading.Thread(target=accept, args=(s, f), daemon=True).start()
		    return s.getsockname()[1]

		told = []
		good = listen(told.append)
		with open(sys.argv[1] + ".new", "w") as ports:
		    for f in hang, redirect, endless, slow, garbage:
		        print(f.__name__, listen(f), file=ports)
		import os
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		while not told:
		    time.sleep(0.05)
		open(sys.argv[1] + ".followed", "w").close()
	END
	echo $! >"$DIR/servers"
	until [[ -e $DIR/ports ]]; do sleep 0.05; done
}

hook_failed() { call /v1/hooks | jq -e --arg name "$1" 'any(.hooks[]; .name == $name and .failures > 0)' >/dev/null; }

@test "hooks of every bad habit fail with a word on each, and hold up nobody" {
	bad_servers
	{
		awk '{printf "%s{\"name\": \"%s\", \"post\": \"http://127.0.0.1:%s/\"}", (NR > 1 ? ", " : "["), $1, $2}' "$DIR/ports"
		printf ', {"name": "missing", "exec": ["%s/no-such"]}, {"name": "dies", "exec": ["/bin/sh", "-c", "kill -SEGV $$"]}' "$DIR"
		printf ', {"name": "good", "exec": ["/bin/sh", "-c", "cat >>%s/told"]}]' "$DIR"
	} >"$DIR/hooks.json"
	start --set events.hooks="$DIR/hooks.json" --set events.hook_timeout=500ms --set events.hook_retry_max=1s
	sleep 1.2 # each hook begins with what happens after it was seen first
	for i in $(seq 20); do lock "s$i"; done
	for name in hang redirect endless slow garbage missing dies; do
		for _ in $(seq 200); do hook_failed $name && break || sleep 0.1; done
		hook_failed $name
	done
	[[ $(call /v1/hooks | jq -r '.hooks[] | select(.name == "redirect") | .error') == *"answers 302"* ]]
	until (($(wc -l <"$DIR/told") >= 20)); do sleep 0.1; done
	[ ! -e "$DIR/ports.followed" ]
	[[ ${O:-build} == *san ]] || # what was freed is kept aside there
		(($(awk '/VmHWM/ {print $2}' "/proc/$(<"$DIR/pid")/status") < 300000))
	before=$SECONDS
	kill_controld TERM
	((SECONDS - before < 10))
}
