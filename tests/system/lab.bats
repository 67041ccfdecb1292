#!/usr/bin/env bats
# The lab as a set of machines: it comes up, is found again, goes down, comes back, and leaves nothing behind.
# The daemons are left out here: hosts come up bare when the build directory has no programs.

setup_file() {
	export SOURCE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	mkdir -p "$SOURCE/build"
}

setup() {
	export O=$(mktemp -d "$SOURCE/build/test-lab.XXXXXX")
	mkdir "$O/bin"
	LAB_NAME=stackpilot-$(printf '%s' "$O" | sha256sum | cut -c1-12)
	unset LAB
}

teardown() {
	lab destroy
	rm -rf "$O"
}

lab() { "$SOURCE/vagrant/lab" "$@"; }

pid_of() { lab status | awk -v name="$1" '$1 == name {print $4}'; }

# What the machine shows of a lab: its links, its mounts, our cgroups, and every process that sees our directory
# mounted or bears its name (zombies that the machine's init has not collected yet have neither).
traces() {
	ip -o link | awk -F': ' '{print "link", $2}'
	sed 's/^/mount /' /proc/self/mountinfo
	find /sys/fs/cgroup -maxdepth 3 -name "$LAB_NAME*" 2>/dev/null | sed 's/^/cgroup /'
	grep -ls "$O" /proc/[0-9]*/mountinfo | sed 's/^/mount namespace of /'
	ip -o addr | grep -F 192.168.56. | sed 's/^/address /'
	ls -d /etc/stackpilot /var/lib/stackpilot /run/stackpilot /run/lab 2>/dev/null | sed 's/^/file /'
	return 0
}

# Files of the machine that changed since the stamp; build/ and what programs always write are not looked at.
changed_since() { find /etc /opt /srv /usr/local /var/lib /root -xdev -newer "$1" -not -path '*/.cache*' 2>/dev/null; }

netns_inodes() {
	local name
	for name in operator control worker1 worker2; do stat -Lc %i "/proc/$(pid_of "$name")/ns/net"; done
}

@test "up brings every host of the topology up, with its name, address and own view" {
	lab up
	[ "$(lab status | grep -vc ' down$')" -eq 4 ]
	[ "$(lab exec worker1 -- hostname)" = worker1 ]
	lab exec worker1 -- ip -o addr show dev eth0 | grep -F 192.168.56.11/24
	[ "$(lab exec worker1 -- cat /proc/1/comm)" = catatonit ]
	[ "$(lab exec worker2 -- cat /etc/hostname)" = worker2 ]
	[ "$(lab exec worker1 -- cat /proc/self/cgroup | grep '^0::')" = 0::/init ]
}

@test "hosts reach each other by name, and the operator reaches them" {
	lab up
	lab exec worker2 -- busybox nc -l -p 7000 -e /bin/hostname &
	for i in $(seq 100); do lab exec worker2 -- grep -q ':1B58 ' /proc/net/tcp /proc/net/tcp6 && break; done
	[ "$(lab exec worker1 -- busybox nc worker2 7000 </dev/null)" = worker2 ]
	lab exec control -- busybox nc -l -p 7000 -e /bin/hostname &
	for i in $(seq 100); do lab exec control -- grep -q ':1B58 ' /proc/net/tcp /proc/net/tcp6 && break; done
	[ "$(lab exec operator -- busybox nc 192.168.56.10 7000 </dev/null)" = control ]
	wait
}

@test "nothing of the lab is in the machine's own network, nor among its mounts" {
	ip -o link | awk -F': ' '{print $2}' >"$O/links"
	cp /proc/self/mountinfo "$O/mounts"
	lab up
	ip -o link | awk -F': ' '{print $2}' | diff "$O/links" -
	diff "$O/mounts" /proc/self/mountinfo
	run ip -o addr
	[[ $output != *192.168.56.* ]]
}

@test "orphans on a host are reaped by its first process" {
	lab up
	lab exec worker1 -- setsid --fork bash -c 'sleep 0.05'
	sleep 0.3
	[ -z "$(lab exec worker1 -- ps -eo stat= | grep Z)" ]
}

@test "up again changes nothing" {
	lab up
	lab status >"$O/first"
	lab up
	lab status | diff "$O/first" -
}

@test "halt keeps the disks and up brings the hosts back" {
	lab up
	lab exec worker1 -- bash -c 'echo kept >/var/lib/stackpilot/file; echo lost >/run/stackpilot/file'
	before=$(pid_of worker1)
	lab halt
	lab halt
	[ "$(lab status | grep -c ' down$')" -eq 4 ]
	run lab exec worker1 -- true
	[ "$status" -ne 0 ]
	[[ $output == *"not up"* ]]
	lab up
	[ "$(pid_of worker1)" != "$before" ]
	[ "$(lab exec worker1 -- cat /var/lib/stackpilot/file)" = kept ]
	run lab exec worker1 -- cat /run/stackpilot/file
	[ "$status" -ne 0 ]
}

