#!/usr/bin/env bats
# Drift in a real cluster: what is changed on the hosts is found, each change as one finding, and each is put right
# alone. The hosts are changed as an administrator with root would, or by asking the agents behind controld's back.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	mkdir "$CLUSTER/busybox/more"
	tar -C "$CLUSTER/busybox" -cf "$CLUSTER/busybox2.tar" .
	ctl image import --config "$CLUSTER/busybox.json" --name test/busybox:2 "$CLUSTER/busybox2.tar"
	ctl image push test/busybox:2
	write_stack
	ctl deploy "$CLUSTER/stack.yaml"
}

teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

write_stack() {
	cat >"$CLUSTER/stack.yaml" <<-'END'
		name: seed
		volumes: {data: {}}
		configs: {motd: {content: "hello"}}
		x-stackpilot: {drift: {ignore: [{resource: seed-web-*, field: limits.*, reason: "tuned by hand"}]}}
		services:
		  web:
		    image: test/busybox:1
		    command: ["while :; do sleep 1000; done"]
		    restart: always
		    ports: ["8080:80"]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
		  job:
		    image: test/busybox:1
		    command: ["while :; do sleep 1000; done"]
		    restart: "no"
		  app:
		    image: test/busybox:1
		    command: ["while :; do sleep 1000; done"]
		    restart: always
		    environment: {LEVEL: info}
		    volumes: ["data:/data"]
		    tmpfs: ["/scratch"]
		    configs: [{source: motd, target: /etc/motd}]
		    sysctls: {net.core.somaxconn: "64"}
		    ulimits: {nofile: 512}
		    deploy: {replicas: 23}
	END
}

node_of() { ctl ps -o json | jq -r --arg id "$1" '.workloads[] | select(.id == $id) | .node'; }
on() { lab exec "$1" -- "${@:2}"; }
agent() { # NODE METHOD PATH [BODY]: a call to the agent itself, with the stack's token
	local token
	token=$(cat "$CLUSTER/lab/$1/disk/tokens/seed")
	on "$1" curl -fsS --unix-socket /run/stackpilot/agentd.sock -X "$2" -o /dev/null ${4:+-d "$4"} \
		"http://agent$3?token=$token"
}
pid_of() { # NODE ID: of the first process, as the node counts
	on "$1" curl -fsS --unix-socket /run/stackpilot/agentd.sock "http://agent/v1/observed?stack=seed" |
		jq -r --arg id "$2" '.workloads[] | select(.id == $id) | .container.process.pid | select(. > 0)'
}
link_of() { # NODE ID
	on "$1" ip -o link show | awk -v id="$2" '$0 ~ "alias " id "( |$|\\\\)" {sub(/@.*/, "", $2); print $2}'
}
inside() { on "$1" nsenter -t "$(pid_of "$1" "$2")" -n -- "${@:3}"; } # NODE ID COMMAND in its network
spec_of() { jq -c "${3:-.}" "$CLUSTER/lab/$1/disk/workloads/$2/spec.json"; }
cgroup() { on "$1" sh -c "echo '$4' >/sys/fs/cgroup/stackpilot/$2/$3"; }

findings() { # as lines "RESOURCE FIELD"
	ctl drift detect seed -o json | jq -r '.findings[] | "\(.resource) \(.field)"' | sort
}

