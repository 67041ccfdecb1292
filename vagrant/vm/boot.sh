# Booting a virtual machine, and knowing how far it came. Sourced by vagrant/vm.sh.

boot_patience_s=${LAB_VM_PATIENCE:-240}

boot_host() { # name
	local name=$1 directory=$lab/$1
	if ! host_pid "$name" >/dev/null; then
		host_clean "$name"
		rm -f "$lab/$name.ssh"
		write_identity "$name" "$directory/initrd.own"
		cat "$image/initrd" "$directory/initrd.own" >"$directory/initrd"
		[[ -e $directory/disk.qcow2 ]] || make_disk "$directory/disk.qcow2"
		plug_in "$name"
		start_machine "$name"
		wait_up "$name"
	fi
	await_boot "$name"
}

make_disk() { # path; the image it was made on is the one it stays with
	qemu-img create -q -f qcow2 -b "$image/root.img" -F raw "$1.new"
	mv "$1.new" "$1"
}

# The cable: a tap device in the operator's place.
plug_in() { # name
	local operator
	operator=$(host_pid operator)
	nsenter -t "$operator" -n ip link show "$1" >/dev/null 2>&1 ||
		nsenter -t "$operator" -n ip tuntap add dev "$1" mode tap
	nsenter -t "$operator" -n ip link set "$1" master lab0 up
}

# A plain processor: what it does not have needs not be translated, and no driver looks for it.
start_machine() { # name
	local directory=$lab/$1 operator
	operator=$(host_pid operator)
	: >"$directory/console.log"
	spawn "$1" "" bash -c 'read -r -a stat </proc/self/stat; echo "${stat[0]} ${stat[21]}" >"$1.new"; mv "$1.new" "$1"
		exec "${@:2}"' bash "$directory/up" \
		nsenter -t "$operator" -n qemu-system-x86_64 -name "$1" -no-user-config -nodefaults -display none \
		-machine q35 -accel tcg,thread=multi -cpu qemu64,-svm -smp "$cpus" -m "$memory_mb" \
		-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
		-kernel "$image/vmlinuz" -initrd "$directory/initrd" \
		-append "console=ttyS0 rw panic=-1 mitigations=off net.ifnames=0 TERM=dumb" -no-reboot \
		-serial "file:$directory/console.log" \
		-drive "file=$directory/disk.qcow2,if=virtio,format=qcow2,cache=unsafe" \
		-netdev "tap,id=eth0,ifname=$1,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=eth0,romfile=,mac=$(mac_of "$(topology_address "$1")")" -device virtio-rng-pci
}

# How far a machine came, by what its console says; the last one that is found.
boot_stages=(
	"kernel|Linux version"
	"disk|lab: the disk is found"
	"systemd|systemd\[1\]: .*running in system mode|Welcome to"
	"network|Started .*systemd-networkd"
	"ssh|Started .*ssh.service"
)

boot_stage() { # name
	local stage reached="before the kernel"
	for stage in "${boot_stages[@]}"; do
		! grep -qE "${stage#*|}" "$lab/$1/console.log" || reached="stage '${stage%%|*}'"
	done
	printf '%s\n' "$reached"
}

# Booted is when ssh answers and systemd has started all it wanted. The connection stays open for later commands.
await_boot() { # name
	local name=$1 end=$((SECONDS + boot_patience_s))
	until answers "$name"; do
		host_pid "$name" >/dev/null || boot_failed "$name" "ended while it booted"
		((SECONDS < end)) || boot_failed "$name" "did not boot within $boot_patience_s s"
		sleep 0.2
	done
}

answers() { # name
	if ssh_to "$1" -O check 2>/dev/null; then return; fi
	grep -qE "${boot_stages[4]#*|}" "$lab/$1/console.log" || return
	(
		echo "$BASHPID" >"$(host_cgroup "$1")/cgroup.procs"
		ssh_to "$1" -M -N -f -o ControlPersist=yes >/dev/null 2>"$lab/$1/ssh.log" 9>&-
	)
}

boot_failed() { # name, what happened
	{
		tail -n 15 "$lab/$1/console.log" | cut -c1-160
		cat "$lab/$1/boot.log" "$lab/$1/ssh.log" 2>/dev/null
	} >&2
	die "host '$1' $2: it came as far as $(boot_stage "$1"); its console, whose end is above, is $lab/$1/console.log"
}
