#!/usr/bin/env bats
# Bad input on a real cluster: each a clear error with its address and the right exit status, and nothing changed or
# lost: what ran runs on, and neither images nor stacks nor what the nodes hold differs.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	cat >"$CLUSTER/good.yaml" <<-'END'
		name: good
		services:
		  web:
		    image: test/busybox:1
		    command: [sleep 1000]
		    ports: ["8080:80"]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
	END
	ctl deploy "$CLUSTER/good.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() {
	bats_require_minimum_version 1.5.0
	cd "$CLUSTER"
	truth >"$CLUSTER/before"
}

running() { ctl ps -o json | jq -S '[.workloads[] | {id, pid, incarnation, spec_digest}] | sort_by(.id)'; }

# All that a refusal must leave alone.
truth() {
	running
	ctl image ls -o json | jq -S .images
	ctl stack ls -o json | jq -S '[.stacks[] | select(.revision > 0) | {name, revision, digest, state}]'
	for node in worker1 worker2; do
		lab exec "$node" -- sh -c 'cd /var/lib/stackpilot && find images/layers workloads volumes -maxdepth 2 | sort
			cat images/index.json'
	done
	lab exec control -- sh -c 'cd /var/lib/stackpilot/control && find images/tmp; cat images/index.json'
}

unchanged() { truth | diff "$CLUSTER/before" - >&2; }

# Deploy the stack on standard input, which is refused with this status and each of these texts.
refused() { # exit status, text...
	local status_wanted=$1 text
	shift
	cat >bad.yaml
	run ctl deploy bad.yaml
	said "$status_wanted" "$@"
	unchanged
}

said() { # exit status, text...
	local text
	[[ $status == "$1" ]] || { echo "exit $status: $output" && return 1; }
	shift
	for text; do [[ $output == *"$text"* ]] || { echo "not told: $text; but: $output" && return 1; }; done
}

@test "an unknown key, a wrong type, a variable that is not set and a dependency cycle reach no server" {
	operations=$(ctl op ls -o json | jq '.operations | length')
	refused 3 "bad.yaml:2:39: error: services.w.imagee is not a key" "nothing was sent" <<-'END'
		name: bad
		services: {w: {image: test/busybox:1, imagee: x}}
	END
	refused 3 "bad.yaml:2:58: error: services.w.deploy.replicas expects a whole number" <<-'END'
		name: bad
		services: {w: {image: test/busybox:1, deploy: {replicas: many}}}
	END
	refused 3 "bad.yaml:2:26: error: services.w.image needs the variable 'NOWHERE_SET': which one" <<-'END'
		name: bad
		services: {w: {image: "x:${NOWHERE_SET:?which one}"}}
	END
	refused 3 "closes a circle: a -> b -> c -> a" <<-'END'
		name: bad
		services:
		  a: {image: test/busybox:1, depends_on: [b]}
		  b: {image: test/busybox:1, depends_on: [c]}
		  c: {image: test/busybox:1, depends_on: [a]}
	END
	[[ $(ctl op ls -o json | jq '.operations | length') == "$operations" ]]
}

@test "a stack file that did not come through ctl is read as strictly by controld" {
	for text in '{' '[]' '{"name": "bad"}' \
		'{"name": "bad", "file": "s.yaml", "text": "services: {w: {image: x, imagee: y}}", "variables": {}, "files": {}}'; do
		call control 7700 -X POST -d "$text" /v1/deploys
		[[ $code == 400 && $(jq -r .error.code <<<"$output") == invalid ]]
	done
	[[ $output == *"s.yaml:1:26"* ]]
	unchanged
}

@test "an image that nobody imported is named with its service, its line and what to do" {
	refused 3 "bad.yaml:3: service 'w': image 'test/absent:1' is not here" "next: ctl image import ARCHIVE --name test/absent:1" <<-'END'
		name: bad
		services:
		  w: {image: test/absent:1}
	END
	for command in plan "deploy --dry-run"; do
		run ctl $command bad.yaml
		said 3 "bad.yaml:3: service 'w': image 'test/absent:1' is not here"
	done
	run ctl image push test/absent:1
	said 1 "test/absent:1"
	unchanged
}

@test "a port that another stack publishes is refused with the owner" {
	refused 1 "place: no node for 'bad-w-1'" "worker1: port 8080/tcp already published on worker1 by good/web-" \
		"worker2: port 8080/tcp already published on worker2 by good/web-" <<-'END'
		name: bad
		services:
		  w: {image: test/busybox:1, command: [sleep 1000], ports: ["8080:81"]}
	END
}

