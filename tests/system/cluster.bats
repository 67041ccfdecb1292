#!/usr/bin/env bats
# The lab with its daemons: provisioned, used through ctl's context, powered off and on again, and removed.

load lib/cluster

setup() { cluster_up; }
teardown() { cluster_down; }

daemon_pids() {
	lab exec control -- cat /run/stackpilot/controld.pid
	lab exec worker1 -- cat /run/stackpilot/agentd.pid
	lab exec worker2 -- cat /run/stackpilot/agentd.pid
}

write_stack() {
	cat >"$CLUSTER/stack.yaml" <<-'END'
		name: greet
		services:
		  web:
		    image: test/busybox:1
		    restart: unless-stopped
		    command: ["while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nI am %s\\n' \"$$(hostname)\" | nc -l -p 80; done"]
		    ports: ["8080:80"]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
	END
}

greets() { operator curl -fs -m 2 "http://$1:8080/"; }

@test "after up, ctl finds the cluster by the context beside its own program" {
	run ctl node ls -o json
	[ "$status" -eq 0 ]
	[ "$(jq -r '[.nodes[] | select(.state == "ready") | .name] | sort | join(" ")' <<<"$output")" = "worker1 worker2" ]
	[ "$(jq -r '.nodes[] | select(.name == "worker1") | .address' <<<"$output")" = 192.168.56.11 ]
}

@test "controld runs as an ordinary user, and the keys are for their owners alone" {
	pid=$(lab exec control -- cat /run/stackpilot/controld.pid)
	[ "$(lab exec control -- awk '/^Uid:/ {print $2}' "/proc/$pid/status")" -ne 0 ]
	[ "$(lab exec control -- awk '/^CapEff:/ {print $2}' "/proc/$pid/status")" = 0000000000000000 ]
	[ -z "$(find "$CLUSTER/lab" -name '*.key' -perm /077)" ]
	[ -z "$(find "$CLUSTER/lab/share" -name 'token-*')" ]
}

@test "provision again changes nothing and restarts nothing" {
	before=$(daemon_pids)
	lab provision
	lab up
	[ "$(daemon_pids)" = "$before" ]
}

@test "a daemon that was killed is started by the next provision, one that changed is started anew" {
	lab service worker1 kill agentd
	run lab service worker1 status agentd
	[ "$status" -ne 0 ]
	kept=$(lab exec worker2 -- cat /run/stackpilot/agentd.pid)
	lab provision
	lab service worker1 status agentd
	[ "$(lab exec worker2 -- cat /run/stackpilot/agentd.pid)" = "$kept" ]
	cp "$CLUSTER/bin/agentd" "$CLUSTER/agentd"
	printf x >>"$CLUSTER/agentd"
	mv "$CLUSTER/agentd" "$CLUSTER/bin/agentd"
	lab provision
	[ "$(lab exec worker2 -- cat /run/stackpilot/agentd.pid)" != "$kept" ]
}

@test "a stack is reached on every worker, its replicas reach each other by name, and a reboot brings it back" {
	cluster_busybox
	write_stack
	ctl deploy "$CLUSTER/stack.yaml"
	within 10 greets 192.168.56.11
	within 10 greets 192.168.56.12
	run ctl exec greet-web-1 -- wget -qO- http://web-2/
	[ "$status" -eq 0 ]
	[[ $output == "I am "* ]]
	lab halt
	lab up
	within 20 workload_is greet-web-1 running
	within 20 workload_is greet-web-2 running
	within 10 greets 192.168.56.11
	within 10 greets 192.168.56.12
}

@test "destroy takes running containers away with their cgroups, mounts and namespaces" {
	cluster_busybox
	write_stack
	ctl deploy "$CLUSTER/stack.yaml"
	lab destroy
	[ -z "$(find /sys/fs/cgroup -maxdepth 3 -name "stackpilot-$(printf '%s' "$CLUSTER" | sha256sum | cut -c1-12)")" ]
	run grep -ls "$CLUSTER" /proc/[0-9]*/mountinfo
	[ -z "$output" ]
	run pgrep -f "$CLUSTER/bin"
	[ -z "$output" ]
	[ ! -e "$CLUSTER/lab" ]
	run ctl ps
	[ "$status" -ne 0 ]
}
