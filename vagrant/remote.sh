# Hosts that see nothing of this machine's disk (LAB=vm and LAB=vagrant). What they share while they are provisioned,
# tokens and the operator's certificate, goes there and back by driver_exec.

scripts=/stackpilot/vagrant # as the hosts see them
share=$lab/share

provision_remote() { # host, its directory of programs
	tar -C "$share" -c . | driver_exec "$1" sh -c 'mkdir -p -m 700 /root/share && tar -C /root/share -x'
	driver_exec "$1" "$scripts/provision" "$1" "$scripts/topology" /root/share "$2" ||
		die "host '$1' could not be provisioned"
	driver_exec "$1" tar -C /root/share -c . | tar -C "$share" -x
}
