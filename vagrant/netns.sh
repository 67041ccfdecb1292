# The driver LAB=netns: each host is a set of namespaces on this machine, the network between them too.
#
# Everything of a host that runs is in its cgroup from birth, so powering off is one write to cgroup.kill, also for
# what an interrupted `make up` left half-made; its mounts, links and namespaces end with its last process. What
# must last is under build/lab/<host>: disk (/var/lib/stackpilot), etc (/etc/stackpilot), logs.
#
# The operator's place is a network namespace with the bridge that all hosts are plugged into.

cgroup_name=stackpilot-$(printf '%s' "$build" | sha256sum | cut -c1-12)
poweroff_patience_ms=5000

cgroup_root() {
	local mount
	mount=$(awk '{for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") {print $5; exit}}' /proc/self/mountinfo)
	[[ -n $mount ]] || die "this machine has no cgroup2 file system mounted"
	printf '%s/%s\n' "$mount" "$cgroup_name"
}

host_cgroup() { printf '%s/%s\n' "$(cgroup_root)" "$1"; }

# The host's first process as the machine knows it; nothing and 1 when the host is down. A number alone is not
# trusted: it may have been given to another process since.
host_pid() { # name
	local pid since stat
	[[ -r $lab/$1/up ]] && read -r pid since <"$lab/$1/up" || return 1
	[[ -r /proc/$pid/stat ]] && read -r -a stat <"/proc/$pid/stat" 2>/dev/null || return 1
	[[ ${stat[21]} == "$since" && ${stat[2]} != [ZX] ]] && printf '%s\n' "$pid"
}

# Enter a host (all of it) or the operator's place (its network): run a command there as the caller.
host_exec() { # name, command...
	local name=$1 pid cgroup
	shift
	pid=$(host_pid "$name") || die "host '$name' is not up; run make up"
	[[ $name != operator ]] || exec nsenter -t "$pid" -n -- "$@"
	cgroup=$(host_cgroup "$name")/init
	echo "$BASHPID" >"$cgroup/cgroup.procs"
	exec nsenter -t "$pid" -m -u -i -n -p -C -- env "PATH=/run/lab/bin:$PATH" "HOME=/root" "$@"
}

# What limits the machine's cgroup2 can set, the hosts can set too.
hand_down_controllers() { # cgroup
	local controller
	for controller in $(<"$1/cgroup.controllers"); do
		echo "+$controller" >"$1/cgroup.subtree_control" || say "hosts cannot use the $controller controller"
	done
}

# Run a command as the only process of a new place, from birth in its cgroup. It must write its `up` file.
spawn() { # name, unshare flags, command...
	local name=$1 flags=$2 cgroup
	shift 2
	cgroup=$(host_cgroup "$name")
	mkdir -p "$cgroup"
	hand_down_controllers "$(dirname "$cgroup")"
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		# The shell that unshare starts forks once and goes, and that child is the first of its pid namespace.
		exec unshare $flags -- bash -c 'setsid "$@" >"$0" 2>&1 </dev/null 9>&- &' "$lab/$name/boot.log" "$@"
	)
}

wait_up() { # name
	local i
	for ((i = 0; i < 500; i++)); do
		host_pid "$1" >/dev/null && return
		sleep 0.01
	done
	cat "$lab/$1/boot.log" >&2
	die "host '$1' did not come up within 5 s; its messages are above"
}

boot_operator() {
	local up=$lab/operator/up
	host_pid operator >/dev/null && return
	host_clean operator
	mkdir -p "$lab/operator"
	spawn operator -n bash -c 'read -r -a stat </proc/self/stat; ip -batch - <<<"$1"
		echo "${stat[0]} ${stat[21]}" >"$2.new"; mv "$2.new" "$2"; exec catatonit -P' bash \
		"link set lo up
		link add lab0 type bridge
		addr add $(topology_address operator)/$prefix_length dev lab0
		link set lab0 up" "$up"
	wait_up operator
}

boot_host() { # name
	local name=$1 directory=$lab/$1
	host_pid "$name" >/dev/null && return
	host_clean "$name"
	mkdir -p "$directory"/{disk,etc,log}
	topology_etc_hosts >"$directory/hosts"
	spawn "$name" "-n -u -m -p -i -C" \
		"$source/vagrant/netns-boot" "$name" "$directory" "$build/bin" "$directory/up"
	wait_up "$name"
}

