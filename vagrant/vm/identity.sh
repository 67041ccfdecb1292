# What makes a virtual machine of the common image this one of the lab: its names, address and keys; and how ssh finds
# it. Sourced by vagrant/vm.sh.

mac_of() { # address
	local a b c d
	IFS=. read -r a b c d <<<"$1"
	printf '52:54:%02x:%02x:%02x:%02x\n' "$a" "$b" "$c" "$d"
}

make_key() { # path
	[[ -e $1 ]] || ssh-keygen -q -t ed25519 -N '' -C stackpilot-lab -f "$1"
}

# One operator's key for the lab and one key for each host, all known beforehand.
write_ssh_files() {
	local name
	make_key "$lab/key"
	for name in $(topology_hosts); do
		mkdir -p "$lab/$name"
		make_key "$lab/$name/key"
	done
	for name in $(topology_hosts); do
		printf '%s %s\n' "$name" "$(cut -d' ' -f1,2 "$lab/$name/key.pub")"
	done >"$lab/known_hosts"
	{
		for name in $(topology_hosts); do
			printf 'Host %s\n\tHostName %s\n\tHostKeyAlias %s\n' "$name" "$(topology_address "$name")" "$name"
		done
		printf 'Host *\n\tUser root\n\tIdentityFile key\n\tIdentitiesOnly yes\n\tUserKnownHostsFile known_hosts\n'
		printf '\tGlobalKnownHostsFile none\n\tStrictHostKeyChecking yes\n\tBatchMode yes\n\tConnectTimeout 10\n'
		printf '\tServerAliveInterval 15\n\tLogLevel ERROR\n\tControlPath %%n.ssh\n'
	} >"$lab/ssh_config"
}

# From the lab's directory, so that no path of ours is too long for a socket.
ssh_to() { # host, options..., command
	local name=$1 operator
	shift
	operator=$(host_pid operator) || die "the operator's place is not up; run make up"
	(cd "$lab" && exec nsenter -t "$operator" -n ssh -F ssh_config "$name" "$@")
}

# Files that are laid over the image when the machine boots, as an archive that goes behind the common initrd.
write_identity() { # name, out
	local work=$lab/$1/identity name=$1 out=$2 root
	rm -rf "$work"
	root=$work/identity
	mkdir -p "$root"/etc/{ssh,systemd/network} "$root/root/.ssh"
	chmod 700 "$root/root" "$root/root/.ssh"
	echo "$name" >"$root/etc/hostname"
	topology_etc_hosts >"$root/etc/hosts"
	printf '%s %s' "$lab" "$name" | sha256sum | cut -c1-32 >"$root/etc/machine-id"
	cp "$lab/$name/key" "$root/etc/ssh/ssh_host_ed25519_key"
	cp "$lab/$name/key.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
	cp "$lab/key.pub" "$root/root/.ssh/authorized_keys"
	cat >"$root/etc/systemd/network/lab.network" <<-END
		[Match]
		Name=eth0
		[Network]
		Address=$(topology_address "$name")/$prefix_length
		Gateway=$(topology_address operator)
		LinkLocalAddressing=no
	END
	(cd "$work" && find . | sort | busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$out"
	rm -rf "$work"
}
