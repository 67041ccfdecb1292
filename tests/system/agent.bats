#!/usr/bin/env bats
# agentd on its own: the real program in a private host, driven over its socket.

load lib/agent

setup() {
	host_up
	agent_start "${AGENT_ARGS[@]}"
	peers
	busybox_image
}

teardown() {
	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then
		tail -30 "$HOST_DIR/agent.log" >&2
	fi
	agent_end KILL
	host_down
}

log_text() { # ID -> messages
	api GET "/v1/workloads/$1/logs${2:-}" && sed '/^$/d' <<<"$body" | cut -d' ' -f4-
}

exec_in() { # [--tty] ID COMMAND... -> its output and exit status
	in_host python3 "$BATS_TEST_DIRNAME/lib/exec_client.py" "$HOST_DIR/run/agentd.sock" "$@"
}

inside_pid() { status_of "$1" .pid; }

leaks() { # what a node holds, as lines that must be the same before and after
	local pid=$1
	echo "fds $(ls "/proc/$pid/fd" | wc -l)"
	echo "mounts $(in_host cat /proc/1/mountinfo | wc -l)"
	echo "cgroups $(in_host find "/sys/fs/cgroup/$HOST_CGROUP" -mindepth 1 -type d | wc -l)"
	echo "links $(in_host ip -o link | wc -l)"
	echo "addresses $(in_host ip -o addr | wc -l)"
	echo "netns $(in_host lsns -t net -n 2>/dev/null | wc -l)"
	echo "trash $(ls "$HOST_DIR/state/trash" | wc -l)"
	echo "dirs $(ls "$HOST_DIR/state/workloads" | wc -l)"
}

@test "a workload runs, is ready, and every namespace is its own" {
	put demo-a-1
	wait_ready demo-a-1
	api_ok GET '/v1/workloads?fields=ready,id'
	[[ $(jq -c '.workloads' <<<"$body") == '[{"id":"demo-a-1","ready":true}]' ]]
	api_ok GET /v1/workloads/demo-a-1/isolation
	[[ $(jq '.own_namespaces and .no_new_privs and .seccomp == 2 and .host_uid >= 65536' <<<"$body") == true ]]
	[[ $(jq '[.namespaces, .host_namespaces] | [.[0] | keys[]] | length' <<<"$body") == 7 ]]
}

@test "the same spec again changes nothing; another one replaces the container" {
	put demo-a-1
	wait_ready demo-a-1
	local pid
	pid=$(inside_pid demo-a-1)
	put demo-a-1
	sleep 0.2
	[[ $(status_of demo-a-1 '"\(.pid) \(.incarnation)"') == "$pid 1" ]]
	put demo-a-1 '.environment=["NEW=1"]'
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 .incarnation) == 2 ]]
	[[ $(status_of demo-a-1 .restarts) == 0 ]]
}

@test "hosts change on a live workload without a restart" {
	put demo-a-1
	wait_ready demo-a-1
	put demo-a-1 '.hosts=[{"name":"db","address":"10.90.2.7"}]'
	[[ $(exec_in demo-a-1 grep -c "10.90.2.7.*db" /etc/hosts) == 1 ]]
	[[ $(status_of demo-a-1 .incarnation) == 1 ]]
}

@test "what a bind mount would find is told of each path, and that the agent's own is refused" {
	in_host mkdir -m 0750 "$HOST_DIR/data"
	api_ok POST /v1/host-paths "{\"paths\": [\"$HOST_DIR/data\", \"/nowhere\", \"$HOST_DIR\", \"/dev/null\"]}"
	[[ $(jq -r '[.paths[].type] | join(" ")' <<<"$body") == "directory absent directory other" ]]
	[[ $(jq -r '.paths[0] | "\(.mode) \(.uid) \(.refused)"' <<<"$body") == "488 0 null" ]]
	[[ $(jq -r '.paths[2].refused' <<<"$body") == *"holds the agent's own"* ]]
	api POST /v1/host-paths '{"paths": ["relative"]}'
	[[ $status == 400 ]]
}

