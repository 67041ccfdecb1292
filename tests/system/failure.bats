#!/usr/bin/env bats
# What ends unasked, on a real cluster: a workload killed, its cgroup killed, out of memory; agentd and controld killed.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/f.yaml" <<-'END'
		name: f
		x-here: &here {placement: {constraints: [node.hostname == worker1]}}
		services:
		  idle: {image: test/busybox:1, command: [sleep 1000], restart: unless-stopped, deploy: *here}
		  bystander: {image: test/busybox:1, command: [sleep 1000], restart: unless-stopped, deploy: *here}
		  count: # 10,000 lines a second
		    image: test/busybox:1
		    command: ["n=1; while :; do seq $$n $$((n + 999)); n=$$((n + 1000)); usleep 95000; done"]
		    restart: unless-stopped
		    deploy: *here
		  job:
		    image: test/busybox:1
		    command: ["until [ -e /go ]; do usleep 50000; done; exit 42"]
		    restart: "no"
		    deploy: *here
	END
	ctl deploy "$CLUSTER/f.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

@test "a workload killed from outside comes back after its back-off, and ps and events tell why" {
	lab exec worker1 -- kill -9 "$(process_of f-idle-1)"
	within 5 told '.type == "workload.state" and .workload == "f-idle-1" and
		(.message | test("^running -> backoff: killed from outside; next start in [0-9.]+m?s$"))'
	ready_again f-idle-1 2
	[[ $(workload f-idle-1 '"\(.restarts) \(.last_exit.signal) \(.last_exit.oom)"') == "1 9 false" ]]
	[[ $(ctl ps) == *f-idle-1*"last exit: killed from outside"* ]]
	within 5 told '.type == "workload.exit" and .workload == "f-idle-1" and .fields.signal == 9'
	[[ $(workload f-bystander-1 '"\(.incarnation) \(.restarts)"') == "1 0" ]]
}

@test "a workload whose cgroup is killed comes back after a longer back-off" {
	cgroup=$(cgroup_of worker1 f-idle-1)
	lab exec worker1 -- sh -c "echo 1 >$cgroup/cgroup.kill"
	within 5 told '.type == "workload.state" and .workload == "f-idle-1" and
		(.message | test("^running -> backoff: killed from outside; next start in (1\\.[89]|2)"))'
	ready_again f-idle-1 3
	[[ $(workload f-idle-1 .restarts) == 2 ]]
	[[ $(workload f-bystander-1 '"\(.incarnation) \(.restarts)"') == "1 0" ]]
}

@test "a workload that runs out of memory is told apart from one that was killed" {
	ctl node ls -o json | jq -e '.nodes[] | select(.name == "worker1") | .info.controllers | index("memory")' >/dev/null ||
		skip "worker1 has no cgroup2 memory controller"
	cat >"$CLUSTER/oom.yaml" <<-'END'
		name: oom
		services:
		  eater:
		    image: test/busybox:1
		    command: ["until [ -e /go ]; do usleep 50000; done; exec tail -c 200m /dev/zero"]
		    mem_limit: 32m
		    restart: unless-stopped
		    deploy: {placement: {constraints: [node.hostname == worker1]}}
	END
	ctl deploy "$CLUSTER/oom.yaml"
	lab exec worker1 -- touch "/proc/$(workload oom-eater-1 .pid)/root/go"
	within 10 told '.type == "workload.oom" and .workload == "oom-eater-1"'
	within 10 told '.type == "workload.exit" and .workload == "oom-eater-1" and .fields.oom'
	ready_again oom-eater-1 2
	[[ $(ctl ps) == *oom-eater-1*"last exit: "*memory* ]]
	ctl destroy oom --yes
}

kill_agent() { # while the containers go on
	lab service worker1 kill agentd
	sleep 0.3
	lab service worker1 start agentd
}

adopted_times() { # id, n
	[[ $(ctl events --type agent.adopted -o json | jq -s --arg id "$1" 'map(select(.workload == $id)) | length') == "$2" ]]
}

lines() { ctl logs f-count-1 2>/dev/null | wc -l; }
has_lines() { (($(lines) >= $1)); }

