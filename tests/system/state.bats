#!/usr/bin/env bats
# The state of a stack from inside its tasks: over a socket in the container, through an agent that has no way to the
# control plane of its own. Killed anywhere it still ends well, and a hostile task gets nowhere.

load lib/cluster

setup_file() {
	cluster_up
	mkdir -p "$CLUSTER/busybox/bin"
	musl-gcc -std=gnu17 -Os -static -s -D_GNU_SOURCE -o "$CLUSTER/busybox/bin/ask" "$SOURCE/tests/system/lib/ask.c"
	cluster_busybox
	lab exec control -- sh -c 'printf "recover_interval = 200ms\nsettle_time = 200ms\nagent_patience = 20s\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }
setup() { bats_require_minimum_version 1.5.0; }

# A stack of one service and a task of a few shell lines, that runs anew in each deploy: name, lines, further tasks.
stack() {
	local lines=${2//\$/\$\$}
	cat >"$CLUSTER/$1.yaml" <<-END
		name: $1
		services:
		  web: {image: test/busybox:1, command: [exec sleep 1000], environment: {V: "$RANDOM$RANDOM"}, stop_grace_period: 100ms}
		x-stackpilot:
		  tasks:
		    job:
		      image: test/busybox:1
		      environment: {ASK_PATIENCE: "30"}
		      placement: {constraints: [node.hostname == worker1]}
		      timeout: ${TIMEOUT:-2m}
		      command:
		        - |
		          ${lines//$'\n'/$'\n'          }
		    ${3:-}
	END
}
deploy() { stack "$@" && ctl deploy "$CLUSTER/$1.yaml"; }
said() { ctl logs "$1-job-1" --tail "$2"; }
has_ended() { [[ $(ctl op show "$1" -o json | jq -r .state) != running ]]; }

@test "a task before writes, a task after reads, and ctl sees it" {
	deploy a 'ask PUT /v1/state/schema v1 && ask PUT "/v1/state/token?sensitive=1" hush' \
		'check: {image: test/busybox:1, when: after, command: ["ask GET /v1/state/schema; ask GET /v1/state/token | tail -c 5"]}'
	[ "$(ctl state get a schema)" = v1 ]
	[ "$(ctl state get --reveal a token)" = hush ]
	run -1 ctl state get a token
	run -0 ctl logs a-check-1
	[[ $output == *"200 v1"* && $output == *hush* ]]
	run -0 ctl state ls a -o json
	[[ $(jq -c '[.state[] | [.key, .version, .sensitive, .set_by]]' <<<"$output") == '[["schema",1,false,"task:job"],["token",1,true,"task:job"]]' ]]
	told '.type == "state.set" and .stack == "a" and .fields.by == "task:job"'
}

@test "a command holds the lock no longer than lock_ttl: whoever dies with it is in nobody's way" {
	ctl state set a by-hand 1
	ctl events --stack a --type lock.acquired -o json | tail -n 1 >"$CLUSTER/event"
	[[ $(jq -r .fields.for "$CLUSTER/event") == "state set"* ]]
	held=$(jq '[.fields.expires_at, .at] | map(sub("[.][0-9]+Z"; "Z") | fromdate) | .[0] - .[1]' "$CLUSTER/event")
	((held > 0 && held <= 31))
	ctl state rm a by-hand
}

@test "keys are listed, asked for, removed, and changed only from a version" {
	deploy a 'ask PUT /v1/state/old 1'
	deploy a 'ask HEAD /v1/state/old; ask HEAD /v1/state/none; ask GET /v1/state/none; ask DELETE /v1/state/old;
	          ask DELETE /v1/state/old; ask PUT "/v1/state/n?version=0" 1; ask PUT "/v1/state/n?version=0" 2;
	          ask PUT "/v1/state/n?version=1" 3; ask GET /v1/state; true'
	run -0 said a 9
	[[ ${lines[0]} == "200 " && ${lines[1]} == "404 " && ${lines[2]} == '404 {"error":{"code":"not_found"'*"no state 'none'"* ]]
	[[ ${lines[3]} == '200 {"key":"old","version":2,'* && ${lines[4]} == 404* ]]
	[[ ${lines[5]} == 200*'"version":1'* && ${lines[6]} == '409 '*conflict* && ${lines[7]} == 200*'"version":2'* ]]
	[[ ${lines[8]} == '200 {"state":['* && ${lines[8]} == *'"key":"n","version":2'* && ${lines[8]} != *'"old"'* ]]
	[ "$(ctl state get a n)" = 3 ]
}

@test "what a task has written stays when it fails" {
	run -5 deploy a 'ask PUT /v1/state/half done; exit 3'
	[ "$(ctl state get a half)" = done ]
}

@test "values are in no event, log or operation, and not on the agent's disk" {
	deploy a true
	secret=canary$RANDOM$RANDOM
	printf %s "$secret" | ctl state set --sensitive a deep
	run -5 deploy a 'v=$(ask GET /v1/state/deep); ask PUT "/v1/state/copy?sensitive=1" "$v"; exit 3'
	[[ $(ctl state get --reveal a copy) == "200 $secret" ]]
	run ! grep -rq "$secret" "$CLUSTER"/lab/*/disk
	[[ $(ctl events -o json; ctl op ls -o json) != *"$secret"* ]]
}

task_runs() { lab exec worker1 -- test -S "/var/lib/stackpilot/workloads/$1-job-1/run/socket/state.sock"; }

@test "controld killed while a task waits for its answer: the next one answers" {
	stack b 'sleep 0.5; for i in $(seq 80); do ask PUT /v1/state/count $i || exit 1; usleep 100000; done'
	id=$(ctl deploy --detach "$CLUSTER/b.yaml")
	for moment in 1 0.7 0.4; do
		within 10 task_runs b
		sleep $moment
		lab service control kill controld
		sleep 0.2
		lab service control start controld
		within 30 ctl node ls >/dev/null
	done
	within 60 has_ended "$id"
	[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
	[ "$(ctl state get b count)" = 80 ]
}

@test "agentd killed while a task waits for its answer: it asks again" {
	stack c 'sleep 0.5; for i in $(seq 80); do ask PUT /v1/state/count $i || exit 1; usleep 100000; done'
	id=$(ctl deploy --detach "$CLUSTER/c.yaml")
	within 10 task_runs c
	lab service control kill controld # so that the question is open when the agent goes
	sleep 0.7
	lab service worker1 kill agentd
	sleep 0.3
	lab service worker1 start agentd
	lab service control start controld
	within 30 ctl node ls >/dev/null
	for moment in 0.5 0.3; do
		sleep $moment
		lab service worker1 kill agentd
		lab service worker1 start agentd
	done
	within 60 has_ended "$id"
	[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
	[ "$(ctl state get c count)" = 80 ]
}

@test "keys that are none, bodies that are too large, another stack's state: refused" {
	deploy b true
	ctl state set b mine 1
	deploy a 'ask PUT /v1/state/Upper x; ask PUT /v1/state/..%2fb x; ask GET /v1/state/a%00b; ask GET /v1/stacks/b/state/mine;
	          ask GET /v1/state/mine; ask GET /v1/node; ask POST /v1/state/x y; ask PUT "/v1/state/x?version=-1" y;
	          ask PUT /v1/state/x "$(seq 20000 | tr -d "\n")"; ask PUT /v1/state/x "$(echo -e "\xff\xfe")"; true'
	run -0 said a 10
	echo "$output" | cut -c1-120
	[ "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" = "400 400 400 404 404 404 405 400 413 400 " ]
	run -1 ctl state has a x
}

@test "a task of ten thousand connections, and what else a hostile one does, harms nobody" {
	deploy d 'ulimit -n 20000; ask crowd 10000 & sleep 1; ask descriptor; busybox rm -f $STACKPILOT_STATE_SOCKET;
	          busybox ln -sf /etc/hosts $STACKPILOT_STATE_SOCKET; busybox touch /run/stackpilot/x; busybox stat -c "%A %u" $STACKPILOT_STATE_SOCKET'
	run -0 said d 6
	[[ $output == *"Operation not permitted"* && $output == *"Read-only file system"* && $output == *"srw-rw-rw- 65534"* ]]
	[ "$(sed -n 's/ of 10000//p' <<<"$output")" -lt 1000 ]
	workload_is d-web-1 running
	deploy d 'ask PUT /v1/state/x 1'
}

@test "a task that asks for ever is ended by its time, and has changed only so much" {
	TIMEOUT=3s run -5 deploy e 'while :; do ask PUT /v1/state/x 1; done'
	[[ $output == *"not complete after 3s"* ]]
}

# From the node, as that user: uid, arguments of curl.
curl_in() {
	lab exec worker1 -- sh -c 'cd /var/lib/stackpilot/workloads/h-job-1/run/socket && uid=$1 && shift &&
		exec setpriv --reuid "$uid" --regid "$uid" --clear-groups curl -fsS --unix-socket state.sock "$@"' sh "$@"
}
container_uid() { lab exec worker1 -- stat -c %u "/proc/$(workload h-job-1 .pid)"; }

@test "curl speaks to it, and nobody but the container's own users is served" {
	stack h 'while ! ask HEAD /v1/state/done; do usleep 100000; done'
	id=$(ctl deploy --detach "$CLUSTER/h.yaml")
	within 10 workload_is h-job-1 running
	uid=$(container_uid)
	curl_in "$uid" -X PUT --data-raw v7 http://state/v1/state/schema
	[ "$(curl_in $((uid + 1000)) http://state/v1/state/schema)" = v7 ]
	[[ $(curl_in "$uid" -I http://state/v1/state/schema) == *"200 OK"*"Stackpilot-Version: 1"* ]]
	[[ $(curl_in "$uid" http://state/v1/state) == *'"set_by":"task:job"'* ]]
	curl_in "$uid" -X DELETE http://state/v1/state/schema
	run ! curl_in "$uid" http://state/v1/state/schema
	run ! curl_in 0 http://state/v1/state
	run ! curl_in $((uid - 1)) http://state/v1/state
	curl_in "$uid" -X PUT --data-raw 1 http://state/v1/state/done
	within 20 has_ended "$id"
	[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
}

holdings() {
	lab exec worker1 -- sh -c 'pid=$(cat /run/stackpilot/agentd.pid)
		ls -l "/proc/$pid/fd" | sed "s/.*-> //; s/[0-9][0-9]*/N/g" | sort | uniq -c
		find /var/lib/stackpilot/workloads /var/lib/stackpilot/trash | sort
		cat /proc/1/mountinfo' >"$CLUSTER/holds.$1"
}
same() { holdings after && diff "$CLUSTER/holds.before" "$CLUSTER/holds.after"; }

@test "nothing is left of a socket when its task is over" {
	deploy a 'ask PUT /v1/state/x 1'
	[ -z "$(lab exec worker1 -- find /var/lib/stackpilot /run -name state.sock)" ]
	within 5 workload_is a-web-1 running
	sleep 1
	holdings before
	for _ in 1 2 3; do deploy a 'ask crowd 10 & ask PUT /v1/state/x 1'; done
	within 10 same
}

@test "an output tells where a service is, and another stack's task reaches it there" {
	cat >"$CLUSTER/f.yaml" <<-'END'
		name: f
		services:
		  web:
		    image: test/busybox:1
		    command: ["while :; do echo here I am | nc -l -p 80; done"]
		    ports: ["18080:80"]
		    deploy: {placement: {constraints: [node.hostname == worker2]}}
		x-stackpilot:
		  outputs:
		    inside: ${services.web.address}
		    outside: http://${services.web.node_address}:${services.web.port.80}/ on ${services.web.node}
	END
	ctl deploy "$CLUSTER/f.yaml"
	[ "$(ctl output f outside)" = "http://192.168.56.12:18080/ on worker2" ]
	[[ $(ctl output f inside) == 10.90.*.* ]]
	cat >"$CLUSTER/g.yaml" <<-'END'
		name: g
		services: {web: {image: test/busybox:1, command: [exec sleep 1000]}}
		x-stackpilot:
		  requires: {f: {outputs: [inside]}}
		  tasks:
		    job:
		      image: test/busybox:1
		      command: ["nc $$WEB 80 </dev/null"]
		      from_output: {WEB: f/inside}
		      placement: {constraints: [node.hostname == worker1]}
	END
	ctl deploy "$CLUSTER/g.yaml"
	[ "$(said g 1)" = "here I am" ]
}

# Kernels before 6.16 cannot refuse descriptors: a child of the agent takes the connections, and the descriptors with them.
@test "on an older kernel the same holds, by a porter" {
	SP_PASSRIGHTS=off lab service worker1 restart agentd
	within 20 ctl node ls
	deploy a 'ask PUT /v1/state/x porter; ask GET /v1/state/x; ask descriptor; ask crowd 1000; ask PUT /v1/state/y 1'
	run -0 said a 4
	[[ ${lines[1]} == sent && ${lines[2]} == *" of 1000" ]]
	[ "$(ctl state get a x)" = porter ]
	stack h 'while ! ask HEAD /v1/state/done; do usleep 100000; done'
	ctl state rm h done
	id=$(ctl deploy --detach "$CLUSTER/h.yaml")
	within 10 workload_is h-job-1 running
	run ! curl_in 0 http://state/v1/state
	uid=$(container_uid)
	lab service worker1 kill agentd
	SP_PASSRIGHTS=off lab service worker1 start agentd
	within 10 curl_in "$uid" http://state/v1/state
	lab exec worker1 -- pkill -9 -x agentd -P "$(lab service worker1 status agentd)" # the porter: containers are spinits
	within 10 curl_in "$uid" -X PUT --data-raw 1 http://state/v1/state/done
	within 20 has_ended "$id"
	[ "$(ctl op show "$id" -o json | jq -r .state)" = succeeded ]
	[ "$(lab exec worker1 -- sh -c 'ps -o comm= | grep -c agentd')" = 1 ]
}
