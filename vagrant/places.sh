# Places: what runs of a lab on this machine, and where (LAB=netns and LAB=vm).
#
# A place is one process and what it starts, in a cgroup of its own from birth. So ending it is one write to
# cgroup.kill, also for what an interrupted `make up` left half-made; its mounts, links and namespaces end with its
# last process. build/lab/<name>/up tells its pid, and since when that process runs.
#
# The operator's place is a network namespace with the bridge that all hosts are plugged into.

cgroup_name=stackpilot-$(printf '%s' "$build" | sha256sum | cut -c1-12)

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

# How ctl gets from the machine to the operator's place.
driver_context_netns() {
	local pid
	pid=$(host_pid operator)
	jq -n --arg path "/proc/$pid/ns/net" --argjson inode "$(stat -Lc %i "/proc/$pid/ns/net")" '{$path, $inode}'
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

# The hosts are asked to power off by their driver (poweroff), and then made to.
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

driver_status() {
	local name pid
	for name in operator $(topology_hosts); do
		pid=$(host_pid "$name") || pid=down
		printf '%-10s %-10s %-15s %s\n' "$name" "$(topology_role "$name")" "$(topology_address "$name")" "$pid"
	done
}