@test "agentd killed under 10,000 lines a second: nothing restarts, no line is lost or doubled" {
	before=$(ctl ps -o json | jq -c '[.workloads[] | [.id, .pid, .incarnation, .restarts]] | sort')
	for _ in 1 2 3; do
		kill_agent
		now=$(lines)
		within 10 has_lines $((now + 3000))
	done
	[[ $(ctl ps -o json | jq -c '[.workloads[] | [.id, .pid, .incarnation, .restarts]] | sort') == "$before" ]]
	ctl stop f-count-1
	within 15 workload_is f-count-1 stopped
	ctl logs f-count-1 >"$CLUSTER/lines"
	seq "$(wc -l <"$CLUSTER/lines")" | cmp - "$CLUSTER/lines"
	within 5 adopted_times f-count-1 3
}

has_ended() { ! lab exec worker1 -- test -e "/proc/$1"; }

@test "a job that ends while agentd is dead keeps its exit status and is not run again" {
	pid=$(workload f-job-1 .pid)
	lab service worker1 kill agentd
	lab exec worker1 -- touch "/proc/$pid/root/go"
	within 5 has_ended "$pid"
	lab service worker1 start agentd
	within 10 workload_is f-job-1 failed
	[[ $(workload f-job-1 '"\(.last_exit.code) \(.incarnation)"') == "42 1" ]]
	[[ $(ctl ps) == *f-job-1*"status 42"* ]]
	within 5 told '.type == "workload.exit" and .workload == "f-job-1" and .fields.code == 42'
}

operation_over() { [[ $(ctl op show -o json "$1" | jq -r .state) != running ]]; }

# The state of an operation and what is there agree: operation, workloads it was to make.
truthful() {
	local op running
	op=$(ctl op show -o json "$1")
	running=$(ctl ps c -o json | jq -r '[.workloads[] | select(.ready) | .id] | sort | join(" ")')
	case $(jq -r .state <<<"$op") in
	succeeded) [[ $running == "$2" ]] ;;
	reverted) [[ -z $(ctl ps c -o json | jq -r '.workloads[].id') ]] ;;
	failed | interrupted) # each step says how far it came, and what it says is there is there
		jq -e '.error.message and all(.steps[]; .state != "running")' <<<"$op" >/dev/null
		local id
		for id in $(jq -r '.steps[] | select(.name == "ready" and .state == "done") | .resource' <<<"$op"); do
			[[ " $running " == *" $id "* ]] || return 1
		done
		;;
	*) return 1 ;;
	esac || { echo "$op; ready: $running" >&2 && return 1; }
}

step_is() { ctl op show -o json "$1" | jq -e --arg n "$2" --arg r "$3" --arg s "$4" \
	'.steps[] | select(.name == $n and .resource == $r and .state == $s)' >/dev/null; }

@test "controld killed in the middle of a deploy: the operation ends truthfully, nothing is lost, and another deploy works" {
	cat >"$CLUSTER/c.yaml" <<-'END'
		name: c
		x-slow: &slow
		  image: test/busybox:1
		  command: ["sleep 1; echo >/ready; sleep 1000"]
		  healthcheck: {test: ["CMD", "ls", "/ready"], interval: 200ms, timeout: 200ms, retries: 50}
		services:
		  one: {<<: *slow}
		  two: {<<: *slow, depends_on: {one: {condition: service_healthy}}}
		  three: {<<: *slow, depends_on: {two: {condition: service_healthy}}}
	END
	others=$(ctl ps f -o json | jq -c '[.workloads[] | [.id, .pid, .incarnation]] | sort')
	operation=$(ctl deploy --detach "$CLUSTER/c.yaml")
	within 20 step_is "$operation" ready c-two-1 running
	lab service control kill controld
	run -7 ctl op show "$operation"
	[[ $output == *"https://192.168.56.10:7700"* ]]
	lab service control start controld
	within 10 ctl op show "$operation"
	ctl op show -o json "$operation" | jq -e '.steps[] | select(.name == "ready" and .resource == "c-one-1" and .state == "done")'
	within 60 operation_over "$operation"
	within 10 truthful "$operation" "c-one-1 c-three-1 c-two-1"
	[[ $(ctl ps f -o json | jq -c '[.workloads[] | [.id, .pid, .incarnation]] | sort') == "$others" ]]
	ctl deploy "$CLUSTER/c.yaml"
	[[ $(ctl ps c -o json | jq -c '[.workloads[] | select(.ready)] | length') == 3 ]]
	ctl destroy c --yes
}