@test "a spec that is the same but for its hosts leaves the probes as they are" {
	local probe='.readiness={"type":"exec","command":["test","!","-e","/tmp/away"],"interval_ns":50000000,"fall":1}' n
	put demo-a-1 "$probe"
	wait_ready demo-a-1
	for n in $(seq 2 30); do put demo-a-1 "$probe | .hosts=[{\"name\":\"host-number-$n\",\"address\":\"10.90.2.$n\"}]"; done
	exec_in demo-a-1 touch /tmp/away
	wait_for 5 eval '[[ $(status_of demo-a-1 .ready) == false ]]'
	[[ $(status_of demo-a-1 .probe.message) == *"exec test: exit status 1"* ]]
	exec_in demo-a-1 rm /tmp/away
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 '"\(.incarnation) \(.restarts)"') == "1 0" ]]
}

@test "what is printed is in the log, in CRI form, by stream" {
	put demo-a-1 '.command=["sh","-c","echo out; echo err >&2; sleep 100"]'
	wait_ready demo-a-1
	wait_for 5 eval '[[ $(log_text demo-a-1 | sort | tr "\n" " ") == "err out " ]]'
	api_ok GET "/v1/workloads/demo-a-1/logs"
	grep -Eq '^[0-9]{4}-[0-9-]+T[0-9:]+\.[0-9]{9}Z stderr F err$' <<<"$body"
	[[ $(log_text demo-a-1 '?tail=1' | wc -l) == 1 ]]
}

@test "a log outlives its workload" {
	put demo-a-1 '.command=["sh","-c","echo last words; sleep 100"]'
	wait_ready demo-a-1
	wait_for 5 eval '[[ $(log_text demo-a-1) == "last words" ]]'
	remove demo-a-1
	[[ $(log_text demo-a-1) == "last words" ]]
}

@test "exec: status, output, input, a terminal, and an unknown command is refused" {
	put demo-a-1
	wait_ready demo-a-1
	run exec_in demo-a-1 sh -c 'echo out; echo err >&2; exit 7'
	[[ $status == 7 && $output == *out* && $output == *err* ]]
	run exec_in demo-a-1 id -u
	[[ $output == 0 ]]
	run bash -c "$(declare -f exec_in in_host); $(declare -p HOST_PID HOST_DIR BATS_TEST_DIRNAME); echo typed | exec_in demo-a-1 cat"
	[[ $output == typed ]]
	run exec_in --tty demo-a-1 sh -c 'test -t 0 && test -t 1 && echo terminal'
	[[ $output == *terminal* ]]
	run exec_in demo-a-1 /no/such/program
	[[ $status != 0 && $output == *'"not_found","stage":"start"'*"no/such/program"* ]]
	for _ in $(seq 20); do
		head -c 1000000 /dev/zero | exec_in demo-a-1 true || return 1 # what it does not read takes no exit status along
	done
	run exec_in demo-x-1 true
	[[ $output == *"not on node"* ]]
}

@test "an exec is killed when its client goes away" {
	put demo-a-1
	wait_ready demo-a-1
	exec_in demo-a-1 sleep 999 3>&- &
	local client=$!
	wait_for 5 eval 'in_host pgrep -x -f "sleep 999" >/dev/null'
	kill -9 $client
	in_host pkill -9 -f exec_client.py || true
	wait_for 5 eval '! in_host pgrep -x -f "sleep 999" >/dev/null'
}

@test "an exit is told with its status, and always comes back with growing back-off" {
	put demo-a-1 '.command=["sh","-c","exit 3"]'
	wait_state demo-a-1 backoff
	[[ $(status_of demo-a-1 '.last_exit.code') == 3 ]]
	[[ $(status_of demo-a-1 '.reason') == *"status 3"*"next start in"* ]]
	wait_for 10 eval '[[ $(status_of demo-a-1 .restarts) -ge 2 ]]'
	events 'select(.type == "workload.exit") | .fields.code' | sort -u | grep -qx 3
}

