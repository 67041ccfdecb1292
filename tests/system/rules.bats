#!/usr/bin/env bats
# The node's nftables rules, which a program of its own changes: an agent whose program hangs goes on with all else,
# kills it when its time is over, and puts right what waited.

load lib/agent

setup_file() {
	host_up
	BIN=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/${O:-build}/bin
	PROGRAMS=$HOST_DIR/bin
	mkdir "$PROGRAMS"
	cp "$BIN"/{agentd,agentd-unpack,agentd-nft,spinit} "$PROGRAMS"
	mv "$PROGRAMS/agentd-nft" "$PROGRAMS/agentd-nft.real"
	musl-gcc -std=gnu17 -Os -static -s -D_GNU_SOURCE -o "$PROGRAMS/agentd-nft" "$BATS_TEST_DIRNAME/lib/hang.c"
	export HOST_PID HOST_OUTER HOST_DIR HOST_CGROUP PROGRAMS
	in_host ip addr add 192.0.2.1/24 dev lo
}

teardown_file() { host_down; }

setup() {
	BIN=$PROGRAMS
	agent_start
	peers
	busybox_image
}

teardown() {
	rm -f "$PROGRAMS/agentd-nft.hang"
	for id in $(api GET /v1/workloads && jq -r '.workloads[].id' <<<"$body"); do remove "$id"; done
	agent_stop
}

hang() { touch "$PROGRAMS/agentd-nft.hang"; }
hanging() { in_host sh -c 'ls -l /proc/[0-9]*/exe 2>/dev/null' | grep -c "$PROGRAMS/agentd-nft\$" || true; }
some_hang() { (($(hanging))); }
none_hang() { ((!$(hanging))); }
SERVES='.command=["sh","-c","while :; do echo -e \"HTTP/1.0 200 OK\\r\\n\\r\\nhello\" | nc -l -p 80; done"]'
published() { echo "$SERVES | .ports=[{\"host_port\":$1,\"container_port\":80}]"; }
greets() { [[ $(in_host curl -s --max-time 1 "http://192.0.2.1:$1/") == hello ]]; }
lines() { api GET "/v1/workloads/$1/logs" && wc -l <<<"$body"; }
has_more() { (($(lines "$1") > $2)); }
probed_at() { status_of "$1" .probe.at; }
probed_since() { [[ $(probed_at "$1") != "$2" ]]; }

@test "while the program hangs all else goes on: probes, logs, starts, requests" {
	put demo-talk-1 '.command=["sh","-c","while :; do echo x; sleep 0.1; done"]
		| .liveness={"type":"exec","command":["true"],"interval_ns":200000000,"timeout_ns":100000000}'
	wait_ready demo-talk-1
	hang
	put demo-web-2 "$(published 8080)"
	wait_for 5 some_hang
	[[ $(status_of demo-web-2 .state) == starting ]]
	local n at
	n=$(lines demo-talk-1) at=$(probed_at demo-talk-1)
	put demo-other-3
	wait_ready demo-other-3 4
	wait_for 4 has_more demo-talk-1 $((n + 5))
	wait_for 4 probed_since demo-talk-1 "$at"
	[[ $(hanging) == 1 && $(status_of demo-web-2 .state) == starting ]]
}

@test "it is killed when its time is over, who waited is told, and the start succeeds later" {
	hang
	put demo-web-2 "$(published 8080)"
	wait_for 5 some_hang
	wait_state demo-web-2 backoff 15
	[[ $(status_of demo-web-2 .reason) == *"agentd-nft: no answer in 10 s"* ]]
	rm "$PROGRAMS/agentd-nft.hang"
	wait_ready demo-web-2 30
	wait_for 5 greets 8080
	wait_for 5 none_hang
	[[ $(api GET /v1/observed && jq -c '.network | [.rules_missing, .rules_extra]' <<<"$body") == '[[],[]]' ]]
}

@test "what is asked for while it hangs is done when the rules are: stop, removal, peers" {
	put demo-web-2 "$(published 8080)"
	wait_ready demo-web-2
	hang
	put demo-web-3 "$(published 8081)"
	wait_for 5 some_hang
	api_ok DELETE "/v1/workloads/demo-web-3?token=1"
	[[ $(status_of demo-web-3 .state) == starting ]]
	peers & # waits
	local waiting=$!
	wait_for 15 none_hang_of_first
	rm -f "$PROGRAMS/agentd-nft.hang"
	wait "$waiting" || true
	wait_for 20 gone demo-web-3
	wait_for 15 greets 8080
}
none_hang_of_first() { [[ $(status_of demo-web-3 .state) != starting ]]; }
gone() { api GET "/v1/workloads/$1"; [[ $status == 404 ]]; }

