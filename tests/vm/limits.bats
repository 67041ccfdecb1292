#!/usr/bin/env bats
# The limits of a workload on a machine that has every cgroup v2 controller: read back from the kernel, and felt.

load ../system/lib/agent

setup() {
	host_up
	agent_start
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

cgroup_file() { cat "/sys/fs/cgroup/$HOST_CGROUP/$1/$2"; } # id, file
in_cgroup() { sed -n "s/^$3 //p" "/sys/fs/cgroup/$HOST_CGROUP/$1/$2"; } # id, file, key
inside() { in_host python3 "$BATS_TEST_DIRNAME/../system/lib/exec_client.py" "$HOST_DIR/run/agentd.sock" "$@"; }
go() { in_host touch "/proc/$(status_of "$1" .pid)/root/go"; }
is() { [[ $("${@:2}") == "$1" ]]; }
at_least() { (($("${@:2}") >= $1)); }
above() { (($("${@:2}") > $1)); }
told() { events "select(.workload == \"$1\" and .type == \"$2\")" | grep -q .; }

@test "the node has every controller and says so" {
	api_ok GET /v1/node
	[[ $(jq -c '.controllers | sort' <<<"$body") == '["cpu","io","memory","pids"]' ]]
	[[ $(jq -c .missing_controllers <<<"$body") == '[]' ]]
}

@test "every limit is in the kernel's files as it was asked for" {
	put demo-a-1 '.limits={"memory_max_bytes":67108864,"memory_high_bytes":50331648,"memory_low_bytes":4194304,
		"cpu_max_milli":250,"cpu_weight":300,"pids_max":40}'
	wait_ready demo-a-1
	is 67108864 cgroup_file demo-a-1 memory.max
	is 50331648 cgroup_file demo-a-1 memory.high
	is 4194304 cgroup_file demo-a-1 memory.low
	is 1 cgroup_file demo-a-1 memory.oom.group
	is "25000 100000" cgroup_file demo-a-1 cpu.max
	is 300 cgroup_file demo-a-1 cpu.weight
	is 40 cgroup_file demo-a-1 pids.max
}

@test "without limits there are none, but the agent's own of processes, and that a workload dies whole" {
	put demo-a-1
	wait_ready demo-a-1
	is max cgroup_file demo-a-1 memory.max
	is "max 100000" cgroup_file demo-a-1 cpu.max
	is 4096 cgroup_file demo-a-1 pids.max
	is 1 cgroup_file demo-a-1 memory.oom.group
}

@test "a workload that runs out of memory is killed, told apart from one that was killed, and comes back after its back-off" {
	put demo-a-1 '.limits={"memory_max_bytes":33554432} | .command=["sh","-c","until [ -e /go ]; do sleep 0.1; done; tail -c 200m /dev/zero"]'
	put demo-b-2
	wait_ready demo-a-1
	wait_ready demo-b-2
	go demo-a-1
	wait_for 60 told demo-a-1 workload.oom
	wait_for 30 eval '[[ $(status_of demo-a-1 .last_exit.oom) == true ]]'
	[[ $(status_of demo-a-1 .last_exit.signal) == 9 ]]
	events 'select(.workload == "demo-a-1" and .type == "workload.exit") | .fields.oom' | grep -qx true
	events 'select(.workload == "demo-a-1" and .type == "workload.state") | .message' | grep -q '^"running -> backoff: out of memory.*next start in'
	wait_for 30 eval '[[ $(status_of demo-a-1 "\"\(.state) \(.incarnation) \(.restarts)\"") == "running 2 1" ]]'
	in_host kill -9 "$(process_of demo-b-2)"
	wait_for 30 eval '[[ $(status_of demo-b-2 .incarnation) == 2 ]]'
	[[ $(status_of demo-b-2 '"\(.last_exit.signal) \(.last_exit.oom)"') == "9 false" ]]
}

@test "exit 137 alone is no want of memory" {
	put demo-a-1 '.limits={"memory_max_bytes":33554432} | .command=["sh","-c","exit 137"] | .restart="no"'
	wait_state demo-a-1 failed 30
	[[ $(status_of demo-a-1 '"\(.last_exit.code) \(.last_exit.oom)"') == "137 false" ]]
}