@test "a job that ends well is exited, one that fails is failed, and neither runs again" {
	put demo-a-1 '.command=["true"] | .restart="no"'
	put demo-b-2 '.command=["sh","-c","exit 9"] | .restart="no"'
	put demo-c-3 '.command=["sh","-c","exit 9"] | .restart="on-failure" | .restart_attempts=1'
	wait_state demo-a-1 exited
	wait_state demo-b-2 failed
	wait_state demo-c-3 failed 15
	[[ $(status_of demo-b-2 .last_exit.code) == 9 ]]
	[[ $(status_of demo-c-3 .incarnation) == 2 ]]
	agent_kill
	agent_start
	[[ $(status_of demo-a-1 '"\(.state) \(.incarnation)"') == "exited 1" ]]
	[[ $(status_of demo-b-2 '"\(.state) \(.incarnation)"') == "failed 1" ]]
}

@test "a workload that is killed comes back, and the reason is told" {
	put demo-a-1
	wait_ready demo-a-1
	in_host kill -9 "$(process_of demo-a-1)"
	wait_state demo-a-1 backoff
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 .incarnation) == 2 ]]
	in_host sh -c "echo 1 >/sys/fs/cgroup/$HOST_CGROUP/demo-a-1/cgroup.kill"
	wait_for 10 eval '[[ $(status_of demo-a-1 .incarnation) == 3 ]]'
	events 'select(.type == "workload.exit") | .message' | grep -q kill
}

@test "stop is graceful, stays over a restart of the agent, and start begins anew" {
	put demo-a-1 '.command=["sh","-c","trap \"echo bye; exit 0\" TERM; while :; do sleep 0.1; done"]'
	wait_ready demo-a-1
	api_ok POST "/v1/workloads/demo-a-1/stop?token=1"
	wait_state demo-a-1 stopped
	[[ $(log_text demo-a-1) == bye ]]
	[[ $(status_of demo-a-1 .last_exit.code) == 0 ]]
	agent_kill
	agent_start
	[[ $(status_of demo-a-1 .state) == stopped ]]
	api_ok POST "/v1/workloads/demo-a-1/start?token=1"
	wait_ready demo-a-1
	api_ok POST "/v1/workloads/demo-a-1/restart?token=1"
	wait_for 5 eval '[[ $(status_of demo-a-1 .incarnation) == 3 ]]'
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 .restarts) == 0 ]]
	in_host kill -9 "$(process_of demo-a-1)"
	wait_for 10 eval '[[ $(status_of demo-a-1 .restarts) == 1 ]]'
}

@test "a workload that ignores its stop signal is killed after the grace" {
	put demo-a-1 '.command=["sh","-c","trap \"\" TERM; while :; do sleep 0.1; done"] | .stop_grace_ns=300000000'
	wait_ready demo-a-1
	remove demo-a-1
	events 'select(.type == "workload.exit") | .fields.code' | grep -qx 137
	events 'select(.type == "workload.exit") | .message' |
		grep -q 'stopped by request; did not stop within 300ms of SIGTERM: killed'
}

@test "restart is at once and forgets the back-off" {
	put demo-a-1 '.command=["sh","-c","exit 1"]'
	wait_for 10 eval '[[ $(status_of demo-a-1 .restarts) -ge 2 ]]'
	put demo-b-2
	wait_ready demo-b-2
	api_ok POST "/v1/workloads/demo-b-2/restart?token=1"
	wait_for 5 eval '[[ $(status_of demo-b-2 .incarnation) == 2 ]]'
	wait_ready demo-b-2
	api_ok POST "/v1/workloads/demo-a-1/restart?token=1"
	wait_state demo-a-1 backoff
	[[ $(status_of demo-a-1 .reason) =~ next\ start\ in\ (1s|1\.|9[0-9][0-9]ms|1[.0-9]*s) ]]
}

