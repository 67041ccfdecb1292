#!/usr/bin/env bats
# Several people deploy, destroy, lock, restart and keep snapshots of ten stacks at once while controld, the agents and
# the database are killed at random moments. When that is over everything comes to rest by itself, and nothing is wrong.
#
# CHAOS_SECONDS (10) is how long on each engine, CHAOS_SEED repeats a run as far as that is possible.

load lib/cluster
load lib/database

STACKS=10
PEOPLE=4

setup_file() {
	export CHAOS_SEED=${CHAOS_SEED:-$RANDOM}
	echo "# CHAOS_SEED=$CHAOS_SEED CHAOS_SECONDS=${CHAOS_SECONDS:=10}" >&3
	export CHAOS_SECONDS
	cluster_up
	cluster_busybox
	lab exec control -- sh -c 'printf "lock_ttl = 2s\nrecover_interval = 200ms\nsettle_time = 100ms\n" >>/etc/stackpilot/controld.conf'
	lab service control restart controld
	within 20 ctl node ls
	database_start
}

teardown_file() {
	database_down
	BATS_TEST_COMPLETED=1 cluster_down
}

setup() { bats_require_minimum_version 1.5.0; }

on_postgres() { [[ -e $CLUSTER/on-postgres ]]; }
chance() { ((RANDOM % 100 < $1)); } # percent
moment() { sleep "$((RANDOM % $1)).$((RANDOM % 10))"; } # at most so many seconds

write_stack() { # name, file
	local replicas=$((1 + RANDOM % 2))
	cat >"$2" <<-END
		name: $1
		services:
		  a: {image: test/busybox:1, command: [exec sleep 1000], environment: {V: "$RANDOM"}, stop_grace_period: 100ms}
		  b:
		    image: test/busybox:1
		    command: [exec sleep 1000]
		    environment: {V: "$RANDOM"}
		    stop_grace_period: 100ms
		    depends_on: [a]
		    deploy: {replicas: $replicas}
	END
}

# What one person does with a stack; what is refused because somebody else is at it, or because controld is dead, is
# as it should be. A ctl that dies of a signal is not.
act() { # person, stack
	local file=$CLUSTER/person-$1.yaml status=0
	case $((RANDOM % 9)) in
	[0-3])
		write_stack "$2" "$file"
		timeout 20 "$CLUSTER/bin/ctl" deploy --wait=2s "$file" || status=$?
		;;
	4) timeout 20 "$CLUSTER/bin/ctl" destroy --yes "$2" || status=$? ;;
	5) timeout 20 "$CLUSTER/bin/ctl" lock acquire "$2" --ttl 1s --reason chaos || status=$? ;;
	6) timeout 20 "$CLUSTER/bin/ctl" snapshot create "$2" || status=$? ;;
	7) timeout 20 "$CLUSTER/bin/ctl" restart "$2-a-1" || status=$? ;;
	8) timeout 20 "$CLUSTER/bin/ctl" lock release "$2" || status=$? ;;
	esac >>"$CLUSTER/person-$1.log" 2>&1
	((status < 126)) || echo "a command of person $1 ended with $status" >>"$CLUSTER/died"
}

person() { # number, end
	RANDOM=$((CHAOS_SEED + $1))
	while ((SECONDS < $2)); do act "$1" "chaos$((RANDOM % STACKS))"; done
}

kill_things() { # end
	local kills=0
	RANDOM=$CHAOS_SEED
	while ((SECONDS < $1)); do
		moment 2
		if chance 60; then
			lab service control kill controld
			chance 50 || moment 1
			lab service control start controld
		elif on_postgres && chance 50; then
			database_crash
		else
			local worker=worker$((1 + RANDOM % 2))
			lab service "$worker" kill agentd
			lab service "$worker" start agentd
		fi
		kills=$((kills + 1))
	done
	echo "# $kills kills" >&3
}

chaos() {
	local end=$((SECONDS + CHAOS_SECONDS)) i people=()
	rm -f "$CLUSTER/died"
	for i in $(seq $PEOPLE); do
		person "$i" $end 3>&- &
		people+=($!)
	done
	kill_things $end
	wait "${people[@]}"
	[ ! -e "$CLUSTER/died" ] || { cat "$CLUSTER/died" && return 1; }
}

at_rest() {
	ctl op ls -o json | jq -e 'all(.operations[]; .state != "running")' >/dev/null &&
		ctl lock ls -o json | jq -e '.locks == []' >/dev/null &&
		ctl node ls -o json | jq -e 'all(.nodes[]; .state == "ready")' >/dev/null
}

# What each agent has, as "worker1 chaos3-a-1".
agents_have() {
	local worker
	for worker in worker1 worker2; do
		lab exec "$worker" -- curl -sS --unix-socket /run/stackpilot/agentd.sock http://a/v1/workloads |
			jq -r --arg node "$worker" '.workloads[] | "\($node) \(.id)"'
	done | sort
}

store_has() {
	query "SELECT w.node || ' ' || w.id FROM workloads w JOIN stacks s ON s.name = w.stack AND s.revision = w.revision" | sort
}

query() {
	if on_postgres; then sql -c "$1"; else lab exec control -- sqlite3 /var/lib/stackpilot/control/store.db "$1"; fi
}

# Whoever acquires a lock finds it free, and has a higher token than any before.
one_holder_at_a_time() {
	query "SELECT stack, type, fields FROM events WHERE type LIKE 'lock.%' ORDER BY seq" | python3 -c '
import json, sys
holder, token = {}, {}
for line in sys.stdin:
    stack, kind, fields = line.rstrip("\n").split("|", 2)
    fields = json.loads(fields)
    if kind == "lock.acquired":
        assert not holder.get(stack), f"{stack}: {fields} while {holder[stack]} holds it"
        assert fields["token"] > token.get(stack, 0), f"{stack}: {fields} after {token[stack]}"
        holder[stack] = token[stack] = fields["token"]
    elif kind != "lock.joined":
        holder[stack] = None
print(len(token), "stacks")'
}

everything_is_right() {
	local stack
	within 60 at_rest
	run -0 ctl store check
	[ "$(query 'SELECT count(*) - max(seq) FROM events')" = 0 ]
	one_holder_at_a_time
	diff <(store_has) <(agents_have)
	[ "$(ctl stack ls -o json | jq -c '[.stacks[] | select(.state != "running")]')" = '[]' ]
	for stack in $(ctl stack ls -o json | jq -r '.stacks[].name'); do
		run -0 ctl drift detect "$stack"
	done
}

@test "chaos on SQLite leaves nothing behind" {
	chaos
	everything_is_right
}

@test "chaos on PostgreSQL leaves nothing behind" {
	database_use
	touch "$CLUSTER/on-postgres"
	chaos
	everything_is_right
}

@test "what is left of it is destroyed, and the nodes are empty" {
	for stack in $(ctl stack ls -o json | jq -r '.stacks[].name'); do
		ctl destroy --yes --wait=20s "$stack" # somebody who was killed while waiting keeps his place for some seconds
	done
	[ -z "$(agents_have)" ]
}
