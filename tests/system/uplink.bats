#!/usr/bin/env bats
# The network of a node when its uplink goes and comes back: what the kernel dropped is put back by itself; what
# somebody changed while the link stayed is drift, and waits to be found.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/stack.yaml" <<-'END'
		name: greet
		services:
		  web:
		    image: test/busybox:1
		    restart: unless-stopped
		    command: ["while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n' | nc -l -p 80; done"]
		    ports: ["8080:80"]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
	END
	ctl deploy "$CLUSTER/stack.yaml"
}

teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

on() { lab exec "$1" -- "${@:2}"; }
routes() { on worker1 ip route show proto 83; }
from_worker1() { # the replica on worker2, called from the one on worker1
	local here there
	here=$(on_node worker1)
	there=$(workload "$(on_node worker2)" .address)
	[ "$(on worker1 nsenter -t "$(workload "$here" .pid)" -n -- curl -fs -m 2 "http://$there/")" = hello ]
}
on_node() { ctl ps -o json | jq -r --arg node "$1" '.workloads[] | select(.node == $node) | .id'; }
greets() { [ "$(operator curl -fs -m 2 "http://$1:8080/")" = hello ]; }
log_lines() { grep -cF "$1" "$CLUSTER/lab/worker1/disk/log/agentd.log" || true; }
restored() { (($(log_lines network.restored) > $1)); }
differences() { ctl drift detect greet -o json | jq -c '[.findings[] | "\(.resource) \(.field)"] | sort'; }

@test "an uplink that goes down and up takes the routes along, and the agent brings them back" {
	local before
	before=$(routes)
	[[ $before == *10.90.2.0/24* ]]
	from_worker1
	on worker1 ip link set eth0 down
	[ -z "$(routes)" ]
	on worker1 ip link set eth0 up
	within 5 restored 0
	[ "$(routes)" = "$before" ]
	within 5 from_worker1
	within 5 greets 192.168.56.11
	grep -F network.restored "$CLUSTER/lab/worker1/disk/log/agentd.log" | grep -F eth0
	within 5 told '.type == "network.restored" and .node == "worker1" and .fields.link == "eth0"'
	[ "$(differences)" = '[]' ]
}

@test "an uplink that loses its address has its routes again with the address" {
	local before lines
	before=$(routes) lines=$(log_lines network.restored)
	on worker1 ip addr flush dev eth0
	[ -z "$(routes)" ]
	on worker1 ip link set eth0 down
	on worker1 ip link set eth0 up
	on worker1 ip addr add 192.168.56.11/24 dev eth0
	within 5 restored "$lines"
	[ "$(routes)" = "$before" ]
	within 5 from_worker1
}

@test "a hundred changes in a row end with every route in place" {
	local before
	before=$(routes)
	on worker1 sh -c 'for i in $(seq 50); do ip link set eth0 down; ip link set eth0 up; done'
	back() { [ "$(routes)" = "$before" ]; }
	within 5 back
	within 5 from_worker1
}

@test "what was changed while the uplink stayed is left alone, found as drift, and fixed on request" {
	local lines
	lines=$(log_lines network.restored)
	on worker1 ip route delete 10.90.2.0/24
	on worker1 ip link add other0 type veth peer name other1
	on worker1 ip link set other0 up
	on worker1 ip addr change 192.168.56.11/24 dev eth0
	on worker1 nft flush ruleset
	on worker1 ip link set sp0 down
	on worker1 ip link set sp0 up
	on worker1 ip link set sp0 down
	[ "$(differences)" = '["node/worker1 bridge.state","node/worker1 routes.10.90.2.0/24","node/worker1 rules.table ip stackpilot"]' ]
	[ "$(log_lines network.restored)" = "$lines" ]
	ctl drift fix greet --yes
	[ "$(differences)" = '[]' ]
	within 5 from_worker1
	within 5 greets 192.168.56.11
}