@test "agentd killed: containers go on, no line is lost or doubled, nothing is restarted" {
	put demo-a-1 '.command=["sh","-c","i=0; while :; do n=0; while [ $n -lt 1000 ]; do i=$((i+1)); n=$((n+1)); echo line $i; done; sleep 0.1; done"]'
	wait_ready demo-a-1
	local before after
	before=$(status_of demo-a-1 .pid)
	for _ in 1 2 3; do
		sleep 0.7
		agent_kill
		sleep 0.3
		agent_start
	done
	sleep 0.5
	after=$(status_of demo-a-1 '"\(.pid) \(.incarnation) \(.state) \(.ready)"')
	[[ $after == "$before 1 running true" ]]
	api_ok POST "/v1/workloads/demo-a-1/stop?token=1"
	wait_state demo-a-1 stopped
	cat "$HOST_DIR"/state/logs/demo-a-1/*.log | cut -d' ' -f4- | awk '
		$1 != "line" || $2 != NR { print "line " NR " is: " $0; bad = 1; exit 1 } END { if (!bad && NR < 5000) { print NR " lines"; exit 1 } }'
	[[ $(events 'select(.type == "agent.adopted")' | wc -l) == 3 ]]
}

@test "a job that finished while the agent was dead keeps its status and is not run again" {
	local until='while [ ! -e /tmp/go ]; do sleep 0.05; done' first second
	put demo-a-1 ".command=[\"sh\",\"-c\",\"$until; exit 42\"] | .restart=\"no\""
	put demo-b-2 ".command=[\"sh\",\"-c\",\"$until; exit 0\"] | .restart=\"on-failure\""
	wait_state demo-a-1 running
	wait_state demo-b-2 running
	first=$(inside_pid demo-a-1) second=$(inside_pid demo-b-2)
	agent_kill
	in_host touch "/proc/$first/root/tmp/go" "/proc/$second/root/tmp/go"
	wait_for 10 eval '! in_host test -e "/proc/$first/root/tmp" && ! in_host test -e "/proc/$second/root/tmp"'
	agent_start
	wait_state demo-a-1 failed
	[[ $(status_of demo-a-1 '"\(.last_exit.code) \(.incarnation)"') == "42 1" ]]
	[[ $(status_of demo-b-2 '"\(.state) \(.last_exit.code) \(.incarnation)"') == "exited 0 1" ]]
}

@test "a stop and a removal that were asked for go on after a kill" {
	put demo-a-1 '.command=["sh","-c","trap \"\" TERM; while :; do sleep 0.1; done"]'
	put demo-b-2
	wait_ready demo-a-1
	wait_ready demo-b-2
	api_ok DELETE "/v1/workloads/demo-a-1?token=1"
	agent_kill
	agent_start
	wait_for 10 eval 'api GET /v1/workloads/demo-a-1; [[ $status == 404 ]]'
	[[ $(status_of demo-b-2 .incarnation) == 1 ]]
	[[ ! -e $HOST_DIR/state/workloads/demo-a-1 ]]
}

@test "what belongs to nobody is removed at the start" {
	put demo-a-1
	wait_ready demo-a-1
	agent_kill
	mv "$HOST_DIR/state/workloads/demo-a-1" "$HOST_DIR/tmp/gone"
	mkdir "$HOST_DIR/state/workloads/half-made"
	in_host mkdir "/sys/fs/cgroup/$HOST_CGROUP/stray"
	agent_start
	[[ -z $(in_host find "/sys/fs/cgroup/$HOST_CGROUP" -mindepth 1 -type d) ]]
	wait_for 5 eval '! in_host ip -o link | grep -q "master sp0"'
	[[ ! -e $HOST_DIR/run/logs/demo-a-1 && ! -e $HOST_DIR/state/workloads/half-made ]]
	[[ $(jq -c . "$HOST_DIR/state/uids.json") == "{}" ]]
	events 'select(.type == "agent.removed_orphan") | .fields.kind' | grep -qx '"cgroup"'
}

@test "a lower token is fenced off and changes nothing, also after a restart of the agent" {
	TOKEN=7 put demo-a-1
	wait_ready demo-a-1
	agent_kill
	agent_start
	api PUT "/v1/workloads/demo-a-1?token=6" "$(spec demo-a-1 '.environment=["X=1"]')"
	[[ $status == 412 && $(jq -r .error.code <<<"$body") == fenced ]]
	api DELETE "/v1/workloads/demo-a-1"
	[[ $status == 412 ]]
	for act in restart stop start; do
		api POST "/v1/workloads/demo-a-1/$act?token=6"
		[[ $status == 412 ]]
		api POST "/v1/workloads/demo-a-1/$act"
		[[ $status == 412 ]]
	done
	[[ $(status_of demo-a-1 '"\(.incarnation) \(.state)"') == "1 running" ]]
	api_ok POST "/v1/workloads/demo-a-1/restart?token=7"
	api PUT "/v1/stacks/demo/token?token=6"
	[[ $status == 412 ]]
	api_ok PUT "/v1/stacks/demo/token?token=9"
	api POST "/v1/workloads/demo-a-1/restart?token=8"
	[[ $status == 412 ]]
	TOKEN=9 remove demo-a-1
	api_ok DELETE "/v1/stacks/demo/volumes?token=9"
	api PUT "/v1/workloads/demo-a-1?token=8" "$(spec demo-a-1)"
	[[ $status == 412 ]] # also once nothing is left of the stack
}

@test "garbage is refused with its address, and nothing is half done" {
	local row
	for row in '{' '[]' '{"id":"demo-a-1"}' "$(spec demo-a-1 '.colour=1')" "$(spec demo-a-1 '.mounts=[{"type":"bind","source":"relative","target":"/x"}]')" \
		"$(spec demo-b-1)" "$(spec demo-a-1 '.address="10.99.1.1"')"; do
		api PUT "/v1/workloads/demo-a-1?token=1" "$row"
		[[ $status == 400 && $(jq -r .error.code <<<"$body") == invalid && $(jq -r .error.node <<<"$body") == node1 ]]
	done
	api PUT "/v1/workloads/demo-a-1?token=one" "$(spec demo-a-1)"
	[[ $status == 400 ]]
	api PUT "/v1/workloads/..%2f..%2fetc?token=1" "$(spec demo-a-1)"
	[[ $status == 4* ]]
	api POST /v1/workloads
	[[ $status == 405 || $status == 404 ]]
	api GET "/v1/events?after=x"
	[[ $status == 400 ]]
	for row in '{}' '{"subnet":"10.90.1.5/24","nodes":[]}' '{"subnet":"","nodes":[]}' '{"subnet":"10.90.1.0/24"}' '{"nodes":[]}' \
		'{"subnet":"10.90.1.0/24","nodes":[{"name":"a","address":"192.0.2.1"}]}' \
		'{"subnet":"10.90.1.0/24","nodes":[{"name":"a","address":"192.0.2.1","subnet":"10.90.1.0/24"},{"name":"a","address":"192.0.2.2","subnet":"10.90.2.0/24"}]}'; do
		api PUT /v1/peers "$row"
		[[ $status == 400 && $(jq -r .error.message <<<"$body") == peers.* ]] || { echo "$row: $status $body" && return 1; }
	done
	for row in "/v1/workloads?$(printf 'a%d=1&' $(seq 2000))" /v1/workloads/%ff '/v1/workloads?stack=%ff' \
		'/v1/workloads?fields=id,nosuch' '/v1/workloads?fields='; do
		api GET "$row"
		[[ $status == 400 && $(jq -r .error.code <<<"$body") == invalid ]] || { echo "$status $body" && return 1; }
	done
	head -c 13000000 /dev/zero >"$HOST_DIR/tmp/big"
	api PUT "/v1/workloads/demo-a-1?token=1" "@$HOST_DIR/tmp/big" || true
	[[ $status == 413 || $status == 000 ]]
	api_ok GET /v1/workloads
	[[ $(jq '.workloads | length' <<<"$body") == 0 ]]
	[[ -z $(ls "$HOST_DIR/state/workloads") ]]
}

@test "an id of another stack, a taken address and a taken port are conflicts" {
	put demo-a-1 '.ports=[{"host_port":8080,"container_port":80}]'
	wait_ready demo-a-1
	api PUT "/v1/workloads/demo-b-2?token=1" "$(spec demo-b-2 '.ports=[{"host_port":8080,"container_port":80}]')"
	[[ $status == 409 && $body == *demo-a-1* ]]
	api PUT "/v1/workloads/demo-b-2?token=1" "$(spec demo-b-2 '.address="10.90.1.2"')"
	[[ $status == 409 && $body == *demo-a-1* ]]
	put a-b-c-7
	api PUT "/v1/workloads/a-b-c-7?token=1" "$(spec a-b-c-7 '.stack="a-b" | .service="c"')"
	[[ $status == 409 ]]
}

@test "a published port leads to the workload" {
	put demo-a-1 '.command=["sh","-c","while :; do echo -e \"HTTP/1.0 200 OK\\r\\n\\r\\nhello\" | nc -l -p 80; done"] | .ports=[{"host_port":8080,"container_port":80}]'
	wait_ready demo-a-1
	in_host ip addr add 192.0.2.1/24 dev lo
	wait_for 5 in_host curl -sf --max-time 1 -o "$HOST_DIR/tmp/out" http://192.0.2.1:8080/
	grep -q hello "$HOST_DIR/tmp/out"
	[[ $(api GET /v1/node && jq -r '.ports[0]' <<<"$body") == 0.0.0.0:8080/tcp ]]
	remove demo-a-1
	run in_host curl -s --max-time 1 http://192.0.2.1:8080/
	[[ $status != 0 ]]
}

@test "an image that is missing is a failure with a reason, and its arrival starts the workload" {
	local right=$IMAGE_DIGEST
	IMAGE_DIGEST=sha256:$(printf 'a%.0s' $(seq 64))
	put demo-a-1
	wait_state demo-a-1 failed
	[[ $(status_of demo-a-1 .reason) == *"busybox:test"*"not on node 'node1'"* ]]
	api_ok GET "/v1/workloads/demo-a-1?wait=ready"
	[[ $(jq -r .state <<<"$body") == failed ]]
	IMAGE_DIGEST=$right
	put demo-a-1
	wait_ready demo-a-1
}

@test "a blob with another digest, or cut short, never gets a name" {
	local digest=sha256:$(printf 'hello' | sha256sum | cut -d' ' -f1)
	api PUT "/v1/blobs/$digest" "hellO"
	[[ $status == 400 && $(jq -r .error.code <<<"$body") == invalid && $body == *"$digest"* ]]
	api GET "/v1/blobs/$digest"
	[[ $status == 404 ]]
	api PUT "/v1/blobs/sha256:zz" "hello"
	[[ $status == 400 ]]
	api_ok PUT "/v1/blobs/$digest" "hello"
	[[ $status == 201 ]]
	api_ok PUT "/v1/blobs/$digest" "hello"
	[[ $status == 200 ]]
	api_ok GET "/v1/blobs/$digest"
	[[ $body == hello ]]
	put demo-a-1
	api DELETE /v1/images/busybox:test
	[[ $status == 409 && $body == *demo-a-1* ]]
}

@test "limits that this node cannot enforce are refused by controller, or warned of" {
	api_ok GET /v1/node
	[[ $(jq -r '.missing_controllers | index("memory")' <<<"$body") != null ]] || skip "this machine has the memory controller"
	api PUT "/v1/workloads/demo-a-1?token=1" "$(spec demo-a-1 '.limits.memory_max_bytes=67108864')"
	[[ $status == 400 && $(jq -r .error.code <<<"$body") == unplaceable && $body == *memory* ]]
	agent_stop
	agent_start limits=best-effort
	put demo-a-1 '.limits.memory_max_bytes=67108864'
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 .warning) == *memory* ]]
}

@test "a command that is not there fails for good, with the cause" {
	put demo-a-1 '.command=["/no/such/program"]'
	wait_state demo-a-1 failed
	[[ $(status_of demo-a-1 .reason) == *"/no/such/program"* ]]
	[[ -z $(in_host find "/sys/fs/cgroup/$HOST_CGROUP" -mindepth 1 -type d) ]]
}

@test "volumes stay, files and secrets are there, a bind of the agent's own state is refused" {
	put demo-a-1 '.mounts=[{"type":"volume","source":"demo_data","target":"/var/data"},{"type":"tmpfs","target":"/scratch"}]
		| .files=[{"target":"/run/secrets/p","content":"aHVudGVyMg==","mode":256,"secret":true}]'
	wait_ready demo-a-1
	run exec_in demo-a-1 cat /run/secrets/p
	[[ $output == hunter2 ]]
	exec_in demo-a-1 sh -c 'echo kept >/var/data/f && touch /scratch/x'
	api DELETE "/v1/stacks/demo/volumes?token=1"
	[[ $(jq -c .in_use <<<"$body") == '["demo_data"]' ]]
	remove demo-a-1
	put demo-a-1 '.mounts=[{"type":"volume","source":"demo_data","target":"/var/data"}]'
	wait_ready demo-a-1
	run exec_in demo-a-1 cat /var/data/f
	[[ $output == kept ]]
	remove demo-a-1
	api_ok DELETE "/v1/stacks/demo/volumes?token=1"
	[[ $(jq -c .removed <<<"$body") == '["demo_data"]' && -z $(ls "$HOST_DIR/state/volumes") ]]
	put demo-a-1 ".mounts=[{\"type\":\"bind\",\"source\":\"$HOST_DIR/state\",\"target\":\"/x\"}]"
	wait_state demo-a-1 failed
	[[ $(status_of demo-a-1 .reason) == *"agent's own"* ]]
}

@test "events have no gap, survive a kill, and can be waited for" {
	put demo-a-1
	wait_ready demo-a-1
	local last
	last=$(events .seq | tail -1)
	agent_kill
	agent_start
	[[ $(events .seq | awk '$1 != NR { print NR }') == "" ]]
	last=$(events .seq | tail -1)
	(sleep 0.5; curl -s --unix-socket "$HOST_DIR/run/agentd.sock" -X POST "http://a/v1/workloads/demo-a-1/restart?token=1" >/dev/null) 3>&- &
	local asker=$!
	api_ok GET "/v1/events?after=$last&wait_ns=10000000000"
	[[ $(jq -r '.events[0].seq' <<<"$body") == $((last + 1)) ]]
	wait "$asker"
}

@test "it works where io_uring is refused" {
	agent_stop
	SP_LOOP=epoll agent_start
	api_ok GET /v1/node
	[[ $(jq -r .loop <<<"$body") == epoll ]]
	put demo-a-1 '.command=["sh","-c","echo hi; sleep 100"]'
	wait_ready demo-a-1
	wait_for 5 eval '[[ $(log_text demo-a-1) == hi ]]'
	run exec_in demo-a-1 sh -c 'exit 5'
	[[ $status == 5 ]]
	remove demo-a-1
}

@test "200 starts and stops leave nothing behind" {
	put demo-a-1
	wait_ready demo-a-1
	remove demo-a-1
	wait_for 5 eval '[[ -z $(ls "$HOST_DIR/state/trash") ]]'
	# The connections of the calls above are still closing: what counts is what stays.
	wait_for 10 eval 'leaks "$AGENT_PID" >"$HOST_DIR/tmp/before"; sleep 0.2; leaks "$AGENT_PID" | cmp -s - "$HOST_DIR/tmp/before"'
	for i in $(seq 200); do
		put demo-a-1 ".environment=[\"N=$i\"]" && wait_ready demo-a-1 && remove demo-a-1 || return 1
	done
	wait_for 10 eval '[[ -z $(ls "$HOST_DIR/state/trash") ]]'
	wait_for 10 eval 'leaks "$AGENT_PID" >"$HOST_DIR/tmp/after"; cmp -s "$HOST_DIR/tmp/before" "$HOST_DIR/tmp/after"' ||
		{ diff "$HOST_DIR/tmp/before" "$HOST_DIR/tmp/after" >&2; return 1; }
}

@test "a failing liveness probe restarts, with the reason" {
	put demo-a-1 '.liveness={"type":"exec","command":["test","!","-e","/tmp/bad"],"interval_ns":200000000,"fall":2}'
	wait_ready demo-a-1
	exec_in demo-a-1 touch /tmp/bad
	wait_for 10 eval '[[ $(status_of demo-a-1 .incarnation) == 2 ]]'
	wait_ready demo-a-1
	events 'select(.type == "workload.exit") | .message' | grep -q "liveness probe failed"
	events 'select(.type == "probe.failed") | .fields.kind' | grep -qx '"liveness"'
}

@test "readiness flips ready and restarts nothing; startup holds readiness back" {
	put demo-a-1 '.startup={"type":"exec","command":["test","-e","/tmp/up"],"interval_ns":100000000,"fall":100}
		| .readiness={"type":"exec","command":["test","!","-e","/tmp/away"],"interval_ns":100000000,"fall":1}'
	wait_state demo-a-1 running
	sleep 0.5
	[[ $(status_of demo-a-1 .ready) == false ]]
	exec_in demo-a-1 touch /tmp/up
	wait_ready demo-a-1
	exec_in demo-a-1 touch /tmp/away
	wait_for 5 eval '[[ $(status_of demo-a-1 .ready) == false ]]'
	exec_in demo-a-1 rm /tmp/away
	wait_ready demo-a-1
	[[ $(status_of demo-a-1 '"\(.incarnation) \(.state)"') == "1 running" ]]
}

@test "a full disk is a clear refusal, and nothing is half done" {
	put demo-a-1
	wait_ready demo-a-1
	agent_stop
	mkdir "$HOST_DIR/small"
	in_host mount -t tmpfs -o size=8m none "$HOST_DIR/small"
	in_host cp -a "$HOST_DIR/state/." "$HOST_DIR/small/"
	in_host mount --bind "$HOST_DIR/small" "$HOST_DIR/state"
	agent_start
	in_host sh -c "dd if=/dev/zero of=$HOST_DIR/small/fill bs=4k 2>/dev/null; true"
	api PUT "/v1/workloads/demo-b-2?token=1" "$(spec demo-b-2 '.environment=["X='"$(printf 'x%.0s' $(seq 9000))"'"]')"
	[[ $status == 507 && $(jq -r .error.code <<<"$body") == no_space ]]
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/blob"
	api PUT "/v1/blobs/sha256:$(sha256sum "$BATS_TEST_TMPDIR/blob" | cut -d' ' -f1)" "@$BATS_TEST_TMPDIR/blob"
	[[ $status == 507 ]]
	[[ $(status_of demo-a-1 .state) == running ]]
	in_host rm "$HOST_DIR/small/fill"
	put demo-b-2
}

@test "the agent takes all the descriptors it may have; containers get what it was given, and its signals not at all" {
	agent_stop
	ulimit -Sn 256
	agent_start
	limits() { awk '/^Max open files/ {print $4, $5}' "/proc/$1/limits"; }
	[[ $(limits "$AGENT_PID") == "$(ulimit -Hn) $(ulimit -Hn)" ]]
	ignores_pipe() { (($(in_host awk '/^SigIgn/ {print "0x" $2}' "/proc/$1/status") & 1 << 12)); } # SIGPIPE is 13
	ignores_pipe "$(in_host pgrep -x agentd)"
	put demo-a-1 '.command=["sh","-c","ulimit -Sn; ulimit -Hn; exec sleep 1000"]'
	wait_ready demo-a-1
	wait_for 5 eval '[[ $(log_text demo-a-1 | wc -l) == 2 ]]'
	[[ $(log_text demo-a-1) == "$(printf '256\n%s' "$(ulimit -Hn)")" ]]
	[[ $(exec_in demo-a-1 sh -c 'ulimit -Sn') == 256 ]]
	! ignores_pipe "$(in_host pgrep -P "$(inside_pid demo-a-1)")"
}
