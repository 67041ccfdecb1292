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

# All that a refusal must leave alone.
truth() {
	ctl ps -o json | jq -S '[.workloads[] | {id, pid, incarnation, spec_digest}] | sort_by(.id)'
	ctl image ls -o json | jq -S .images
	ctl stack ls -o json | jq -S '[.stacks[] | {name, revision, digest, state}]'
	for node in worker1 worker2; do
		lab exec "$node" -- sh -c 'cd /var/lib/stackpilot && find images/blobs images/layers workloads volumes -maxdepth 2 | sort'
	done
	lab exec control -- sh -c 'cd /var/lib/stackpilot/control && find images/blobs | sort'
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
	refused 3 "bad.yaml:2:54: error: services.w.deploy.replicas expects a whole number" <<-'END'
		name: bad
		services: {w: {image: test/busybox:1, deploy: {replicas: many}}}
	END
	refused 3 "bad.yaml:2:23: error: services.w.image needs the variable 'NOWHERE_SET': which one" <<-'END'
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
	[[ $output == *"s.yaml:1:25"* ]]
	unchanged
}

@test "an image that nobody imported is named with its service, its line and what to do" {
	refused 3 "bad.yaml:3: service 'w': image 'test/absent:1' is not here" "next: ctl image import ARCHIVE --name test/absent:1" <<-'END'
		name: bad
		services:
		  w: {image: test/absent:1}
	END
	run ctl image push test/absent:1
	said 1 "test/absent:1"
	unchanged
}

@test "a port that another stack publishes is refused with the owner" {
	refused 1 "place of bad-w-1: " "worker1: port 8080/tcp already published on worker1 by good/web-" \
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
