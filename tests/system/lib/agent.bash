# A private host for one agentd: namespaces, cgroup view, directories and a busybox image of its own.
#
#   host_up              make it ($HOST_PID, $HOST_DIR); host_down removes all of it
#   agent_start [k=v]... start agentd in it ($AGENT_PID), wait until it is ready
#   agent_stop, agent_kill
#   api METHOD PATH [BODY]         -> $status, $body
#   spec ID [jq filter]            a workload spec of image busybox:test
#   image_push NAME ROOTFS_DIR [CONFIG]
#   wait_state ID STATE, wait_ready ID, status ID [jq filter]

: "${O:=build}"
ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BIN=$ROOT/$O/bin
SUBNET=10.90.1

host_up() {
	HOST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/spagent.XXXXXX")
	HOST_CGROUP=sptest-$$-$RANDOM
	mkdir -p "$HOST_DIR"/{state,run,tmp}
	unshare --net --mount --pid --uts --ipc --fork --kill-child --propagation private \
		catatonit -P >/dev/null 2>&1 3>&- &
	local outer=$!
	for _ in $(seq 100); do
		HOST_PID=$(pgrep -P "$outer" 2>/dev/null | head -1) && [[ -n $HOST_PID ]] && break
		sleep 0.02
	done
	HOST_OUTER=$outer
	in_host sh -ec 'umount -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
		mount -t proc proc /proc; ip link set lo up; hostname node1'
}

in_host() { nsenter -t "$HOST_PID" -n -m -p -u -i -- "$@"; }

host_down() {
	[[ -n ${HOST_OUTER:-} ]] && kill -9 "$HOST_PID" "$HOST_OUTER" 2>/dev/null && wait "$HOST_OUTER" 2>/dev/null
	local cg dir
	for dir in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		cg=$dir/$HOST_CGROUP
		[[ -d $cg ]] || continue
		for _ in $(seq 50); do
			find "$cg" -depth -type d -exec rmdir {} \; 2>/dev/null
			[[ -d $cg ]] || break
			sleep 0.05
		done
	done
	[[ -n ${HOST_DIR:-} ]] && rm -rf "$HOST_DIR"
	return 0
}

agent_start() {
	local args=() kv
	for kv in "$@"; do args+=(--set "$kv"); done
	nsenter -t "$HOST_PID" -n -m -p -u -i -- "$BIN/agentd" --set state_dir="$HOST_DIR/state" --set run_dir="$HOST_DIR/run" --set name=node1 \
		--set cgroup_parent="$HOST_CGROUP" "${args[@]}" >>"$HOST_DIR/agent.log" 2>&1 3>&- &
	AGENT_OUTER=$!
	for _ in $(seq 200); do
		if api GET /v1/ready && [[ $status == 200 ]]; then
			AGENT_PID=$(pgrep -P "$AGENT_OUTER") # nsenter forks into the pid namespace
			return 0
		fi
		kill -0 "$AGENT_OUTER" 2>/dev/null || break
		sleep 0.02
	done
	echo "agentd did not become ready" >&2
	tail -5 "$HOST_DIR/agent.log" >&2
	return 1
}

agent_end() { # SIGNAL
	[[ -n ${AGENT_OUTER:-} ]] || return 0
	kill "-$1" "$AGENT_PID" 2>/dev/null || true
	wait "$AGENT_OUTER" 2>/dev/null || true
	AGENT_OUTER=
}
agent_stop() { agent_end TERM; }
agent_kill() { agent_end KILL; }

