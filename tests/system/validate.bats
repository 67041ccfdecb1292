#!/usr/bin/env bats
# ctl validate: every kind of bad stack file is refused with its address and exit code 3, and no server is asked.

bats_require_minimum_version 1.5.0

setup() {
	SOURCE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	CTL=$SOURCE/${O:-build}/bin/ctl
	[[ ${O:-build} == /* ]] && CTL=$O/bin/ctl
	mkdir "$BATS_TEST_TMPDIR/work" && cd "$BATS_TEST_TMPDIR/work"
	# A context that leads nowhere: asking a server would fail with 7.
	echo '{"unix": "/nonexistent/controld.sock"}' >context.json
	export STACKPILOT_CONTEXT=$PWD/context.json HOME=$PWD
}

# Write stack.yaml from standard input and validate it.
validate() {
	cat >stack.yaml
	run --separate-stderr "$CTL" validate --name demo "$@" stack.yaml
}

# The last validation was refused with exactly this line among others.
refused() {
	[ "$status" -eq 3 ] || { echo "exit $status"; return 1; }
	grep -qxF -- "$1" <<<"$stderr" || { printf 'expected: %s\n     got: %s\n' "$1" "$stderr"; return 1; }
}

@test "a good file is accepted, and its services are told" {
	validate <<-'END'
		services:
		  db:
		    image: postgres
		    healthcheck: {test: [CMD, pg_isready], interval: 5s, timeout: 5s}
		    volumes: [data:/data]
		  api:
		    image: api:${TAG:-1}
		    depends_on: {db: {condition: service_healthy}}
		    deploy: {replicas: 2}
		volumes: {data: }
	END
	[ "$status" -eq 0 ]
	[ "$output" = "stack.yaml: stack 'demo' is valid: 2 services, 1 volumes" ]
	run --separate-stderr "$CTL" validate -o json stack.yaml
	[ "$status" -eq 0 ]
	[ "$(jq -r '.valid, (.services | join(" "))' <<<"$output")" = $'true\ndb api' ]
}

@test "an unknown key is refused at its line and column, with what was meant" {
	validate <<-'END'
		services:
		  web:
		    image: nginx
		    enviroment: {A: 1}
	END
	refused "stack.yaml:4:5: error: services.web.enviroment is not a key of services.NAME (did you mean 'environment'?)"
}

@test "a key that is not supported yet is refused by name" {
	validate <<-'END'
		services:
		  web:
		    build: .
		    privileged: true
	END
	refused "stack.yaml:3:5: error: services.web.build is not supported yet"
	refused "stack.yaml:4:5: error: services.web.privileged is not supported yet"
}

@test "a wrong type is refused with what was expected" {
	validate <<-'END'
		services:
		  web:
		    image: [nginx]
		    deploy: {replicas: many}
	END
	refused "stack.yaml:3:12: error: services.web.image expects a string, not a list"
	refused "stack.yaml:4:24: error: services.web.deploy.replicas expects a whole number, not 'many'"
}

@test "an unset required variable is refused with its message, a set one is taken" {
	validate <<-'END'
		services:
		  web:
		    image: nginx:${TAG:?which one}
	END
	refused "stack.yaml:3:18: error: services.web.image needs the variable 'TAG': which one"
	run env TAG=1.2 "$CTL" validate --name demo stack.yaml
	[ "$status" -eq 0 ]
	echo TAG=1.3 >.env
	run "$CTL" validate --name demo stack.yaml
	[ "$status" -eq 0 ]
}

@test "a dependency cycle is refused with its path" {
	validate <<-'END'
		services:
		  a: {image: x, depends_on: [b]}
		  b: {image: x, depends_on: [c]}
		  c: {image: x, depends_on: [a]}
	END
	refused "stack.yaml:4:30: error: services.c.depends_on closes a circle: a -> b -> c -> a"
}

@test "references to what is not there are refused" {
	validate <<-'END'
		services:
		  web:
		    image: x
		    depends_on: [db]
		    volumes: [data:/data]
		    secrets: [key]
	END
	refused "stack.yaml:4:18: error: services.web.depends_on[0] depends on 'db', which is not a service of this file"
	refused "stack.yaml:5:15: error: services.web.volumes[0] names the volume 'data', which the top-level 'volumes' does not have"
	refused "stack.yaml:6:15: error: services.web.secrets[0] names 'key', which the top-level 'secrets' does not have"
}

@test "one host port published twice is refused" {
	validate <<-'END'
		services:
		  a: {image: x, ports: ["8080:80"]}
		  b: {image: x, ports: ["8080:81"]}
	END
	refused "stack.yaml:3:3: error: services.b.ports publishes port 8080/tcp, which 'a' publishes too"
}

@test "broken YAML, a key given twice and a second document are refused" {
	validate <<<'services: ['
	refused "stack.yaml:2:1: error: did not find expected node content"
	validate <<<$'services:\n  a: {image: x}\n  a: {image: y}'
	refused "stack.yaml:3:3: error: given twice: the key 'a'"
	validate <<<$'services: {a: {image: x}}\n---\n{}'
	refused "stack.yaml:2:1: error: a stack file holds one document only"
	validate </dev/null
	refused "stack.yaml:1:1: error: the file is empty"
}

@test "a billion laughs cost nothing" {
	{
		echo 'x-0: &a0 [l, l, l, l, l, l, l, l, l, l]'
		for i in 1 2 3 4 5 6 7 8 9; do
			echo "x-$i: &a$i [$(printf "*a$((i - 1)),%.0s" 1 2 3 4 5 6 7 8 9) *a$((i - 1))]"
		done
	} >laughs.yaml
	run --separate-stderr timeout 5 "$CTL" validate --name demo laughs.yaml
	[ "$status" -eq 3 ]
	[[ $stderr == *"laughs.yaml:5:"*"too many values, with every alias written out"* ]]
}

@test "an env file is refused at its own line" {
	printf 'A=1\nno equals sign\n' >web.env
	validate <<-'END'
		services:
		  web: {image: x, env_file: web.env}
	END
	refused "web.env:2:1: error: has a line that is not NAME=value"
	rm web.env
	run --separate-stderr "$CTL" validate --name demo stack.yaml
	refused "stack.yaml:2:29: error: services.web.env_file cannot be read: 'web.env': No such file or directory"
}

@test "a probe that would outlast its interval is refused" {
	validate <<-'END'
		services:
		  web:
		    image: x
		    x-stackpilot:
		      liveness: {tcp: {port: 80}, interval: 1s, timeout: 2s}
	END
	refused "stack.yaml:5:58: error: services.web.x-stackpilot.liveness.timeout is longer than the interval"
}

@test "all problems are told in one pass, also as JSON" {
	validate -o json <<-'END'
		services:
		  web:
		    build: .
		    read_only: 7
		    nonsense: 1
	END
	[ "$status" -eq 3 ]
	[ "$(jq -r '.valid' <<<"$output")" = false ]
	[ "$(jq -r '.diagnostics[] | "\(.line):\(.column) \(.code) \(.key)"' <<<"$output")" = "3:5 unsupported services.web.build
4:16 type services.web.read_only
5:5 unknown_key services.web.nonsense" ]
}

@test "a file that is not there is told as such" {
	run "$CTL" validate --name demo none.yaml
	[ "$status" -ne 0 ]
	[[ $output == *"none.yaml"*"No such file"* ]]
}

@test "terminal escapes in a file do not reach the terminal" {
	validate <<<$'services: {web: {image: x, "\\e[31mred": 1}}'
	[ "$status" -eq 3 ]
	[[ $stderr != *$'\e'* ]]
}

@test "validating twice says the same and leaves nothing behind" {
	validate <<<'services: {web: {image: x, build: .}}'
	first=$stderr
	validate <<<'services: {web: {image: x, build: .}}'
	[ "$stderr" = "$first" ]
	[ "$(ls -A)" = $'context.json\nstack.yaml' ]
}

@test "the example of the manual is valid, and so is the demo" {
	sed -n '/^```yaml$/,/^```$/p' "$SOURCE/docs/stack-file.md" | grep -v '^```' >stack.yaml
	run --separate-stderr env DB_PASSWORD=x "$CTL" validate stack.yaml
	[ "$status" -eq 0 ]
	[ "$output" = "stack.yaml: stack 'shop' is valid: 2 services, 1 volumes" ]
	run --separate-stderr "$CTL" validate stack.yaml
	refused "stack.yaml:6:26: error: services.db.environment.POSTGRES_PASSWORD needs the variable 'DB_PASSWORD': set it in .env"
	[ ! -e "$SOURCE/demo/stack.yaml" ] || "$CTL" validate "$SOURCE/demo/stack.yaml"
}
