#!/usr/bin/env bats
# ctl by itself: no server, no lab. What it prints, where, and with which exit status.

setup() {
	CTL=$BATS_TEST_DIRNAME/../../${O:-build}/bin/ctl
	SHARE=$BATS_TEST_DIRNAME/../../${O:-build}/share
	dir=$(mktemp -d)
	export HOME=$dir
	unset STACKPILOT_CONTEXT
	bats_require_minimum_version 1.5.0
}

teardown() {
	rm -rf "$dir"
}

commands() { "$CTL" help | sed -n '/^commands:/,/^$/p' | sed -n 's/^  \([a-z]*\( [a-z-]*\)\?\)  .*/\1/p'; }

good_file() {
	printf 'name: t\nservices:\n  web:\n    image: x\n' >"$dir/good.yaml"
}

@test "help lists the commands, and each explains itself" {
	[ "$(commands | wc -l)" -ge 20 ]
	while read -r name; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$CTL" $name --help
		[[ $output == "ctl $name: "* ]]
		[ -z "$stderr" ]
	done < <(commands)
}

@test "the man page is clean and names every command and flag" {
	run -0 bash -c "man -l --warnings -E UTF-8 '$SHARE/man/man1/ctl.1' 2>&1 >'$dir/man.txt'"
	[ -z "$output" ]
	page=$(tr -s ' \n' ' ' <"$dir/man.txt")
	while read -r name; do
		[[ $page == *"ctl $name"* ]]
		# shellcheck disable=SC2086
		for flag in $("$CTL" $name --help | grep -o -- '--[a-z-]\+' | sort -u); do
			[[ $page == *"$flag"* ]] || { echo "no $flag of $name"; false; }
		done
	done < <(commands)
}

complete() { # words... : what completion offers for the last
	bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ctl; printf "%s\n" "${COMPREPLY[@]}"' \
		- "$SHARE/bash-completion/completions/ctl" "$@"
}

@test "completion offers commands, their second words, flags and choices" {
	bash -n "$SHARE/bash-completion/completions/ctl"
	[ "$(complete ctl depl)" = deploy ]
	[[ $(complete ctl node "") == *token* ]]
	[ "$(complete ctl logs --fol)" = --follow ]
	[ "$(complete ctl node ls --out)" = --output ]
	[[ $(complete ctl ps -o "") == *yaml* ]]
}

@test "a mistyped command or flag is exit 3 with a suggestion on stderr" {
	run -3 --separate-stderr "$CTL" depoly
	[ -z "$output" ]
	[[ $stderr == *"did you mean 'deploy'"* ]]
	run -3 "$CTL" ps --outptu json
	[[ $output == *"did you mean '--output'"* ]]
	run -3 "$CTL" node
	[[ $output == *"needs one of: ls, show, token, rm"* ]]
	run -3 "$CTL" node lst
	[[ $output == *"node has no 'lst', only: ls, show, token, rm"* ]]
	run -3 "$CTL"
}

@test "the programs of one build say one version" {
	version=$("$CTL" version --client -o json | jq -r .client)
	[ "$("${CTL%ctl}agentd" version)" = "agentd $version" ]
	[ "$("${CTL%ctl}controld" version)" = "controld $version" ]
}

@test "a group of commands explains itself as a command does" {
	for words in "lock --help" "lock -h" "help lock"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$CTL" $words
		[ -z "$stderr" ]
		[[ $output == "usage: ctl lock COMMAND "*"  lock acquire "*"  lock force-release "* ]]
		[[ $output != *"  node ls "* ]]
	done
	run -3 "$CTL" nolock --help
}

@test "help is laid out in columns, and no line of prose is longer than 100" {
	while read -r name; do
		# shellcheck disable=SC2086
		"$CTL" $name --help | awk -v name="$name" '
			/^flags:/ { flags = 1; next }
			!flags && length($0) > 100 { print name ": " $0; bad = 1 }
			flags && !match($0, /[^ ]  +[^ ]/) { print name ": " $0; bad = 1 }
			flags && match(substr($0, 9), /  +[^ ]/) {
				at = RSTART + RLENGTH
				if (column && at != column) { print name ": " $0; bad = 1 }
				column = at
			}
			END { exit bad }'
	done < <(commands)
}

@test "a good file is valid without any server" {
	good_file
	run -0 --separate-stderr "$CTL" validate "$dir/good.yaml"
	[[ $output == *"stack 't' is valid: 1 services"* ]]
	[ "$("$CTL" validate -o json "$dir/good.yaml" | jq -r .valid)" = true ]
}

@test "a bad file is told with file, line and column, and sent nowhere" {
	printf 'name: t\nservices:\n  web:\n    image: x\n    prots: []\n' >"$dir/bad.yaml"
	run -3 --separate-stderr "$CTL" validate "$dir/bad.yaml"
	[ -z "$output" ]
	[[ $stderr == *"bad.yaml:5:5: error: "*prots* ]]
	run -3 "$CTL" deploy "$dir/bad.yaml"
	[[ $output == *"nothing was sent"* ]]
	run -3 "$CTL" deploy "$dir/not-there.yaml"
}

@test "without a context every call is exit 7 and says what to do" {
	cp "$CTL" "$dir/ctl"
	run -7 --separate-stderr "$dir/ctl" ps
	[ -z "$output" ]
	[[ $stderr == *"no context file"*"next: make up"* ]]
}

@test "a controld that does not answer is exit 7 and is named" {
	echo "{\"unix\": \"$dir/none.sock\"}" >"$dir/context.json"
	run -7 "$CTL" --context "$dir/context.json" ps
	[[ $output == *controld*"$dir/none.sock"* ]]
	run -5 "$CTL" --context "$dir/context.json" verify
	[[ $output == *FAIL* && $output != *PASS* ]]
}

@test "a lab that is gone is said to be down" {
	echo "{\"unix\": \"/x\", \"netns\": {\"path\": \"/proc/self/ns/net\", \"inode\": 1}}" >"$dir/context.json"
	run -7 "$CTL" --context "$dir/context.json" ps
	[[ $output == *"lab is not up; run make up"* ]]
}

@test "a context is read strictly" {
	echo '{"unix": "/x", "colour": 1}' >"$dir/context.json"
	run -3 "$CTL" --context "$dir/context.json" ps
	[[ $output == *"context.colour: unknown key"* ]]
}

@test "nobody is asked about what cannot be looked at" {
	run -7 "$CTL" destroy demo </dev/null
	[[ $output != *"--yes"* ]]
}

@test "a result that cannot be written is a failure" {
	run -1 bash -c "'$CTL' help >/dev/full"
}

@test "verify's junit output is well-formed" {
	command -v xmllint >/dev/null || skip "no xmllint"
	echo "{\"unix\": \"$dir/none.sock\"}" >"$dir/context.json"
	"$CTL" --context "$dir/context.json" verify -o junit >"$dir/out.xml" || true
	xmllint --noout "$dir/out.xml"
	grep -q '<failure' "$dir/out.xml"
}