api() { # METHOD PATH [BODY or @FILE]
	local out
	out=$(curl -s --max-time "${API_TIMEOUT:-70}" --unix-socket "$HOST_DIR/run/agentd.sock" -X "$1" ${3:+--data-binary "$3"} \
		-w '\n%{http_code}' "http://agent$2") || { status=000 body=$out; return 1; }
	status=${out##*$'\n'} body=${out%$'\n'*}
}

# The same, which must answer 2xx.
api_ok() {
	api "$@" && [[ $status == 2* ]] && return 0
	echo "$1 $2: $status $body" >&2
	return 1
}

peers() {
	api_ok PUT /v1/peers "{\"subnet\":\"$SUBNET.0/24\",\"nodes\":[{\"name\":\"node1\",\"address\":\"192.0.2.1\",\"subnet\":\"$SUBNET.0/24\"}]}"
}

blob_push() { # FILE -> digest
	local digest
	digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
	api_ok PUT "/v1/blobs/$digest" "@$1" >&2 || return 1
	echo "$digest"
}

image_push() { # NAME ROOTFS_DIR [CONFIG JSON]; sets $IMAGE_DIGEST
	local tmp=$HOST_DIR/tmp layer config diff
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$2" -cf "$tmp/layer.tar" .
	diff=sha256:$(sha256sum "$tmp/layer.tar" | cut -d' ' -f1)
	layer=$(blob_push "$tmp/layer.tar") || return 1
	jq -cn --arg d "$diff" --argjson c "${3:-{\}}" '{architecture:"amd64",os:"linux",config:$c,
		rootfs:{type:"layers",diff_ids:[$d]}}' >"$tmp/config.json"
	config=$(blob_push "$tmp/config.json") || return 1
	jq -cn --arg l "$layer" --arg c "$config" --argjson ls "$(stat -c %s "$tmp/layer.tar")" \
		--argjson cs "$(stat -c %s "$tmp/config.json")" '{schemaVersion:2,
		mediaType:"application/vnd.oci.image.manifest.v1+json",
		config:{mediaType:"application/vnd.oci.image.config.v1+json",digest:$c,size:$cs},
		layers:[{mediaType:"application/vnd.oci.image.layer.v1.tar",digest:$l,size:$ls}]}' >"$tmp/manifest.json"
	IMAGE_DIGEST=$(blob_push "$tmp/manifest.json") || return 1
	api_ok PUT "/v1/images/$1" "{\"digest\":\"$IMAGE_DIGEST\"}"
}

busybox_image() {
	local r=$HOST_DIR/rootfs
	mkdir -p "$r"/{bin,etc,tmp,root,var/data}
	cp "$(command -v busybox)" "$r/bin/busybox"
	for a in sh sleep cat echo ls id env hostname nc wget httpd kill true false ps stat head tail seq test touch rm mount ip grep sync dd; do
		ln -sf busybox "$r/bin/$a"
	done
	printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$r/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$r/etc/group"
	image_push busybox:test "$r" '{"Env":["PATH=/bin"],"Cmd":["sleep","1000"]}'
}

# A spec; the address ends in the replica's number plus one.
spec() { # ID [jq filter over it]
	local id=$1 stack=${1%%-*} rest=${1#*-}
	jq -cn --arg id "$id" --arg stack "$stack" --arg service "${rest%-*}" --argjson n "${rest##*-}" \
		--arg digest "$IMAGE_DIGEST" --arg address "$SUBNET.$((${rest##*-} + 1))" '{id:$id,stack:$stack,
		service:$service,replica:$n,image:"busybox:test",image_digest:$digest,address:$address,
		restart:"always",stop_grace_ns:1000000000}'"${2:+ | $2}"
}

put() { # ID [jq filter]
	api_ok PUT "/v1/workloads/$1?token=${TOKEN:-1}" "$(spec "$@")"
}

status_of() { # ID [jq filter]
	api GET "/v1/workloads/$1" && jq -r "${2:-.}" <<<"$body"
}

# The process of a workload, for kill; "" when it has none, which kill refuses (0 would be our own process group).
process_of() { status_of "$1" '.pid | select(. > 0)'; }

wait_for() { # SECONDS COMMAND...
	local until=$(($(date +%s%N) + $1 * 1000000000))
	shift
	while ! "$@"; do
		(($(date +%s%N) < until)) || { echo "waited in vain for: $*" >&2; return 1; }
		sleep 0.05
	done
}

is_state() { [[ $(status_of "$1" .state) == "$2" ]]; }
wait_state() { wait_for "${3:-10}" is_state "$1" "$2" || { status_of "$1" >&2; return 1; }; }
wait_ready() {
	api_ok GET "/v1/workloads/$1?wait=ready&timeout_ns=${2:-20}000000000" || return 1
	[[ $(jq -r .ready <<<"$body") == true ]] || { echo "not ready: $body" >&2; return 1; }
}

remove() { api_ok DELETE "/v1/workloads/$1?wait=1&token=${TOKEN:-1}"; }

events() { # [jq filter over one event] [after]
	api GET "/v1/events?after=${2:-0}" && jq -c ".events[] | ${1:-.}" <<<"$body"
}
