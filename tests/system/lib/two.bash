# Two controlds on the control host of a cluster that share its store: load it after cluster. The second one has a
# state directory of its own, with the cluster's authority, seal key and images, and answers on a socket.

STATE=/var/lib/stackpilot

on_control() { lab exec control -- "$@"; }
ctl_b() { on_control ctl --context /etc/stackpilot/b.json "$@"; }
op_b() { ctl_b op show "$1" -o json | jq -r "$2"; }

start_b() { # store's url
	on_control bash -c "
		echo '{\"unix\": \"/run/stackpilot/b.sock\"}' >/etc/stackpilot/b.json
		install -d -o 7700 -g 7700 $STATE/b && cd $STATE/control
		cp -a ca.* seal.key images $STATE/b
		setsid --fork setpriv --reuid 7700 --regid 7700 --clear-groups -- \
			controld --config /etc/stackpilot/controld.conf --set state_dir=$STATE/b --set listen= \
			--set store='$1' --set unix_socket=/run/stackpilot/b.sock run \
			>>$STATE/log/b.log 2>&1 </dev/null"
	within 20 on_control curl -fs -o /dev/null --unix-socket /run/stackpilot/b.sock http://c/v1/ready
}

step_runs() { # operation, name
	ctl op show "$1" -o json | jq -e --arg n "$2" 'any(.steps[]; .name == $n and .state == "running")' >/dev/null
}

has_ended() { [[ $(op_b "$1" .state) != running ]]; }
what_runs() { ctl_b ps -o json | jq -c '[.workloads[] | [.id, .state, .pid, .incarnation]] | sort'; }

# One call to an agent with controld's certificate: the status, and the code of a refusal.
agent_says() { # worker's address, method, path, body
	on_control curl -sS -w '%{http_code}' -X "$2" ${4:+-H "Content-Type: application/json" -d "$4"} --cacert $STATE/control/ca.crt \
		--cert $STATE/control/client.crt --key $STATE/control/client.key "https://$1:7701$3" </dev/null |
		sed -E 's/.*"code": *"([a-z_]*)".*\}[[:space:]]*([0-9]{3})$/\2 \1/'
}

fenced() { # as agent_says
	local said
	said=$(agent_says "$@")
	[[ $said == "412 fenced" ]] || { echo "$2 $3: $said" >&2 && return 1; }
}

# Every call that changes a stack, with an old token, on the worker that has the workload.
agent_refuses_all() { # worker's address, workload, query with the token
	local method path more
	while read -r method path more; do
		fenced "$1" "$method" "$path?$3${more:+&$more}"
	done <<-END
		DELETE /v1/workloads/$2
		POST /v1/workloads/$2/restart
		POST /v1/workloads/$2/stop
		POST /v1/workloads/$2/start
		POST /v1/workloads/$2/repair part=cgroup
		POST /v1/workloads/$2/state
		POST /v1/network/repair part=rules&stack=slow
		DELETE /v1/extra/directory/slow-left-1 stack=slow
		PUT /v1/stacks/slow/token
		DELETE /v1/stacks/slow/volumes
	END
	fenced "$1" PUT "/v1/workloads/$2?$3" '{"id": "'"$2"'", "stack": "slow", "service": "web", "replica": '"${2##*-}"',
		"image": "test/busybox:1", "image_digest": "sha256:'"$(printf '0%.0s' {1..64})"'", "command": ["sleep", "7"], "restart": "no", "network_none": true}'
}

# A deploy whose first service takes 5 s to end.
write_slow() {
	cat >"$CLUSTER/slow.yaml" <<-'END'
		name: slow
		services:
		  job: {image: test/busybox:1, command: [sleep 5], restart: "no"}
		  web:
		    image: test/busybox:1
		    command: [sleep 1000]
		    deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}
		    depends_on: {job: {condition: service_completed_successfully}}
	END
}

# The first controld is stopped in the middle of a deploy for two lives of its lock; the second one (start_b's
# argument) finishes it; the first goes on, and each write and each call to an agent of it is refused.
stopped_holder_is_fenced() { # store's url for the second
	local op old pid before steps count=0 id node
	op=$(ctl deploy --detach "$CLUSTER/slow.yaml")
	within 20 step_runs "$op" complete
	old=$(ctl lock status slow -o json | jq .token)
	[[ $(ctl lock status slow -o json | jq -r '[.kind, .operation, .step] | join(" ")') == "operation $op "*"complete of slow-job-1"* ]]
	pid=$(lab service control status controld)
	stop_between_writes "$pid"
	start_b "$1"
	within 30 has_ended "$op"
	[[ $(op_b "$op" '.state == "succeeded" and .attempt > 1') == true ]] # a busy machine may cost the second one its lock too
	before=$(what_runs)
	steps=$(op_b "$op" '.steps | length')

	on_control kill -CONT "$pid"
	within 20 on_control grep -q "\"operation\":\"$op\".*has lost\|has lost.*\"operation\":\"$op\"" $STATE/log/controld.log
	while read -r id node; do
		count=$((count + 1))
		agent_refuses_all "192.168.56.1${node#worker}" "$id" "op=$op&step=9&token=$old"
	done < <(ctl_b ps -o json | jq -r '.workloads[] | select(.stack == "slow" and .service == "web") | "\(.id) \(.node)"')
	((count == 2))
	[[ $(what_runs) == "$before" ]]
	[[ $(op_b "$op" '[.state, .attempt, (.steps | length)] | join(" ")') == "succeeded 2 $steps" ]]
	[[ $(ctl_b lock status slow -o json | jq .token) -gt $old ]]
}
