/* What a service may not say: types, mounts, ports, probes, privileges. */
#include "refusing.h"

Test(refusals, say_what_type_was_expected)
{
	static const struct refusal cases[] = {
		{ "    user: [a]\n",
		  "s.yaml:4:11: error: services.web.user expects a string, not a list" },
		{ "    user:\n",
		  "s.yaml:4:10: error: services.web.user expects a string, not nothing" },
		{ "    user: ''\n", "s.yaml:4:11: error: services.web.user is empty" },
		{ "    read_only: maybe\n",
		  "s.yaml:4:16: error: services.web.read_only expects true or false, not 'maybe'" },
		{ "    deploy: {replicas: many}\n",
		  "s.yaml:4:24: error: services.web.deploy.replicas expects a whole number, not "
		  "'many'" },
		{ "    deploy: {replicas: 1001}\n",
		  "s.yaml:4:24: error: services.web.deploy.replicas is '1001', outside of 0..1000" },
		{ "    deploy: {replicas: -1}\n",
		  "s.yaml:4:24: error: services.web.deploy.replicas is '-1', outside of 0..1000" },
		{ "    mem_limit: lots\n",
		  "s.yaml:4:16: error: services.web.mem_limit expects a size such as 512m or 2gb, "
		  "not 'lots'" },
		{ "    cpus: half\n",
		  "s.yaml:4:11: error: services.web.cpus expects a number of CPUs such as 0.5 "
		  "(from 0.001), not 'half'" },
		{ "    cpus: 0.0001\n",
		  "s.yaml:4:11: error: services.web.cpus expects a number of CPUs such as 0.5 "
		  "(from 0.001), not '0.0001'" },
		{ "    pids_limit: 0\n",
		  "s.yaml:4:17: error: services.web.pids_limit is 0: write -1 for no limit" },
		{ "    stop_grace_period: 10\n",
		  "s.yaml:4:24: error: services.web.stop_grace_period expects a duration such as "
		  "1m30s, not '10'" },
		{ "    stop_grace_period: 25h\n",
		  "s.yaml:4:24: error: services.web.stop_grace_period is longer than a day" },
		{ "    stop_signal: SIGFOO\n",
		  "s.yaml:4:18: error: services.web.stop_signal is 'SIGFOO', which is no signal" },
		{ "    volumes: data:/data\n",
		  "s.yaml:4:14: error: services.web.volumes expects a list, not a string" },
		{ "    environment: [[A]]\n",
		  "s.yaml:4:19: error: services.web.environment[0] expects NAME=value, not a list" },
		{ "    environment: {A: [1]}\n",
		  "s.yaml:4:22: error: services.web.environment.A expects a string, not a list" },
		{ "    environment: {\"A B\": 1}\n",
		  "s.yaml:4:26: error: services.web.environment.A B has 'A B', which cannot name a "
		  "variable" },
		{ "    environment: [A=1, A=2]\n",
		  "s.yaml:4:24: error: services.web.environment[1] gives 'A' a second time" },
		{ "    command: \"a 'b\"\n",
		  "s.yaml:4:14: error: services.web.command has an open quote, a lone backslash or "
		  "more than 256 words" },
		{ "    command: [a, [b]]\n",
		  "s.yaml:4:18: error: services.web.command[1] expects a string, not a list" },
		{ "    restart: sometimes\n",
		  "s.yaml:4:14: error: services.web.restart is 'sometimes', not one of: no, "
		  "always, on-failure[:TIMES], unless-stopped" },
		{ "    hostname: a/b\n",
		  "s.yaml:4:15: error: services.web.hostname is 'a/b': a name has letters, digits, "
		  "'.', '-' and '_', at most 63" },
		{ "    working_dir: app\n",
		  "s.yaml:4:18: error: services.web.working_dir is not an absolute path: 'app'" },
		{ "    labels: 5\n",
		  "s.yaml:4:13: error: services.web.labels expects a map or a list of NAME=value, "
		  "not a string" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_mounts)
{
	static const struct refusal cases[] = {
		{ "    volumes: [data:/data]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] names the volume 'data', which the "
		  "top-level 'volumes' does not have" },
		{ "    volumes: [/a:b]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] is not an absolute path: 'b'" },
		{ "    volumes: [/a:/b/../c]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] has '..' in the path '/b/../c'" },
		{ "    volumes: [/a:/]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] is the root directory" },
		{ "    volumes: [/a:/proc/sys]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] mounts on '/proc/sys': /proc, /sys and "
		  "/dev (but for /dev/shm) are the container's own" },
		{ "    volumes: [/a:/./dev//null/]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] mounts on '/dev/null': /proc, /sys and "
		  "/dev (but for /dev/shm) are the container's own" },
		{ "    volumes:\n      - {type: tmpfs, target: /dev}\n",
		  "s.yaml:5:31: error: services.web.volumes[0].target mounts on '/dev': /proc, /sys "
		  "and /dev (but for /dev/shm) are the container's own" },
		{ "    tmpfs: [/run, /dev/shm, /sys]\n",
		  "s.yaml:4:29: error: services.web.tmpfs[2] mounts on '/sys': /proc, /sys and /dev "
		  "(but for /dev/shm) are the container's own" },
		{ "    volumes: [/:/host]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] gives the container the node's root "
		  "directory" },
		{ "    volumes: [/a:/b:rshared]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] has the option 'rshared', which is "
		  "not supported yet" },
		{ "    volumes: [~bob/a:/b]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] names the home directory of a user, "
		  "which is not supported" },
		{ "    volumes: [~/a:/b]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] '/a' is relative, and it is not "
		  "known to what: write an absolute path" },
		{ "    volumes: [/a:/x, /b:/x/]\n",
		  "s.yaml:4:22: error: services.web mounts two things at '/x'" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_mounts_said_at_length)
{
	static const struct refusal cases[] = {
		{ "    volumes:\n      - {type: bind, target: /a}\n",
		  "s.yaml:5:9: error: services.web.volumes[0] has no 'source': a volume without a "
		  "name is not supported yet" },
		{ "    volumes:\n      - {source: /a, target: /a}\n",
		  "s.yaml:5:9: error: services.web.volumes[0] has no 'type'" },
		{ "    volumes:\n      - {type: tmpfs}\n",
		  "s.yaml:5:9: error: services.web.volumes[0] has no 'target'" },
		{ "    volumes:\n      - {type: npipe, source: a, target: /a}\n",
		  "s.yaml:5:16: error: services.web.volumes[0].type is 'npipe', not one of: volume, "
		  "bind, tmpfs" },
		{ "    volumes:\n      - {type: bind, source: /a, target: /a, tmpfs: {size: 1m}}\n",
		  "s.yaml:5:9: error: services.web.volumes[0] has options of another type of "
		  "mount" },
		{ "    volumes:\n      - {type: tmpfs, source: /a, target: /a}\n",
		  "s.yaml:5:9: error: services.web.volumes[0] is a tmpfs and has a 'source'" },
		{ "    volumes:\n      - {type: bind, source: /a, target: /a, bind: "
		  "{propagation: shared}}\n",
		  "s.yaml:5:53: error: services.web.volumes[0].bind.propagation is not supported "
		  "yet" },
		{ "    volumes:\n      - {type: tmpfs, target: /a, tmpfs: {mode: 999}}\n",
		  "s.yaml:5:49: error: services.web.volumes[0].tmpfs.mode expects an octal mode such "
		  "as 0440, not '999'" },
		{ "    volumes:\n      - {type: tmpfs, target: /a, tmpfs: {mode: 777}}\n",
		  "s.yaml:5:49: error: services.web.volumes[0].tmpfs.mode expects an octal mode such "
		  "as 0440, not '777'" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_tmpfs)
{
	static const struct refusal cases[] = {
		{ "    tmpfs: /run:size=x\n",
		  "s.yaml:4:12: error: services.web.tmpfs has the size 'x'" },
		{ "    tmpfs: [/run:mode=9]\n",
		  "s.yaml:4:13: error: services.web.tmpfs[0] has the mode '9'" },
		{ "    tmpfs: /run:noexec\n",
		  "s.yaml:4:12: error: services.web.tmpfs has the option 'noexec', which is not "
		  "supported yet" },
		{ "    tmpfs: run\n", "s.yaml:4:12: error: services.web.tmpfs is not an absolute "
				      "path: 'run'" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_ports)
{
	static const struct refusal cases[] = {
		{ "    ports: [\"0:80\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has '0', which is no port or range of "
		  "ports (1-65535)" },
		{ "    ports: [\"80:65536\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has '65536', which is no port or range "
		  "of ports (1-65535)" },
		{ "    ports: [\"80:9-8\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has '9-8', which is no port or range of "
		  "ports (1-65535)" },
		{ "    ports: [\"80:80/sctp\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has the protocol 'sctp', which is not "
		  "supported yet (tcp and udp are)" },
		{ "    ports: [\"300.0.0.1:80:80\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has '300.0.0.1', which is no IPv4 "
		  "address" },
		{ "    ports: [\"1-2:1-3\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has ranges of different length for the "
		  "host and the container" },
		{ "    ports: [\"1000-1999:1000-1999\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] publishes more than 256 ports" },
		{ "    ports: [\"80:80\", \"127.0.0.1:80:81\"]\n",
		  "s.yaml:2:3: error: services.web.ports publishes port 80/tcp, which 'web' "
		  "publishes too" },
		{ "    ports: [\"80:80\"]\n  other:\n    image: x\n    ports: [\"80:1\"]\n",
		  "s.yaml:5:3: error: services.other.ports publishes port 80/tcp, which 'web' "
		  "publishes too" },
		{ "    ports: [{published: 80}]\n",
		  "s.yaml:4:13: error: services.web.ports[0] has no 'target'" },
		{ "    ports: [{target: x, published: 80}]\n",
		  "s.yaml:4:22: error: services.web.ports[0].target expects a whole number, not "
		  "'x'" },
		{ "    ports: [{target: 80}]\n",
		  "s.yaml:4:13: error: services.web.ports[0] gives no host port, which is not "
		  "supported yet: write HOST:80" },
		{ "    ports: [{target: 80, published: 80, mode: both}]\n",
		  "s.yaml:4:47: error: services.web.ports[0].mode is 'both', not one of: host, "
		  "ingress" },
		{ "    expose: [x]\n",
		  "s.yaml:4:14: error: services.web.expose[0] has 'x', which is no port or range of "
		  "ports (1-65535)" },
		{ "    network_mode: none\n    ports: [\"80:80\"]\n",
		  "s.yaml:2:3: error: services.web.network_mode is 'none', and the service publishes "
		  "ports" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_health_checks_and_probes)
{
	static const struct refusal cases[] = {
		{ "    healthcheck: {interval: 5s}\n",
		  "s.yaml:4:18: error: services.web.healthcheck has no 'test', and the image's own is "
		  "not known here" },
		{ "    healthcheck: {test: [curl, x]}\n",
		  "s.yaml:4:25: error: services.web.healthcheck.test expects [NONE], [CMD, program, "
		  "arguments...] or [CMD-SHELL, line]" },
		{ "    healthcheck: {test: x, interval: 0s}\n",
		  "s.yaml:4:38: error: services.web.healthcheck.interval is 0" },
		{ "    healthcheck: {test: x, retries: 0}\n",
		  "s.yaml:4:37: error: services.web.healthcheck.retries is '0', outside of 1..1000" },
		{ "    x-stackpilot: {liveness: {interval: 1s}}\n",
		  "s.yaml:4:30: error: services.web.x-stackpilot.liveness needs one of 'http', 'tcp', "
		  "'exec' and 'postgres'" },
		{ "    x-stackpilot: {liveness: {tcp: {port: 1}, exec: {command: a}}}\n",
		  "s.yaml:4:30: error: services.web.x-stackpilot.liveness needs one of 'http', 'tcp', "
		  "'exec' and 'postgres' only" },
		{ "    x-stackpilot: {liveness: {http: {path: /}}}\n",
		  "s.yaml:4:37: error: services.web.x-stackpilot.liveness.http has no 'port'" },
		{ "    x-stackpilot: {liveness: {http: {port: 80, path: x}}}\n",
		  "s.yaml:4:54: error: services.web.x-stackpilot.liveness.http.path 'x' does not "
		  "start with '/'" },
		{ "    x-stackpilot: {liveness: {http: {port: 80, status: 2000}}}\n",
		  "s.yaml:4:56: error: services.web.x-stackpilot.liveness.http.status expects a "
		  "status such as 200 or 200-299, not '2000'" },
		{ "    x-stackpilot: {liveness: {http: {port: 80, status: 600}}}\n",
		  "s.yaml:4:56: error: services.web.x-stackpilot.liveness.http.status is outside of "
		  "100-599" },
		{ "    x-stackpilot: {liveness: {exec: {}}}\n",
		  "s.yaml:4:37: error: services.web.x-stackpilot.liveness.exec has no 'command'" },
		{ "    x-stackpilot: {liveness: {tcp: {port: 1}, interval: 1s, timeout: 2s}}\n",
		  "s.yaml:4:70: error: services.web.x-stackpilot.liveness.timeout is longer than the "
		  "interval" },
		{ "    x-stackpilot: {liveness: {tcp: {port: 1}, jitter: 101%}}\n",
		  "s.yaml:4:55: error: services.web.x-stackpilot.liveness.jitter expects a percentage "
		  "such as 10%, not '101%'" },
		{ "    x-stackpilot: {liveness: {tcp: {port: 1}, x-a: 1}}\n",
		  "s.yaml:4:47: error: services.web.x-stackpilot.liveness.x-a is not a key of "
		  "services.NAME.x-stackpilot.PROBE" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_privileges)
{
	static const struct refusal cases[] = {
		{ "    cap_add: [NET_ADMINN]\n",
		  "s.yaml:4:15: error: services.web.cap_add[0] is 'NET_ADMINN', which is no "
		  "capability; did you mean 'NET_ADMIN'?" },
		{ "    cap_drop: [QQQQQQQQQQ]\n",
		  "s.yaml:4:16: error: services.web.cap_drop[0] is 'QQQQQQQQQQ', which is no "
		  "capability" },
		{ "    ulimits: {files: 5}\n",
		  "s.yaml:4:15: error: services.web.ulimits.files is no limit of getrlimit(2)" },
		{ "    ulimits: {nofile: -2}\n",
		  "s.yaml:4:23: error: services.web.ulimits.nofile expects a whole number, -1 for no "
		  "limit, not '-2'" },
		{ "    ulimits: {nofile: {soft: 5}}\n",
		  "s.yaml:4:23: error: services.web.ulimits.nofile needs 'soft' and 'hard'" },
		{ "    ulimits: {nofile: {soft: -1, hard: 5}}\n",
		  "s.yaml:4:23: error: services.web.ulimits.nofile has a soft limit above the hard "
		  "one" },
		{ "    sysctls: {vm.max_map_count: 1}\n",
		  "s.yaml:4:33: error: services.web.sysctls.vm.max_map_count sets "
		  "'vm.max_map_count', which belongs to the whole node, not to a container" },
		{ "    sysctls: [net.ipv4.ip_forward]\n",
		  "s.yaml:4:15: error: services.web.sysctls[0] has no value" },
		{ "    sysctls: {net../../kernel.x: 1}\n",
		  "s.yaml:4:34: error: services.web.sysctls.net../../kernel.x sets "
		  "'net../../kernel.x', which belongs to the whole node, not to a container" },
		{ "    extra_hosts: [a]\n",
		  "s.yaml:4:19: error: services.web.extra_hosts[0] expects NAME=IP, not 'a'" },
		{ "    extra_hosts: {a: b}\n",
		  "s.yaml:4:22: error: services.web.extra_hosts.a has 'b', which is no IP address" },
		{ "    extra_hosts: [\"a b=1.1.1.1\"]\n",
		  "s.yaml:4:19: error: services.web.extra_hosts[0] has 'a b', which is no host "
		  "name" },
	};

	refuse_all(cases, SP_COUNT(cases));
}
