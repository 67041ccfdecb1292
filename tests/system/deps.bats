#!/usr/bin/env bats
# ctl deps on a real cluster: three stacks that require each other, what is refused because of it, and the pictures.

load lib/cluster

setup_file() {
	cluster_up
	cluster_busybox
	stack base '{outputs: {zone: eu}}'
	stack net '{requires: {base: {outputs: [zone]}}, outputs: {vpc: v1}}'
	stack app '{requires: {net: {outputs: [vpc]}}}'
	for name in base net app; do ctl deploy "$CLUSTER/$name.yaml"; done
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

stack() { # name, x-stackpilot
	cat >"$CLUSTER/$1.yaml" <<-END
		name: $1
		services:
		  db:
		    image: test/busybox:1
		    command: ["sleep 1000"]
		  web:
		    image: test/busybox:1
		    command: ["sleep 1000"]
		    depends_on: [db]
		x-stackpilot: $2
	END
}

@test "show tells direct, indirect, dependents, count and depth" {
	run -0 ctl deps show app net
	[[ $output =~ app\ +running\ +net\ +base\ +-\ +2\ +2 ]]
	[[ $output =~ net\ +running\ +base\ +-\ +app\ +1\ +1 ]]
	[[ $output =~ app/web\ +-\ +app/db\ +-\ +-\ +1\ +1 ]]
	[ "$(ctl deps show base -o json | jq -r '.resources[0] | .outputs[0], .dependents_indirect[0]')" = $'zone\napp' ]
	[ "$(ctl deps show app -o json | jq -c '.statistics | [.stacks, .dependencies]')" = '[1,2]' ]
	run -1 ctl deps show nothing
	[[ $output == *"there is no stack 'nothing'"* ]]
}

@test "order is numbered, in groups, with an estimate from past deploys" {
	run -0 --separate-stderr ctl deps order app
	[[ $output =~ 1\ +1\ +base\ +running\ +[0-9] ]]
	[[ $output =~ 3\ +3\ +app ]]
	[[ $stderr == "about "*" group by group, "*" one by one" ]]
}

@test "the graph is DOT, mermaid, SVG and PNG, with counts beside it" {
	run -0 --separate-stderr ctl deps graph app
	[[ $output == *'"app" -> "net";'* && $output != *app/web* ]]
	[[ $stderr == "3 stacks, 2 dependencies, depth 2, 0 missing, 0 on circles" ]]
	run -0 --separate-stderr ctl deps graph --full-tree --show-versions
	[[ $stderr == "3 stacks, 6 services, 0 tasks, 5 dependencies, depth 2, 0 missing, 0 on circles" ]]
	[[ $output == *'"app/web" -> "app/db";'* && $output == *'revision 1'* && $output == *test/busybox:1* ]]
	run -0 --separate-stderr ctl deps graph -f mermaid
	[[ $output == "flowchart LR"*"napp --> nnet"* ]]
	ctl deps graph -f svg --full-tree --out "$CLUSTER/g.svg"
	xmllint --noout --nonet "$CLUSTER/g.svg"
	ctl deps graph -f png --out "$CLUSTER/g.png"
	[ "$(head -c 4 "$CLUSTER/g.png" | tail -c 3)" = PNG ]
}

@test "a deploy whose required stack or output is missing is refused with its address, and leaves no operation" {
	stack extra '{requires: [nowhere]}'
	operations=$(ctl op ls -o json | jq '.operations | length')
	run -3 ctl deploy "$CLUSTER/extra.yaml"
	[[ $output == *"extra.yaml:10:27: 'extra' requires the stack 'nowhere', which is not deployed"* ]]
	stack extra '{requires: {net: {outputs: [nope]}}}'
	run -3 ctl deploy "$CLUSTER/extra.yaml"
	[[ $output == *"requires the output 'nope', which the stack 'net' does not have"* ]]
	stack base '{requires: [app], outputs: {zone: eu}}'
	run -3 ctl deploy "$CLUSTER/base.yaml"
	circle=$output
	[[ $circle == *"base.yaml:10:27: 'base' would require itself: base -> app -> net -> base"* ]]
	[[ $circle == *"way out: 'base' no longer requires 'app' ($CLUSTER/base.yaml:10:27)"*"way out: 'net' no longer requires 'base'"* ]]
	next=${circle##*next: }
	[ "$next" = "ctl deps check $CLUSTER/base.yaml" ]
	[ "$(ctl op ls -o json | jq '.operations | length')" = "$operations" ]
}

@test "what a refusal names next tells of a file that is not deployed: the circle, its ways out, what is missing" {
	stack base '{requires: [app], outputs: {zone: eu}}'
	run -3 ctl deps check "$CLUSTER/base.yaml"
	[[ $output == *"circle: base -> app -> net -> base"* ]]
	[[ $output == *"way out: 'base' no longer requires 'app' ($CLUSTER/base.yaml:10:27)"* ]]
	[ "$(ctl deps check "$CLUSTER/base.yaml" -o json | jq -c '.cycles[0].cuts[0]')" = '{"from":"base","to":"app","line":10,"column":27}' ]
	run -3 ctl validate "$CLUSTER/base.yaml" -o json
	[ "$(jq -c '.validations[0].checks[] | select(.area == "dependencies") | [.verdict, .line, .column, .next]' <<<"$output")" = \
		"[\"FAIL\",10,27,\"ctl deps check $CLUSTER/base.yaml\"]" ]
	[[ $output == *"base -> app -> net -> base; way out: 'base' no longer requires 'app'"* ]]
	stack extra '{requires: {nowhere: , net: {outputs: [nope]}}}'
	run -3 ctl deps check "$CLUSTER/extra.yaml"
	[[ $output == *"missing: 'extra' requires the stack 'nowhere' ($CLUSTER/extra.yaml:10:27)"* ]]
	[[ $output == *"requires of stack 'net' the output 'nope'"* ]]
	run -3 ctl deps check "$CLUSTER/extra.yaml" app
	[[ $output == *"check one at a time"* ]]
	stack extra '{requires: [net]}'
	run -0 ctl deps check "$CLUSTER/extra.yaml"
}

@test "an output of another stack is a variable of the service, and follows when it is deployed again" {
	stack user '{requires: {net: {outputs: [vpc]}}}'
	sed -i 's|^  web:|&\n    x-stackpilot: {from_output: {VPC: net/vpc}}|' "$CLUSTER/user.yaml"
	ctl deploy "$CLUSTER/user.yaml"
	[ "$(ctl exec user-web-1 -- sh -c 'echo $VPC')" = v1 ]
	run -0 ctl validate --strict "$CLUSTER/user.yaml"
	stack net '{requires: {base: {outputs: [zone]}}, outputs: {vpc: v2}}'
	before=$(ctl ps -o json | jq -c '[.workloads[] | select(.stack == "net") | [.id, .incarnation]]')
	ctl deploy "$CLUSTER/net.yaml"
	[ "$(ctl ps -o json | jq -c '[.workloads[] | select(.stack == "net") | [.id, .incarnation]]')" = "$before" ]
	ctl deploy "$CLUSTER/user.yaml"
	[ "$(ctl exec user-web-1 -- sh -c 'echo $VPC')" = v2 ]
	ctl destroy user --yes
}

@test "check is content, and a destroy that others need is refused unless forced" {
	run -0 ctl deps check
	run -1 ctl destroy net --yes
	[[ $output == *"the stack 'net' is required by 'app'"* ]]
	ctl destroy net --yes --force
	run -3 ctl deps check
	[[ $output == *"missing: 'app' requires the stack 'net'"* ]]
	run -3 ctl deps check app
	run -0 ctl deps check base
	run -0 ctl deps show app
	[[ $output =~ app\ +running\ +net\ +-\ +-\ +1 ]]
	ctl destroy app --yes
	ctl destroy base --yes
}
