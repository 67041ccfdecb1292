# The driver LAB=netns: each host is a set of namespaces on this machine, the network between them too.
#
# What must last of a host is under build/lab/<host>: disk (/var/lib/stackpilot), etc (/etc/stackpilot), logs.

. "$source/vagrant/places.sh"

scripts=$source/vagrant # as the hosts see them
poweroff_patience_ms=5000

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

# As a machine is powered off: everything but the first process is asked to end, then made to.
poweroff() { # name
	local name=$1 pid cgroup i
	pid=$(host_pid "$name") || return 0
	cgroup=$(host_cgroup "$name")
	(host_exec "$name" "$scripts/service" stop --all)
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
	for name in $(topology_hosts); do (host_exec "$name" "$scripts/service" start --enabled) & done
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
	(host_exec "$1" "$scripts/provision" "$1" "$topology" "$lab/share" /run/lab/bin) ||
		die "host '$1' could not be provisioned"
}

driver_exec() { host_exec "$@"; }
