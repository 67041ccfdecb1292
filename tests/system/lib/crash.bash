# The stack that is deployed while daemons and databases are killed, and what must hold after each deploy.

write_stack() { # version
	cat >"$CLUSTER/stack.yaml" <<-END
		name: crash
		services:
		  db: {image: test/busybox:1, command: [exec sleep 1000], environment: {V: "$1"}, stop_grace_period: 100ms}
		  api:
		    image: test/busybox:1
		    command: [exec sleep 1000]
		    environment: {V: "$1"}
		    stop_grace_period: 100ms
		    depends_on: {db: {condition: service_healthy}}
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
		  web: {image: test/busybox:1, command: [exec sleep 1000], environment: {V: "$1"}, stop_grace_period: 100ms}
	END
}

ended() { [[ $(ctl op show "$1" -o json | jq -r .state) != running ]]; }
version_of() { ctl exec "$1" -- sh -c 'echo $V'; }

# All four workloads run, nothing else does, and all of one version: version.
is_whole() {
	local id
	[ "$(ctl ps -o json | jq -c '[.workloads[] | select(.stack == "crash") | [.id, .state]] | sort')" = \
		'[["crash-api-1","running"],["crash-api-2","running"],["crash-db-1","running"],["crash-web-1","running"]]' ]
	for id in crash-db-1 crash-api-1 crash-api-2 crash-web-1; do [ "$(version_of "$id")" = "$1" ]; done
}