@test "a host that died is brought back, and the others stay" {
	lab up
	kept=$(pid_of worker2)
	kill -KILL "$(pid_of worker1)"
	for i in $(seq 100); do lab status | grep -q '^worker1.*down' && break; done
	lab up
	[ "$(lab exec worker1 -- hostname)" = worker1 ]
	[ "$(pid_of worker2)" = "$kept" ]
	lab exec worker1 -- ip -o addr show dev eth0 | grep -F 192.168.56.11/24
}

@test "an up that was killed half-way is repaired by the next one" {
	for delay in 0.02 0.05 0.08 0.11 0.14 0.17 0.2 0.23; do
		"$SOURCE/vagrant/lab" up &
		sleep "$delay"
		kill -KILL $! || true # it may have come to its end
		wait $! || true
	done
	lab up
	[ "$(lab status | grep -vc ' down$')" -eq 4 ]
	for name in control worker1 worker2; do
		lab exec "$name" -- ip -o addr show dev eth0 | grep -F 192.168.56.
	done
}

@test "destroy leaves no process, mount, namespace, link, cgroup or file behind" {
	touch "$O/stamp"
	traces >"$O/before"
	lab up
	netns_inodes >"$O/inodes"
	[ "$(wc -l <"$O/inodes")" -eq 4 ]
	lab exec worker1 -- setsid --fork sleep 1000
	lab exec worker1 -- bash -c 'echo data >/var/lib/stackpilot/file; echo data >/etc/stackpilot/file; echo x >/etc/new'
	lab destroy
	traces | diff "$O/before" -
	for inode in $(<"$O/inodes"); do
		run bash -c "ls -l /proc/[0-9]*/ns/net 2>/dev/null | grep -F 'net:[$inode]'"
		[ -z "$output" ]
	done
	run changed_since "$O/stamp"
	[ -z "$output" ]
	[ ! -e "$O/lab" ] && [ ! -e "$O/etc" ]
}

@test "destroy works in any state and can be repeated" {
	lab destroy
	lab up
	lab halt
	lab destroy
	lab destroy
	lab up
	lab destroy
	[ ! -e "$O/lab" ]
}

@test "two labs live side by side on one machine" {
	other=$(mktemp -d "$SOURCE/build/test-lab.XXXXXX")
	lab up
	O=$other lab up
	mine=$(pid_of worker1)
	O=$other lab destroy
	rmdir "$other/bin" "$other"
	[ "$(pid_of worker1)" = "$mine" ]
	[ "$(lab exec worker1 -- hostname)" = worker1 ]
}

@test "an unknown driver and one whose programs are not installed say so and exit with 3" {
	LAB=nonsense run lab up
	[ "$status" -eq 3 ]
	[[ $output == *nonsense* ]]
	command -v vagrant >/dev/null || {
		LAB=vagrant run lab up
		[ "$status" -eq 3 ]
	}
	command -v qemu-system-x86_64 >/dev/null || {
		LAB=vm run lab up
		[ "$status" -eq 3 ]
		[[ $output == *qemu-system-x86_64*mk/deps* ]]
	}
	[ ! -e "$O/lab" ]
}

@test "a lab stays with the driver that made it" {
	lab up
	LAB=vagrant run lab halt
	[ "$status" -ne 0 ]
	LAB=vm run lab halt
	[ "$status" -ne 0 ]
	[[ $output == *"LAB=netns"*destroy* ]]
	[ "$(lab status | grep -c ' down$')" -eq 0 ]
}

@test "the Vagrantfile has every host of the topology with its address" {
	"$SOURCE/vagrant/vagrantfile" "$SOURCE" >"$O/Vagrantfile"
	awk '!/^ *(#|$)/ && $2 != "operator" {print $1, $3}' "$SOURCE/vagrant/topology" >"$O/hosts"
	[ -s "$O/hosts" ]
	while read -r name address; do
		grep -qF "config.vm.define \"$name\" do |host|" "$O/Vagrantfile"
		grep -qF "ip: \"$address\"" "$O/Vagrantfile"
	done <"$O/hosts"
	if command -v ruby >/dev/null; then
		ruby -c "$O/Vagrantfile"
	else
		[ "$(grep -cE '\bdo\b \|' "$O/Vagrantfile")" -eq "$(grep -cE '^ *end$' "$O/Vagrantfile")" ]
	fi
}
