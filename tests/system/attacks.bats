#!/usr/bin/env bats
# A workload, an image or a neighbour that means harm, against the real agentd in a private host. docs/attacks.md says
# which rule each of these is about.

load lib/agent

setup() {
	host_up
	agent_start
	peers
	busybox_image
}

teardown() {
	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then tail -30 "$HOST_DIR/agent.log" >&2; fi
	agent_end KILL
	host_down
}

exec_in() { # ID COMMAND... -> its output and exit status
	in_host python3 "$BATS_TEST_DIRNAME/lib/exec_client.py" "$HOST_DIR/run/agentd.sock" "$@"
}

resident_kb() { awk '/^VmRSS/ {print $2}' "/proc/$AGENT_PID/status"; }

# The rootfs again, with what the caller put into it, under the same name.
image_again() { image_push busybox:test "$HOST_DIR/rootfs" "$1"; }

@test "the agent and its containers have no abstract unix socket" {
	put demo-a-1 '.readiness={"type":"exec","command":["true"],"interval_ns":100000000}'
	wait_ready demo-a-1
	exec_in demo-a-1 true
	! in_host grep -E ' @' /proc/net/unix
	! in_host grep -E ' @' "/proc/$(status_of demo-a-1 .pid)/net/unix"
}

@test "the agent has no descriptor that a program it starts would inherit" {
	put demo-a-1 '.ports=[{"host_port":8080,"container_port":80}]'
	wait_ready demo-a-1
	local fd
	for fd in "/proc/$AGENT_PID/fdinfo/"*; do
		((${fd##*/} < 3 || 8#$(awk '/^flags/ {print $2}' "$fd") & 8#2000000)) ||
			{ echo "${fd##*/}: $(readlink "/proc/$AGENT_PID/fd/${fd##*/}")" && return 1; }
	done
}

@test "a stranger on the socket is refused before the body, however long it is" {
	put demo-a-1
	wait_ready demo-a-1
	chmod 711 "$HOST_DIR" "$HOST_DIR/run" && chmod 666 "$HOST_DIR/run/agentd.sock"
	local before how want
	before=$(resident_kb)
	head -c 300M /dev/zero >"$HOST_DIR/tmp/huge"
	# Who sends on without asking may find the connection closed before the answer is read.
	for how in "Expect: 100-continue" "Expect:" "Transfer-Encoding: chunked"; do
		out=$(in_host setpriv --reuid 65534 --regid 65534 --clear-groups curl -s -m 20 -w '\n%{http_code}' -H "$how" \
			-T - -X PUT --unix-socket "$HOST_DIR/run/agentd.sock" http://a/v1/workloads/demo-a-1 <"$HOST_DIR/tmp/huge") || true
		want=403
		[[ $how == *100-continue ]] || want='403|000'
		[[ ${out##*$'\n'} =~ ^($want)$ ]] || { echo "$how: $out" && return 1; }
		[[ ${out##*$'\n'} == 000 || $out == *'"denied"'*"user id 65534"* ]] || { echo "$how: $out" && return 1; }
	done
	(($(resident_kb) < before + 8192))
	[[ $(status_of demo-a-1 '"\(.state) \(.incarnation)"') == "running 1" ]]
}

@test "logs and their FIFOs are out of every container's reach" {
	ln -s ../run "$HOST_DIR/tmp/link"
	put demo-a-1 '.mounts=[{"type":"volume","source":"demo_logs","target":"/var/log"}] | .command=["sh","-c","
		ln -s /proc/1/root/run /var/log/stdout; ln -s ../../../../run /var/log/stderr; echo said; sleep 100"]'
	wait_ready demo-a-1
	wait_for 5 eval 'api GET /v1/workloads/demo-a-1/logs && [[ $body == *said* ]]'
	local dir uid
	uid=$(in_host stat -c %u "/proc/$(status_of demo-a-1 .pid)")
	for dir in run/logs run/logs/demo-a-1 state/logs state/logs/demo-a-1 state/workloads state/workloads/demo-a-1; do
		[[ $(stat -c '%a %u' "$HOST_DIR/$dir") == "700 0" ]] || { echo "$dir: $(stat -c '%a %u' "$HOST_DIR/$dir")" && return 1; }
		! in_host setpriv --reuid "$uid" --regid "$uid" --clear-groups ls "$HOST_DIR/$dir" 2>/dev/null
	done
	for dir in "$HOST_DIR/run" "$HOST_DIR/run/logs/demo-a-1" "$HOST_DIR/state/logs" "$HOST_DIR/tmp/link" "$HOST_DIR"; do
		put demo-b-2 ".mounts=[{\"type\":\"bind\",\"source\":\"$dir\",\"target\":\"/x\"}]"
		wait_state demo-b-2 failed
		[[ $(status_of demo-b-2 .reason) == *"agent's own"* ]]
		remove demo-b-2
	done
}

@test "a probe may be chatty, and is killed when it prints without end" {
	put demo-a-1 '.readiness={"type":"exec","command":["sh","-c","dd if=/dev/zero bs=1000 count=500"],"interval_ns":100000000}'
	wait_ready demo-a-1
	local before
	before=$(resident_kb)
	put demo-a-1 '.readiness={"type":"exec","command":["cat","/dev/zero"],"interval_ns":100000000,"timeout_ns":100000000,"fall":1}'
	wait_for 10 eval '[[ $(status_of demo-a-1 .probe.ok) == false ]]'
	[[ $(status_of demo-a-1 .probe.message) =~ "more than 1 MiB of output"|"no answer within" ]]
	wait_for 10 eval '[[ $(events "select(.type == \"probe.failed\")" | wc -l) -ge 1 ]]'
	(($(resident_kb) < before + 8192))
	remove demo-a-1
	! in_host pgrep -x -f "cat /dev/zero"
}

@test "a line without end is cut into pieces, and takes no memory" {
	local before longest
	before=$(resident_kb)
	put demo-a-1 '.command=["sh","-c","dd if=/dev/zero bs=65536 count=800 2>/dev/null | tr -c x y; sleep 100"]'
	ln -sf busybox "$HOST_DIR/rootfs/bin/tr"
	image_again '{"Env":["PATH=/bin"]}'
	put demo-b-2 '.command=["sh","-c","dd if=/dev/zero bs=65536 count=800 2>/dev/null | tr \"\\\\0\" y; echo; echo over; sleep 100"]'
	wait_for 30 eval 'api GET "/v1/workloads/demo-b-2/logs?tail=1" && [[ $body == *"F over"* ]]'
	longest=$(cat "$HOST_DIR"/state/logs/demo-b-2/*.log | wc -L)
	((longest < 20000)) || { echo "a line of $longest bytes" && return 1; }
	(($(resident_kb) < before + 8192))
}

@test "an image's config leads nowhere: working directory, user, volumes, environment" {
	local config
	ln -s /proc/1/root "$HOST_DIR/rootfs/up"
	for config in '{"WorkingDir":"/proc/self/fd/7"}' '{"WorkingDir":"/up/etc"}' '{"User":"1abc"}' '{"User":"0:-1"}' \
		'{"User":"4294967296"}'; do
		image_again "$config"
		put demo-a-1 '.command=["/bin/sleep","100"]'
		wait_state demo-a-1 failed
		remove demo-a-1
	done
	image_again '{"WorkingDir":"../../../../tmp/sp-evil","Cmd":["/bin/sleep","1"]}' || [[ $status == 4* ]]
	image_again '{"Env":["PATH=/bin","LD_PRELOAD=/evil.so"],"Volumes":{"/proc":{},"/../../etc":{}},"Cmd":["sleep","100"]}'
	put demo-a-1
	wait_ready demo-a-1
	[[ $(exec_in demo-a-1 sh -c 'grep -c " /proc " /proc/self/mountinfo; ls /proc/1/comm') == $'1\n/proc/1/comm' ]]
	[[ ! -e /tmp/sp-evil ]]
}

@test "an exec traced to the end by its container holds up neither the agent nor the container's end" {
	cp "$ROOT/$O/tests/unit/runtime/probe" "$HOST_DIR/rootfs/bin/probe"
	image_again '{"Env":["PATH=/bin"]}'
	put demo-a-1 '.command=["sh","-c","probe keep & exec sleep 1000"]
		| .readiness={"type":"exec","command":["sleep","7"],"interval_ns":1000000000,"timeout_ns":1000000000,"fall":1}'
	wait_for 10 eval 'events "select(.type == \"probe.failed\")" | grep -q .'
	API_TIMEOUT=5 api_ok GET /v1/node
	in_host pgrep -r Z -x sleep
	in_host kill -9 "$(process_of demo-a-1)"
	wait_for 10 eval '[[ $(status_of demo-a-1 .incarnation) == 2 ]]'
	API_TIMEOUT=10 remove demo-a-1
	! in_host pgrep -r Z -x sleep
}

@test "a death by SIGKILL, from inside or outside, is not told as want of memory" {
	put demo-a-1 '.command=["sh","-c","kill -9 $$"] | .restart="no"'
	wait_state demo-a-1 failed
	put demo-b-2 '.restart="no"'
	wait_ready demo-b-2
	in_host kill -9 "$(process_of demo-b-2)"
	wait_state demo-b-2 failed
	local id
	for id in demo-a-1 demo-b-2; do
		[[ $(status_of "$id" '"\(.last_exit.code) \(.last_exit.oom)"') == "137 false" ]]
		[[ $(status_of "$id" .last_exit.reason) == *SIGKILL* || $(status_of "$id" .last_exit.reason) == *"from outside"* ]]
	done
	! events 'select(.type == "workload.oom")' | grep .
}