@test "one process that takes too much ends all of its workload, and nothing else" {
	put demo-a-1 '.limits={"memory_max_bytes":33554432} | .restart="no" |
		.command=["sh","-c","sleep 1000 & sleep 1001 & until [ -e /go ]; do sleep 0.1; done; tail -c 200m /dev/zero | cat; sleep 1002"]'
	put demo-b-2
	wait_ready demo-a-1
	wait_ready demo-b-2
	go demo-a-1
	wait_state demo-a-1 failed 60
	[[ $(status_of demo-a-1 .last_exit.oom) == true ]]
	! in_host pgrep -x -f "sleep 100[012]"
	[[ $(status_of demo-b-2 '"\(.state) \(.incarnation)"') == "running 1" ]]
}

@test "the death of an exec for want of memory is the workload's" {
	put demo-a-1 '.limits={"memory_max_bytes":33554432}'
	wait_ready demo-a-1
	inside demo-a-1 tail -c 200m /dev/zero || true
	wait_for 30 eval '[[ $(status_of demo-a-1 "\"\(.last_exit.oom) \(.incarnation)\"") == "true 2" ]]'
}

@test "an agent that was dead meanwhile tells want of memory too" {
	put demo-a-1 '.limits={"memory_max_bytes":33554432} | .restart="no" |
		.command=["sh","-c","until [ -e /go ]; do sleep 0.1; done; tail -c 200m /dev/zero"]'
	wait_ready demo-a-1
	local pid
	pid=$(status_of demo-a-1 .pid)
	agent_kill
	in_host touch "/proc/$pid/root/go"
	wait_for 60 eval '! in_host test -e "/proc/$pid"'
	agent_start
	wait_state demo-a-1 failed 30
	[[ $(status_of demo-a-1 .last_exit.oom) == true ]]
}

@test "above memory.high a workload is slowed and not killed" {
	put demo-a-1 '.limits={"memory_high_bytes":20971520} | .command=["sh","-c","tail -c 28m /dev/zero >/dev/null & sleep 1000"]'
	wait_ready demo-a-1
	wait_for 60 above 0 in_cgroup demo-a-1 memory.events high
	is 0 in_cgroup demo-a-1 memory.events oom_kill
	[[ $(status_of demo-a-1 '"\(.state) \(.incarnation)"') == "running 1" ]]
}

@test "cpu.max is felt: a busy loop is throttled" {
	put demo-a-1 '.limits={"cpu_max_milli":100} | .command=["sh","-c","while :; do :; done"]'
	wait_ready demo-a-1
	wait_for 60 at_least 10 in_cgroup demo-a-1 cpu.stat nr_throttled
	local used
	used=$(in_cgroup demo-a-1 cpu.stat usage_usec)
	local periods
	periods=$(in_cgroup demo-a-1 cpu.stat nr_periods)
	# A period is 100 ms, a tenth of which may be used; what one overruns the next ones pay back.
	((used <= (periods + 10) * 20000))
}

@test "a fork bomb is stopped by pids.max, and its neighbour feels nothing" {
	put demo-a-1 '.limits={"pids_max":30} | .command=["sh","-c","bomb() { bomb | bomb & }; bomb; sleep 1000"]'
	put demo-b-2
	wait_for 60 above 0 in_cgroup demo-a-1 pids.events max
	at_least 1 cgroup_file demo-a-1 pids.current
	(($(cgroup_file demo-a-1 pids.peak 2>/dev/null || cgroup_file demo-a-1 pids.current) <= 30))
	wait_ready demo-b-2 60
	remove demo-a-1
	[[ ! -e /sys/fs/cgroup/$HOST_CGROUP/demo-a-1 ]]
	[[ $(status_of demo-b-2 '"\(.state) \(.incarnation)"') == "running 1" ]]
}

@test "limits that change are another container's" {
	put demo-a-1 '.limits={"memory_max_bytes":67108864}'
	wait_ready demo-a-1
	put demo-a-1 '.limits={"memory_max_bytes":33554432,"pids_max":20}'
	wait_ready demo-a-1
	is 33554432 cgroup_file demo-a-1 memory.max
	is 20 cgroup_file demo-a-1 pids.max
}
