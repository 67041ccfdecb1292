# Reading the topology; sourced by the lab and its drivers.

topology=${STACKPILOT_TOPOLOGY:-$source/vagrant/topology}
prefix_length=24

# Lines of the topology without comments, optionally of one role: name role address port
topology_lines() { # [role]
	awk -v role="${1:-}" '!/^[[:space:]]*(#|$)/ && (role == "" || $2 == role)' "$topology"
}

# The machines of the lab, in the order they come up; the operator's place is not one of them.
topology_hosts() {
	topology_lines control | awk '{print $1}'
	topology_lines worker | awk '{print $1}'
}

topology_field() { # name, column
	local value
	value=$(topology_lines | awk -v name="$1" -v column="$2" '$1 == name {print $column}')
	[[ -n $value ]] || die "no host '$1' in $topology"
	printf '%s\n' "$value"
}

topology_role() { topology_field "$1" 2; }
topology_address() { topology_field "$1" 3; }
topology_port() { topology_field "$1" 4; }

# What every host finds in its /etc/hosts.
topology_etc_hosts() {
	printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n'
	topology_lines | awk '{print $3, $1}'
}