# The changes: each function changes one thing of a workload on a node.
freeze() { cgroup "$1" "$2" cgroup.freeze 1; }
bound_descendants() { cgroup "$1" "$2" cgroup.max.descendants 3; }
bound_depth() { cgroup "$1" "$2" cgroup.max.depth 1; }
add_stranger() {
	on "$1" sh -c "setsid sleep 1000 >/dev/null 2>&1 </dev/null 3>&- & echo \$! >/sys/fs/cgroup/stackpilot/$2/cgroup.procs"
}
move_out() { on "$1" sh -c "echo $(pid_of "$1" "$2") >/sys/fs/cgroup/init/cgroup.procs"; }
stop_process() { on "$1" kill -STOP "$(pid_of "$1" "$2")"; }
kill_process() { on "$1" kill -KILL "$(pid_of "$1" "$2")"; }
stop_workload() { agent "$1" POST "/v1/workloads/$2/stop"; }
delete_workload() { agent "$1" DELETE "/v1/workloads/$2"; }
change_image() {
	local digest
	digest=$(ctl image inspect test/busybox:2 -o json | jq -r .digest)
	agent "$1" PUT "/v1/workloads/$2" \
		"$(spec_of "$1" "$2" ".image = \"test/busybox:2\" | .image_digest = \"$digest\"")"
}
change_spec() { agent "$1" PUT "/v1/workloads/$2" "$(spec_of "$1" "$2" '.environment = ["LEVEL=debug"]')"; }
add_workload() {
	agent "$1" PUT /v1/workloads/seed-ghost-1 "$(spec_of "$1" "$2" \
		'.id = "seed-ghost-1" | .service = "ghost" | .replica = 1 | .network_none = true | del(.address)')"
}
link_down() { on "$1" ip link set "$(link_of "$1" "$2")" down; }
link_detached() { on "$1" ip link set "$(link_of "$1" "$2")" nomaster; }
link_deleted() { on "$1" ip link delete "$(link_of "$1" "$2")"; }
address_removed() { inside "$1" "$2" ip addr flush dev eth0; }
address_added() { inside "$1" "$2" ip addr add 10.99.0.1/24 dev eth0; }
route_removed() { inside "$1" "$2" ip route delete default; }
eth0_down() { inside "$1" "$2" ip link set eth0 down; }
sysctl_changed() { inside "$1" "$2" sh -c 'echo 99 >/proc/sys/net/core/somaxconn'; }
rlimit_changed() { on "$1" prlimit --pid "$(pid_of "$1" "$2")" --nofile=100:512; }
hosts_changed() { echo "6.6.6.6 web" >>"$CLUSTER/lab/$1/disk/workloads/$2/net/hosts"; }
mount_added() { on "$1" nsenter -t "$(pid_of "$1" "$2")" -m -- /bin/busybox mount -t tmpfs none /bin; }
mount_removed() { on "$1" nsenter -t "$(pid_of "$1" "$2")" -m -- /bin/busybox umount /data; }
environment_changed() {
	on "$1" python3 - "$(pid_of "$1" "$2")" <<-'END'
		import sys
		pid = sys.argv[1]
		start = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[47])
		at = open(f"/proc/{pid}/environ", "rb").read().index(b"LEVEL=info")
		with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
		    memory.seek(start + at)
		    memory.write(b"LEVEL=evil")
	END
}
port_removed() { on "$1" nft flush chain ip stackpilot published; }
rule_added() { on "$1" nft add rule ip stackpilot guard tcp dport 9 drop; }
peer_route_removed() { on "$1" ip route delete 10.90.2.0/24; }
bridge_address_removed() { on "$1" ip addr flush dev sp0; }
forwarding_off() { on "$1" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'; }
cgroup_left() { on "$1" mkdir /sys/fs/cgroup/stackpilot/seed-old-1; }
directory_left() { mkdir "$CLUSTER/lab/$1/disk/workloads/seed-old-2"; }
link_left() {
	on "$1" ip link add spv00000000beef type veth peer name spvpeer
	on "$1" ip link set spv00000000beef alias seed-old-3
}

# change, workload or node, what is found
seeds() {
	cat <<-'END'
		freeze                  seed-app-1   limits.cgroup.freeze
		bound_descendants       seed-app-2   limits.cgroup.max.descendants
		bound_depth             seed-app-3   limits.cgroup.max.depth
		add_stranger            seed-app-4   cgroup.procs
		move_out                seed-app-5   process.cgroup
		stop_process            seed-app-6   process.state
		kill_process            seed-job-1   state
		stop_workload           seed-app-7   state
		delete_workload         seed-app-8   workload
		change_image            seed-app-9   image
		change_spec             seed-app-10  spec
		link_down               seed-app-11  link.state
		link_detached           seed-app-12  link.bridge
		link_deleted            seed-app-13  link
		address_removed         seed-app-14  address
		address_added           seed-app-15  address.extra
		route_removed           seed-app-16  gateway
		eth0_down               seed-app-17  eth0.state
		sysctl_changed          seed-app-18  sysctls.net.core.somaxconn
		rlimit_changed          seed-app-19  rlimits.nofile
		hosts_changed           seed-app-20  hosts
		mount_added             seed-app-21  mounts./bin
		mount_removed           seed-app-22  mounts./data
		environment_changed     seed-app-23  environment.LEVEL
		port_removed            seed-web-1   ports.tcp dport 8080
		rule_added              node/worker2 rules.chain guard: tcp dport 9 drop
		peer_route_removed      node/worker1 routes.10.90.2.0/24
		bridge_address_removed  node/worker1 bridge.address
		forwarding_off          node/worker2 forwarding
		cgroup_left             seed-old-1   cgroup
		directory_left          seed-old-2   directory
		link_left               seed-old-3   link
		add_workload            seed-ghost-1 workload
	END
}

place_of() { # RESOURCE: the node to change it on
	case $1 in
	node/*) echo "${1#node/}" ;;
	seed-old-*) echo worker1 ;;
	seed-ghost-1) node_of seed-app-1 ;;
	*) node_of "$1" ;;
	esac
}

@test "an untouched stack has no drift, a thousand times" {
	ctl drift detect seed
	lab exec control -- curl -fsS -Z --parallel-max 1 --unix-socket /run/stackpilot/controld.sock -X POST \
		"http://control/v1/stacks/seed/drift?[1-1000]" -o "$CLUSTER/report-#1"
	[ "$(cat "$CLUSTER"/report-* | jq -s 'length')" = 1000 ]
	[ "$(cat "$CLUSTER"/report-* | jq -s '[.[].findings[]] | length')" = 0 ]
	[ "$(cat "$CLUSTER"/report-* | jq -s '[.[].unreachable[]] | length')" = 0 ]
	rm "$CLUSTER"/report-*
}

@test "every change on the hosts is one finding, and each is put right alone" {
	local change resource field expected left=() total=0
	while read -r change resource field; do
		local target=$resource
		[[ $resource == seed-ghost-1 ]] && target=seed-app-1
		"$change" "$(place_of "$resource")" "$target"
		total=$((total + 1))
	done < <(seeds)
	[ "$total" -ge 25 ]
	within 10 workload_is seed-job-1 failed
	expected=$(seeds | awk '{$1 = ""; print substr($0, 2)}' | sort)
	diff <(echo "$expected") <(findings)
	run ctl drift show seed
	[ "$status" -eq 2 ]
	while read -r change resource field; do
		echo "repair of $change: $resource/$field"
		ctl drift fix seed --yes --resource "$resource/$field"
		expected=$(grep -vxF "$resource $field" <<<"$expected" || true)
		diff <(echo "$expected") <(findings; [[ -n $expected ]] || echo)
	done < <(seeds)
	ctl drift detect seed
	[ "$(ctl events --type drift.fixed -o json | jq -s '[.[].fields.resource] | length')" = "$total" ]
}

@test "what the stack ignores is counted and not found" {
	cgroup "$(node_of seed-web-2)" seed-web-2 cgroup.max.depth 7
	run ctl drift detect seed -o json
	[ "$status" -eq 0 ]
	[ "$(jq .ignored <<<"$output")" = 1 ]
	cgroup "$(node_of seed-web-2)" seed-web-2 cgroup.max.depth max
}

@test "a dry run repairs nothing, and a resource without drift is no success" {
	local node
	node=$(node_of seed-app-2)
	cgroup "$node" seed-app-2 cgroup.max.depth 7
	run ctl drift fix seed --dry-run
	[ "$status" -eq 2 ]
	[[ $output == *seed-app-2*limits.cgroup.max.depth*"set it again"* ]]
	run ctl drift detect seed -o wide
	[ "$status" -eq 2 ]
	[[ $output == *"ctl drift fix seed --resource 'seed-app-2/limits.cgroup.max.depth'"*"next: ctl drift fix seed" ]]
	run ctl drift fix seed --yes --resource seed-app-3
	[ "$status" -eq 1 ]
	run ctl drift fix seed --dry-run --resource seed-app-3
	[ "$status" -eq 1 ]
	[[ $output == *"no difference at 'seed-app-3'"* ]]
	ctl drift fix seed --yes
	ctl drift detect seed
}

@test "a resource that is not there is refused, and a fix of it is no operation" {
	local operations
	operations=$(ctl op ls -o json | jq '.operations | length')
	for command in "detect seed" "show seed" "fix seed --yes" "fix seed --dry-run"; do
		for resource in nope seed-app nope/limits.memory.max node/worker9; do
			# shellcheck disable=SC2086
			run ctl drift $command --resource "$resource"
			[ "$status" -eq 1 ]
			[[ $output == *"stack 'seed' has no resource '$resource'"*"next: ctl drift detect seed" ]]
		done
	done
	[ "$(ctl op ls -o json | jq '.operations | length')" -eq "$operations" ]
	for resource in seed-app-3 seed-app-3/limits.memory.max node/worker1; do
		run ctl drift detect seed --resource "$resource"
		[ "$status" -eq 0 ]
		[[ $output == *"as deployed"* ]]
	done
}

@test "a node that does not answer is unknown, and no drift" {
	lab service worker2 kill agentd
	unknown() {
		run ctl drift detect seed -o json
		[ "$status" -eq 7 ] && [ "$(jq -c .unreachable <<<"$output")" = '["worker2"]' ]
	}
	within 20 unknown
	[ "$(jq '.findings | length' <<<"$output")" = 0 ]
	run ctl drift detect seed
	[[ $output == *"no difference on the nodes that answer"*"worker2"* ]]
	run ctl drift fix seed --yes
	[ "$status" -eq 7 ]
	[[ $output == *"node 'worker2' does not answer"* ]]
	lab provision
	within 20 ctl drift detect seed
}

@test "a policy looks by itself and repairs by itself" {
	sed -i 's/x-stackpilot: {/&policy: {auto_drift_detect: 1s, auto_drift_fix: true}, /' "$CLUSTER/stack.yaml"
	ctl deploy "$CLUSTER/stack.yaml"
	cgroup "$(node_of seed-app-3)" seed-app-3 cgroup.max.depth 9
	fixed() { ctl events --type drift.fixed -o json | jq -se 'any(.fields.resource == "seed-app-3" and .fields.actual == "9")'; }
	within 20 fixed
	ctl drift detect seed
}
