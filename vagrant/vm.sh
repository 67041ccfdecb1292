# The driver LAB=vm: each host is a virtual machine under qemu, with Debian's kernel and systemd, and every cgroup v2
# controller. qemu only translates (TCG), so it needs nothing of this machine but patience.
#
# All machines read one image, build/vm/<hash>, and write to a disk of their own, build/lab/<host>/disk.qcow2. What
# makes a machine this one (names, address, keys) comes with its initrd. Their cables end in the operator's place, as
# those of LAB=netns do; commands are run on them by ssh from there.

. "$source/vagrant/places.sh"
. "$source/vagrant/remote.sh"
. "$source/vagrant/vm/identity.sh"
. "$source/vagrant/vm/boot.sh"

memory_mb=${LAB_VM_MEMORY:-768}
cpus=${LAB_VM_CPUS:-1}
poweroff_patience_s=60

need_programs() {
	local program missing=()
	for program in qemu-system-x86_64 qemu-img ssh ssh-keygen mmdebstrap busybox; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	((${#missing[@]} == 0)) && return
	say "LAB=vm needs ${missing[*]}; mk/deps vagrant/vm/deps.txt installs what is missing"
	exit 3
}

[[ -d $lab ]] || need_programs

driver_up() {
	local name
	((EUID == 0)) || die "the network of the machines can only be made by root"
	image=$("$source/vagrant/vm/image") || die "the image of the machines could not be made; its messages are above"
	mkdir -p "$lab"
	boot_operator
	write_ssh_files
	for name in $(topology_hosts); do boot_host "$name" & done
	wait_all
}

# Run a command: on a host through ssh, in the operator's place as the caller.
driver_exec() { # host, command...
	local name=$1 pid terminal=-T
	shift
	pid=$(host_pid "$name") || die "host '$name' is not up; run make up"
	[[ $name != operator ]] || exec nsenter -t "$pid" -n -- "$@"
	[[ ! -t 0 || ! -t 1 ]] || terminal=-t
	ssh_to "$name" "$terminal" -- "PATH=/stackpilot/bin:\$PATH $(printf '%q ' "$@")"
}

# The programs and scripts, if the host does not have just these.
ship() { # host
	local sums
	sums=$(cd "$source" && sha256sum "$topology" vagrant/{provision,service,systemd-unit} "$build"/bin/*)
	[[ $sums != "$(driver_exec "$1" cat /stackpilot/sums 2>/dev/null)" ]] || return 0
	driver_exec "$1" mkdir -p /stackpilot/bin "$scripts"
	tar -C "$build/bin" -c . | driver_exec "$1" tar -C /stackpilot/bin --unlink-first -x
	tar -C "$source/vagrant" -c provision service systemd-unit | driver_exec "$1" tar -C "$scripts" -x
	driver_exec "$1" sh -c "cat >$scripts/topology" <"$topology"
	driver_exec "$1" sh -c "cat >/stackpilot/sums" <<<"$sums"
}

driver_provision() {
	local name
	for name in $(topology_hosts); do
		host_pid "$name" >/dev/null || die "host '$name' is not up; run make up"
	done
	mkdir -p "$share"
	chmod 700 "$share"
	for name in $(topology_hosts); do ship "$name" & done
	wait_all
	# One after the other: workers get their subnets in the order they join.
	for name in $(topology_hosts); do provision_remote "$name" /stackpilot/bin; done
}

# The machine is asked to power off; one that does not, or does not answer, is cut off.
poweroff() { # name
	local i
	host_pid "$1" >/dev/null || return 0
	driver_exec "$1" systemctl poweroff --no-block >/dev/null 2>&1 || return 0
	for ((i = 0; i < poweroff_patience_s * 10; i++)); do
		host_pid "$1" >/dev/null || return 0
		sleep 0.1
	done
	say "host '$1' does not power off, it is cut off"
}
