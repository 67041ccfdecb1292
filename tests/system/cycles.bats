#!/usr/bin/env bats
# Two hundred stops and starts through ctl, on a real cluster: what the nodes hold is as it was before.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/c.yaml" <<-'END'
		name: c
		services:
		  w:
		    image: test/busybox:1
		    command: ["trap 'exit 0' TERM; while :; do usleep 20000; done"]
		    restart: unless-stopped
		    volumes: [data:/data]
		    deploy: {replicas: 10, placement: {max_replicas_per_node: 5}}
		volumes: {data: }
	END
	ctl deploy "$CLUSTER/c.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

all_are() { [[ $(ctl ps -o json | jq --arg s "$1" '[.workloads[] | select(.state == $s)] | length') == 10 ]]; }

cycle() {
	local n
	for n in {1..10}; do ctl stop "c-w-$n" >/dev/null; done
	within 20 all_are stopped
	for n in {1..10}; do ctl start "c-w-$n" >/dev/null; done
	within 20 all_are running
}

# The descriptors of agentd. controld keeps some idle connections to it for a while: they are only told when they are many.
descriptors='
	FILENAME != "-" { if ($4 == "01") connected["socket:[" $10 "]"]; next }
	$NF in connected { n++; next }
	FNR > 1 { print $NF }
	END { if (n > 16) print "many connections" }'

# What a worker holds, but for names and numbers that are new with each incarnation.
holdings() { # worker
	lab exec "$1" -- sh -c '
		pid=$(cat /run/stackpilot/agentd.pid)
		ls -l "/proc/$pid/fd" | awk "$0" "/proc/$pid/net/tcp" - | sed "s/[0-9][0-9]*/N/g" | sort | uniq -c
		cat /proc/1/mountinfo
		find /sys/fs/cgroup/stackpilot -type d | sort
		ip -o addr | awk "{print \$2, \$4}" | sed "s/^spv.*/veth/" | sort | uniq -c
		ip route
		nft list ruleset
		find /var/lib/stackpilot/workloads /var/lib/stackpilot/volumes /var/lib/stackpilot/trash /run/stackpilot | sort
		ls /proc | grep -c "^[0-9]"' "$descriptors" | grep -v '^ *[0-9]* N\?$'
}

same() { holdings "$1" | sed '$d' >"$CLUSTER/$1.after"; diff "$CLUSTER/$1.before" "$CLUSTER/$1.after"; }

@test "200 stops and starts through ctl leave no descriptor, mount, cgroup, link, address, rule or file behind" {
	cycle
	sleep 1
	for worker in worker1 worker2; do holdings "$worker" | sed '$d' >"$CLUSTER/$worker.before"; done
	[[ $(grep -c "^/sys/fs/cgroup/stackpilot/c-w-[0-9]*$" "$CLUSTER/worker1.before") == 5 ]]
	grep -q "anon_inode" "$CLUSTER/worker1.before"
	for _ in {1..20}; do cycle; done
	[[ $(ctl ps -o json | jq '[.workloads[].incarnation] | unique == [22]') == true ]]
	within 15 same worker1
	within 15 same worker2
}
