# A whole lab for a test: control and two workers with the programs of $O/bin, in a build directory of its own,
# so that tests, and a lab somebody works in, live side by side. Load it, then cluster_up in setup or setup_file and
# cluster_down in the matching teardown.

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)

cluster_up() {
	CLUSTER=$(mktemp -d "$SOURCE/build/test-cluster.XXXXXX")
	export CLUSTER
	mkdir "$CLUSTER/bin"
	ln "$(cd "$SOURCE" && realpath "${O:-build}")"/bin/* "$CLUSTER/bin"
	lab up
}

cluster_down() {
	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then tail -n 15 "$CLUSTER"/lab/*/disk/log/*.log >&2 || true; fi
	lab destroy
	rm -rf "$CLUSTER"
}

lab() { env -u LAB O="$CLUSTER" "$SOURCE/vagrant/lab" "$@"; }
ctl() { "$CLUSTER/bin/ctl" "$@"; }
operator() { lab exec operator -- "$@"; }

# The image test/busybox:1 in the cluster's store: a shell and its tools, nothing else.
cluster_busybox() {
	local root=$CLUSTER/busybox name
	mkdir -p "$root/bin"
	cp /bin/busybox "$root/bin"
	for name in sh sleep cat echo nc wget ls id hostname ps seq usleep tail grep stty true; do ln -sf busybox "$root/bin/$name"; done
	tar -C "$root" -cf "$root.tar" .
	echo '{"Entrypoint": ["/bin/sh", "-c"], "Env": ["PATH=/bin"]}' >"$root.json"
	ctl image import --config "$root.json" --name test/busybox:1 "$root.tar"
}

# Wait until a command succeeds: within SECONDS COMMAND...
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

workload_is() { # id, state
	ctl ps -o json | jq -e --arg id "$1" --arg state "$2" '.workloads[] | select(.id == $id and .state == $state)' >/dev/null
}

# One value of a workload's row of `ctl ps`: id, jq filter.
workload() { ctl ps -o json | jq -r --arg id "$1" ".workloads[] | select(.id == \$id) | $2"; }

# The process of a workload, for kill; "" when it has none, which kill refuses (0 would be our own process group).
process_of() { workload "$1" '.pid | select(. > 0)'; }

# An event for which the filter holds has been told: jq filter over one event.
told() { ctl events -o json | jq -se "any(.[]; $1)" >/dev/null; }

# The cgroup of a workload as its node sees it: node, id.
cgroup_of() { lab exec "$1" -- sed -n 's|^0::|/sys/fs/cgroup|p' "/proc/$(workload "$2" .pid)/cgroup"; }

# Wait until a workload runs for the nth time and is ready: id, n.
ready_again() { within 20 ready_with "$1" "$2"; }
ready_with() { [[ $(workload "$1" '"\(.ready) \(.incarnation)"') == "true $2" ]]; }