# The cable: one end in the bridge, the other is the host's eth0. In place it is left alone, and the default route
# tells that it is: that comes last. What an interrupted run left half-made is made anew.
plug_in() { # name
	local name=$1 pid operator
	pid=$(host_pid "$name")
	operator=$(host_pid operator)
	[[ -z $(nsenter -t "$pid" -n ip route show default) ]] || return 0
	nsenter -t "$pid" -n ip link delete eth0 2>/dev/null || true
	nsenter -t "$operator" -n ip -batch - <<-END
		link add $name type veth peer name eth0 netns $pid
		link set $name master lab0 up
	END
	nsenter -t "$pid" -n ip -batch - <<-END
		addr add $(topology_address "$name")/$prefix_length dev eth0
		link set eth0 up
		route add default via $(topology_address operator)
	END
}

# Kill what runs and remove the cgroups, deepest first. Harmless for a host that is down.
host_clean() { # name
	local cgroup i
	cgroup=$(host_cgroup "$1")
	rm -f "$lab/$1/up" "$lab/$1/up.new"
	[[ -d $cgroup ]] || return 0
	echo 1 >"$cgroup/cgroup.kill"
	for ((i = 0; i < 1000; i++)); do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && return
		[[ -d $cgroup ]] || return 0
		sleep 0.01
	done
	die "host '$1' does not end; see $cgroup"
}

# As a machine is powered off: everything but the first process is asked to end, then made to.
poweroff() { # name
	local name=$1 pid cgroup i
	pid=$(host_pid "$name") || return 0
	cgroup=$(host_cgroup "$name")
	(host_exec "$name" "$source/vagrant/service" stop --all)
	(host_exec "$name" bash -c 'kill -TERM -1 2>/dev/null') || true
	for ((i = 0; i < poweroff_patience_ms / 20; i++)); do
		(($(find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null | wc -l) > 1)) || return 0
		sleep 0.02
	done
}

driver_up() {
	local name
	((EUID == 0)) || die "namespaces of hosts can only be made by root"
	[[ -x $build/bin/agentd && -x $build/bin/controld ]] || say "the daemons are not built: hosts come up bare"
	mkdir -p "$lab" "$build/bin"
	boot_operator
	for name in $(topology_hosts); do boot_host "$name" & done
	wait_all
	for name in $(topology_hosts); do plug_in "$name"; done
	for name in $(topology_hosts); do (host_exec "$name" "$source/vagrant/service" start --enabled) & done
	wait_all
}

driver_provision() {
	local name
	for name in $(topology_hosts); do
		host_pid "$name" >/dev/null || die "host '$name' is not up; run make up"
	done
	mkdir -p "$lab/share"
	chmod 700 "$lab/share"
	# One after the other: workers get their subnets in the order they join.
	for name in $(topology_hosts); do provision_host "$name"; done
}

provision_host() { # name
	(host_exec "$1" "$source/vagrant/provision" "$1" "$topology" "$lab/share" /run/lab/bin) ||
		die "host '$1' could not be provisioned"
}

# How ctl gets from the machine to the operator's place.
driver_context_netns() {
	local pid
	pid=$(host_pid operator)
	jq -n --arg path "/proc/$pid/ns/net" --argjson inode "$(stat -Lc %i "/proc/$pid/ns/net")" '{$path, $inode}'
}

driver_halt() {
	local name
	[[ -d $lab ]] || return 0
	for name in $(topology_hosts); do poweroff "$name" & done
	wait_all
	driver_stop_hard
}

driver_destroy() {
	driver_stop_hard
	rm -rf "$lab"
}

# Every cgroup of this lab, also of hosts that a former topology had.
driver_stop_hard() {
	local root cgroup
	root=$(cgroup_root)
	for cgroup in "$root"/*/; do
		[[ -d $cgroup ]] && host_clean "$(basename "$cgroup")"
	done
	[[ ! -d $root ]] || rmdir "$root"
}

driver_status() {
	local name pid
	for name in operator $(topology_hosts); do
		pid=$(host_pid "$name") || pid=down
		printf '%-10s %-10s %-15s %s\n' "$name" "$(topology_role "$name")" "$(topology_address "$name")" "$pid"
	done
}

driver_exec() { host_exec "$@"; }