@test "a limit that no node can enforce is refused with node and controller" {
	missing=$(ctl node ls -o json | jq -r '.nodes[0].info.missing_controllers | map(select(. == "memory" or . == "cpu" or . == "pids"))[0]')
	case $missing in
	memory) limit="mem_limit: 64m" ;;
	cpu) limit="cpus: 0.5" ;;
	pids) limit="pids_limit: 20" ;;
	*) skip "every node has every controller" ;;
	esac
	refused 1 "worker1: cannot enforce the $missing limit: it has no cgroup controller '$missing'" \
		"worker2: cannot enforce the $missing limit" <<-END
		name: bad
		services:
		  w: {image: test/busybox:1, $limit}
	END
}

# A call as the operator: host, port, curl arguments, path. The body in $output, the status in $code.
call() {
	local at=$1 port=$2 ip path=${*: -1}
	ip=$(awk -v n="$at" '$1 == n {print $3}' "$SOURCE/vagrant/topology")
	output=$(operator curl -sS -m 20 -w '\n%{http_code}' --cacert "$CLUSTER/lab/share/ca.crt" \
		--cert "${CERT:-$CLUSTER/lab/share/operator.crt}" --key "${KEY:-$CLUSTER/lab/share/operator.key}" \
		"${@:3:$#-3}" "https://$ip:$port$path" 2>&1) || true
	code=${output##*$'\n'} output=${output%$'\n'*}
}

@test "a certificate of another authority is refused by controld and by agentd" {
	"$CLUSTER/bin/controld" --set state_dir="$CLUSTER/other" --set url=https://x operator eve "$CLUSTER/eve"
	jq --arg d "$CLUSTER/eve" '.cert = $d + "/eve.crt" | .key = $d + "/eve.key"' etc/stackpilot/context.json >eve.json
	run ctl --context eve.json deploy good.yaml
	said 1 "https://192.168.56.10:7700" "the client certificate is not from this cluster's authority"
	run ctl --context eve.json exec good-web-1 -- true
	said 1 "https://192.168.56.10:7700" "the client certificate is not from this cluster's authority"
	for method in GET DELETE; do
		CERT=$CLUSTER/eve/eve.crt KEY=$CLUSTER/eve/eve.key call worker1 7701 -X "$method" /v1/workloads/good-web-1
		[[ $code == 403 && $(jq -r .error.code <<<"$output") == denied ]]
	done
	unchanged
}

@test "a controld of another authority is not spoken to" {
	[[ -e eve/ca.crt ]] || "$CLUSTER/bin/controld" --set state_dir="$CLUSTER/other" --set url=https://x operator eve "$CLUSTER/eve"
	jq --arg d "$CLUSTER/eve" '.ca = $d + "/ca.crt"' etc/stackpilot/context.json >stranger.json
	run ctl --context stranger.json ps
	said 1 "controld at 'https://192.168.56.10:7700': certificate refused"
}

@test "an operator's certificate opens no agent" {
	call worker1 7701 /v1/node
	[[ $code == 403 && $output == *"'operator' with role 'operator' may not do this"* ]]
	call worker2 7701 -X DELETE /v1/workloads/good-web-1
	[[ $code == 403 ]]
	unchanged
}

@test "a request that is too large is refused whole" {
	head -c 20000000 /dev/zero | tr '\0' ' ' >big
	call control 7700 -X POST --data-binary @big /v1/deploys
	[[ $code == 413 && $(jq -r .error.code <<<"$output") == too_large ]]
	{ printf 'name: bad\n#' && cat big; } >big.yaml
	run ctl deploy big.yaml
	said 3 big.yaml
	unchanged
}

@test "garbage on any port is answered or closed, and everybody lives on" {
	pids=$(lab exec worker1 -- cat /run/stackpilot/agentd.pid; lab exec control -- cat /run/stackpilot/controld.pid)
	for at in 192.168.56.10/7700 192.168.56.11/7701; do
		operator timeout 10 bash -c "head -c 100000 /dev/urandom >/dev/tcp/$at" || true
		operator timeout 10 bash -c "printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >/dev/tcp/$at" || true
		head -c 4096 /dev/urandom | operator timeout 10 openssl s_client -quiet -connect "${at/\//:}" >/dev/null 2>&1 || true
	done
	for path in /v1/nothing '/v1/events?after=x' '/v1/workloads/..%2f..%2fetc' '/v1/images/%00' '/v1/operations/%ff?wait=2'; do
		call control 7700 "$path"
		[[ $code == 4* ]] || { echo "$path: $code $output" && return 1; }
	done
	[[ $(lab exec worker1 -- cat /run/stackpilot/agentd.pid; lab exec control -- cat /run/stackpilot/controld.pid) == "$pids" ]]
	ctl node ls -o json | jq -e '[.nodes[] | select(.state == "ready")] | length == 2'
	unchanged
}

@test "what is not there says where to look" {
	run ctl node rm nope --yes
	said 1 "'nope'" "next: ctl node ls"
	run ctl image inspect nope
	said 1 "'nope'" "next: ctl image ls"
	run ctl op show op-99
	said 1 "'op-99'" "next: ctl op ls"
	run ctl stack show nope
	said 1 "'nope'" "next: ctl stack ls"
	run ctl exec nope-web-1 -- true
	said 1 "'nope-web-1'" "next: ctl ps"
	run ctl snapshot show good v99
	said 1 "next: ctl snapshot ls good"
}

# An OCI archive bad.tar named bad:1 of the layer on standard input (a tar).
bad_archive() {
	zstd -q -f -o layer.tar.zst
	echo '{"Cmd": ["/bin/true"]}' >config.json
	"$SOURCE/images/recipes/archive" bad.tar bad:1 config.json layer.tar.zst >/dev/null
}

# Take bad.tar apart and put it together again with its layer's blob changed by a command on its file.
spoil_layer() {
	rm -rf spoilt && mkdir spoilt && tar -C spoilt -xf bad.tar
	"$@" "spoilt/blobs/sha256/$(sha256sum layer.tar.zst | cut -d' ' -f1)"
	tar -C spoilt -cf bad.tar oci-layout index.json blobs
}

good_layer() { mkdir -p tree/bin && cp /bin/busybox tree/bin/ && tar -C tree -cf - .; }

alter() { printf 'X' | dd of="$1" bs=1 seek=1000 conv=notrunc status=none; }
cut_short() { truncate -s -1000 "$1"; }

@test "an archive whose blob is not what its digest says is no image" {
	good_layer | bad_archive
	hex=$(sha256sum layer.tar.zst | cut -d' ' -f1)
	spoil_layer alter
	run ctl image import bad.tar
	said 3 "'bad.tar': " "sha256:$hex" "digest"
	unchanged
}

@test "a directory is imported when it holds an OCI layout, and only then" {
	good_layer | bad_archive
	rm -rf spoilt && mkdir spoilt nothing && tar -C spoilt -xf bad.tar
	ctl image import --name folder:1 spoilt
	ctl image inspect folder:1 | grep -q /bin/true
	run ctl image import nothing
	said 3 "'nothing' holds no OCI image layout"
	ctl image rm --yes folder:1
	rm spoilt/index.json && ln -s /etc/shadow spoilt/index.json
	run ctl image import --name folder:2 spoilt
	[[ $status != 0 && $output == *"error: "* ]]
	unchanged
}

@test "an archive whose blob is cut short, and one that is cut short itself, are no images" {
	good_layer | bad_archive
	cp bad.tar whole.tar
	hex=$(sha256sum layer.tar.zst | cut -d' ' -f1)
	spoil_layer cut_short
	run ctl image import bad.tar
	said 3 "'bad.tar': " "sha256:$hex"
	head -c 500000 whole.tar >bad.tar
	run ctl image import bad.tar
	[[ $status != 0 && $output == *"error: "* ]]
	run ctl image import good.yaml
	said 3 "'good.yaml': tar: "
	unchanged
}

@test "a blob that is altered in the cluster's store is not given to a node" {
	good_layer | bad_archive
	ctl image import --name spoilt:1 bad.tar
	blob=control/disk/control/images/blobs/sha256/$(sha256sum layer.tar.zst | cut -d' ' -f1)
	cp "lab/$blob" kept
	alter "lab/$blob"
	truth >before
	run ctl image push spoilt:1 --node worker1
	[[ $status != 0 && $output == *worker1*sha256:* ]]
	unchanged
	cat kept >"lab/$blob"
	ctl image push spoilt:1 --node worker1
	ctl image rm spoilt:1 --yes
}

# A layer on standard input that the nodes refuse to unpack, saying these texts; the host has no such file.
evil_layer() { # text...
	bad_archive
	ctl image import bad.tar
	truth >before
	printf 'name: bad\nservices: {w: {image: "bad:1"}}\n' >bad.yaml
	run ctl deploy bad.yaml
	said 1 "on worker" "$@"
	unchanged
	[[ ! -e /sp-evil && ! -e /tmp/sp-evil ]]
	[[ -z $(find lab -name 'sp-evil*') ]]
	ctl image rm bad:1 --yes
}

@test "a layer with '../' in a name is refused with the layer and the entry" {
	mkdir -p evil && echo evil >evil/sp-evil
	tar -C evil -cPf - --transform='s|^sp-evil|../../../../sp-evil|' sp-evil | evil_layer "layer sha256:" "../../../../sp-evil"
}

@test "a layer that writes through a link of its own, out of its root, is refused with the entry" {
	mkdir -p link/out evil/out && rm -rf link/out && ln -s /tmp link/out && echo evil >evil/out/sp-evil
	tar -C link -cf evil.tar out
	tar -C evil -rf evil.tar out/sp-evil
	evil_layer "layer sha256:" "out/sp-evil" <evil.tar
}

node_is() { ctl node ls -o json | jq -e --arg n "$1" --arg s "$2" '.nodes[] | select(.name == $n and .state == $s)' >/dev/null; }

@test "a node that does not answer: 7, with the node and its address, and its work goes on" {
	id=$(ctl ps -o json | jq -r '.workloads[] | select(.node == "worker2") | .id')
	lab service worker2 kill agentd
	within 15 node_is worker2 unreachable
	run ctl ps
	said 7 "worker2"
	run ctl logs "$id"
	said 7 "worker2" "https://192.168.56.12:7701"
	run ctl exec "$id" -- true
	said 7 "worker2" "https://192.168.56.12:7701"
	run ctl restart "$id"
	said 7 "worker2" "https://192.168.56.12:7701" "next: ctl node show worker2"
	printf 'name: bad\nservices: {w: {image: "test/busybox:1", deploy: {placement: {constraints: [node.hostname == worker2]}}}}\n' >bad.yaml
	run ctl deploy bad.yaml
	said 7 "place: no node for 'bad-w-1'" "worker1: does not satisfy" "worker2: unreachable" "https://192.168.56.12:7701"
	run ctl verify
	said 5 worker2
	lab service worker2 start agentd
	within 15 node_is worker2 ready
	unchanged
}

# A small tmpfs over a directory of a host, with what was in it: host, directory, service that uses it.
on_small_disk() {
	lab exec "$1" -- "$SOURCE/vagrant/service" stop --all
	lab exec "$1" -- sh -ec "mount -t tmpfs -o size=${4:-24m},mode=755 small /mnt
		cp -a $2/. /mnt/ && mount --move /mnt $2"
	lab service "$1" start "$3"
}

# What controld has heard of it.
node_is_full() { ctl node ls -o json | jq -e --arg n "$1" '.nodes[] | select(.name == $n and .info.disk_free_bytes < 1000000)' >/dev/null; }
fill() { lab exec "$1" -- sh -c "dd if=/dev/zero of=$2/fill bs=4k 2>/dev/null; true"; }

@test "a full disk of a node is told with the node, and once there is room the same deploy works" {
	on_small_disk worker2 /var/lib/stackpilot agentd
	within 15 node_is worker2 ready
	fill worker2 /var/lib/stackpilot
	printf 'name: bad\nservices: {w: {image: "test/other:1", command: [sleep 1000], deploy: {placement: {constraints: [node.hostname == worker2]}}}}\n' >bad.yaml
	cp -a busybox roomy && head -c 100000 /dev/urandom >roomy/noise && tar -C roomy -cf roomy.tar .
	ctl image import --config busybox.json --name test/other:1 roomy.tar
	truth >before
	within 15 node_is_full worker2
	run ctl deploy bad.yaml
	said 3 "disk: worker2: images that are not there need" "MiB are free"
	run ctl image push test/other:1 --node worker2
	said 7 worker2 "No space left on device"
	unchanged
	[[ $(workload good-web-2 .ready) == true ]]
	lab exec worker2 -- rm /var/lib/stackpilot/fill
	within 10 ctl deploy bad.yaml # once controld has heard of the room
	ctl destroy bad --yes
}

@test "a full disk of the control host refuses an import and a deploy, and nothing is lost" {
	on_small_disk control /var/lib/stackpilot/control controld 16m
	within 15 node_is worker1 ready
	fill control /var/lib/stackpilot/control
	run ctl image import --config busybox.json --name test/more:1 roomy.tar
	said 1 "No space left on device"
	run ctl deploy good.yaml
	[[ $status == 1 && $output == *"disk"*"full"* ]] || { echo "$status: $output" && return 1; }
	unchanged
	lab exec control -- rm /var/lib/stackpilot/control/fill
	before=$(running)
	ctl deploy good.yaml
	[[ $(running) == "$before" ]]
}
