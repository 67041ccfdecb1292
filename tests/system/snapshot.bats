#!/usr/bin/env bats
# Snapshots of a real stack: taken, listed, compared, restored on the machines themselves.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() {
	bats_require_minimum_version 1.5.0
	FILE=$CLUSTER/stack.yaml
}

RUN='while :; do sleep 1; done'

# Another image of the same name: one more file in it.
other_image() {
	touch "$CLUSTER/busybox/marker"
	tar -C "$CLUSTER/busybox" -cf "$CLUSTER/busybox.tar" .
	ctl image import --config "$CLUSTER/busybox.json" --name test/busybox:1 "$CLUSTER/busybox.tar"
}

first_stack() {
	cat >"$FILE" <<-END
		name: s
		services:
		  web:
		    image: test/busybox:1
		    command: ['$RUN']
		    environment: {API_TOKEN: canary-token}
		  side:
		    image: test/busybox:1
		    command: ['$RUN']
		    volumes: ['kept:/kept']
		    deploy: {placement: {constraints: [node.hostname == worker2]}}
		volumes: {kept: }
	END
}

second_stack() {
	cat >"$FILE" <<-END
		name: s
		services:
		  web:
		    image: test/busybox:1
		    command: ['$RUN']
		    environment: {API_TOKEN: canary-token}
		    volumes: ['added:/added']
		volumes: {added: }
	END
}

@test "a snapshot tells what runs, and is verified because it does" {
	first_stack
	ctl deploy "$FILE"
	ctl exec s-side-1 -- sh -c 'echo precious >/kept/file'
	run -0 ctl snapshot create s --description "before the change" --tag release-1
	[ "$output" = v1 ]
	run -0 ctl snapshot ls s
	[[ $output == *v1*verified*request*"web 1"*release-1*"before the change"* ]]
	run -0 ctl snapshot show s v1
	[[ $output == *"volumes"*"s.kept"* ]]
	run -0 ctl snapshot show s 1 -o json
	[[ $output != *canary* ]]
}

@test "a deploy takes one of what ran before it" {
	other_image
	second_stack
	run -0 ctl deploy "$FILE"
	run -0 ctl snapshot ls s
	[[ $output == *v2*deploy* ]]
	ctl exec s-web-1 -- sh -c 'test -e /marker && test -d /added'
	[ "$(ctl ps -o json | jq '.workloads | length')" -eq 1 ]
}

@test "restore --dry-run shows the plan and changes nothing" {
	run -2 ctl snapshot restore s v1 --dry-run
	[[ $output == *"~ s-web-1"*"image_digest"* ]]
	[[ $output == *"+ s-side-1  worker2"* ]]
	[[ $output != *canary* ]]
	[ "$(ctl ps -o json | jq '.workloads | length')" -eq 1 ]
}

@test "restore changes the machines back: image, service, volume" {
	run -0 ctl snapshot restore s v1 --yes
	[[ $output == *"is what it was in the snapshot"* ]]
	run -0 ctl exec s-web-1 -- sh -c 'test ! -e /marker && test ! -d /added && echo "$API_TOKEN"'
	[ "$output" = canary-token ]
	[ "$(ctl exec s-side-1 -- cat /kept/file)" = precious ]
	[ "$(ctl ps -o json | jq -r '.workloads[] | select(.id == "s-side-1").node')" = worker2 ]
	run -0 ctl snapshot restore s v1 --dry-run
	ctl events --stack s --type snapshot.restored -o json | jq -se '.[0].fields.version == 1'
}

@test "two snapshots are compared field by field" {
	[ "$(ctl snapshot create s)" = v4 ] # v3: before the restore
	run -2 ctl snapshot compare s v1 v3
	[[ $output == *"stack 's': snapshot v1 -> snapshot v3"* ]]
	[[ $output == *"~ s-web-1"*"+ mounts./added.source"*"s.added"* ]]
	[[ $output == *"- s-side-1"* ]]
	[[ $output != *canary* ]]
	run -0 --separate-stderr ctl snapshot compare s v1 v4
	[ "$output" = "stack 's': no difference between snapshot v1 and snapshot v4" ]
}

@test "a snapshot outlives its stack; tags are changed, and it can be removed" {
	run -0 ctl snapshot tag s v1 golden
	ctl snapshot show s v1 -o json | jq -e '.tags == ["golden"]'
	run -0 ctl destroy s --yes
	for command in "drift detect" "drift show" diff "stack show" "state ls"; do
		run -1 ctl $command s
		[[ $output == *"there is no stack 's'"*"next: ctl stack ls" ]]
	done
	run -0 ctl snapshot restore s v1 --yes
	[ "$(ctl exec s-side-1 -- cat /kept/file)" = precious ]
	run -0 ctl snapshot rm s v1 --yes
	run -1 ctl snapshot show s v1
	[[ $output == *"there is no snapshot v1 of 's'"* ]]
	run -3 ctl snapshot show s vx
}
