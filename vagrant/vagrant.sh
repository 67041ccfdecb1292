# The driver LAB=vagrant: the same hosts as virtual machines, for those who have Vagrant. The Vagrantfile is made from
# the topology; what the hosts share (tokens, the operator's certificate) goes through this machine.

. "$source/vagrant/remote.sh"

command -v vagrant >/dev/null || {
	say "LAB=vagrant needs Vagrant, which is not installed here; LAB=netns needs nothing"
	exit 3
}

machines() {
	VAGRANT_CWD=$build/vagrant vagrant "$@"
}

driver_up() {
	mkdir -p "$build/vagrant" "$share"
	"$source/vagrant/vagrantfile" "$source" >"$build/vagrant/Vagrantfile"
	machines up --no-provision
}

driver_exec() { # host, command...
	local host=$1
	shift
	machines ssh "$host" -c "sudo $(printf '%q ' "$@")"
}

driver_provision() {
	local host
	machines rsync
	for host in $(topology_hosts); do
		driver_exec "$host" sh -c 'command -v curl jq >/dev/null && ldconfig -p | grep -q libmicrohttpd ||
			{ apt-get update -qq; apt-get install -y -qq curl jq $(cat /stackpilot/vagrant/packages); }'
		provision_remote "$host" /stackpilot/build/bin
	done
}

driver_context_netns() { echo null; } # the machines are reached from here as they are

driver_halt() { machines halt; }

driver_destroy() {
	[[ ! -d $build/vagrant ]] || machines destroy -f
	rm -rf "$build/vagrant" "$lab"
}

driver_status() { machines status; }