dnat() { in_host nft list table ip stackpilot | grep -c "dport $1 dnat" || true; }
no_rule() { [[ $(dnat "$1") == 0 ]]; }
true_rules() { [[ $(api GET /v1/observed && jq -c '.network | [.rules_missing, .rules_extra]' <<<"$body") == '[[],[]]' ]]; }

@test "a start that fails for good takes the rules of its ports with it" {
	put demo-web-2 "$(published 8080) | .command=[\"/nope\"]"
	wait_state demo-web-2 failed
	wait_for 5 no_rule 8080
	true_rules
}

@test "one that ran, and cannot be prepared any more, leaves no rules either" {
	put demo-web-2 "$(published 8080)"
	wait_ready demo-web-2
	[[ $(dnat 8080) == 1 ]]
	put demo-web-2 "$(published 8080) | .image_digest=\"sha256:$(printf '0%.0s' {1..64})\""
	wait_state demo-web-2 failed
	wait_for 5 no_rule 8080
	true_rules
}

@test "one that is stopped while it waits for its next start leaves no rules" {
	put demo-web-2 "$(published 8080) | .command=[\"false\"]"
	wait_state demo-web-2 backoff
	[[ $(dnat 8080) == 1 ]]
	api_ok POST "/v1/workloads/demo-web-2/stop?token=1"
	wait_state demo-web-2 stopped
	wait_for 5 no_rule 8080
	true_rules
}

kill_waiting() { # ID [jq filter]: a container that waits for its ports
	hang
	put "$1" "$(published 8080)${2:+ | $2}"
	wait_for 5 some_hang
	[[ $(status_of "$1" .state) == starting ]]
	in_host kill -9 "$(process_of "$1")"
}

@test "a container that dies while it waits for its ports ends at once, and is started again" {
	kill_waiting demo-web-2
	wait_state demo-web-2 backoff 4
	some_hang
	[[ $(status_of demo-web-2 '[.last_exit.signal, .last_exit.reason, .pid] | tojson') == '[9,"killed from outside",0]' ]]
	rm "$PROGRAMS/agentd-nft.hang"
	wait_ready demo-web-2 30
	wait_for 5 greets 8080
	true_rules
}

@test "whether it is started again is for its restart policy to say" {
	kill_waiting demo-web-2 '.restart="no"'
	wait_state demo-web-2 failed 4
	[[ $(status_of demo-web-2 .reason) == "killed from outside" ]]
	rm "$PROGRAMS/agentd-nft.hang"
	wait_for 15 none_hang
	no_rule 8080
	true_rules
}

more_peers() {
	api PUT /v1/peers "{\"subnet\":\"$SUBNET.0/24\",\"nodes\":[{\"name\":\"node1\",\"address\":\"192.0.2.1\",\"subnet\":\"$SUBNET.0/24\"},
		{\"name\":\"node2\",\"address\":\"192.0.2.2\",\"subnet\":\"10.90.2.0/24\"}]}"
	[[ $status != 2* ]]
}
names() { in_host cat "$HOST_DIR/state/workloads/$1/net/hosts"; }

@test "a container that starts while peers are applied that are then taken back names none of them" {
	hang
	more_peers &
	local waiting=$!
	wait_for 5 some_hang
	put demo-other-3
	wait_ready demo-other-3 5
	[[ $(names demo-other-3) == *node2* ]]
	wait "$waiting"
	[[ $(names demo-other-3) == *node1* && $(names demo-other-3) != *node2* ]]
	rm "$PROGRAMS/agentd-nft.hang"
}

@test "agentd killed while the program hangs: the next agent starts the workload anew" {
	hang
	put demo-web-2 "$(published 8080)"
	wait_for 5 some_hang
	agent_kill
	wait_for 5 none_hang # as the real one, it dies with the agent
	rm "$PROGRAMS/agentd-nft.hang"
	agent_start
	wait_ready demo-web-2
	wait_for 5 greets 8080
}
