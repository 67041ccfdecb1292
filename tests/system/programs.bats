#!/usr/bin/env bats
# Programs that nobody here wrote, from Debian's packages, in containers on a real cluster: Caddy serves a file on a
# published port, Prometheus scrapes and answers queries. Their image is made with the recipes' tools, once.

load lib/cluster

setup_file() {
	programs_image
	cluster_up
	ctl image import "$SOURCE/build/images/programs.tar"
	mkdir "$CLUSTER/site"
	echo "a page of the site" >"$CLUSTER/site/page.txt"
	printf '{\n\tadmin off\n}\n:80 {\n\troot * /srv\n\tfile_server\n\tlog\n}\n' >"$CLUSTER/Caddyfile"
	printf 'global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs:\n  - job_name: itself\n    static_configs: [{targets: ["localhost:9090"]}]\n' \
		>"$CLUSTER/prometheus.yml"
	cat >"$CLUSTER/programs.yaml" <<-'END'
		name: p
		services:
		  caddy:
		    image: test/programs:1
		    command: [caddy, run, --config, /etc/caddy.conf, --adapter, caddyfile]
		    environment: {XDG_DATA_HOME: /tmp, XDG_CONFIG_HOME: /tmp}
		    user: "33"
		    read_only: true
		    tmpfs: [/tmp]
		    cap_drop: [ALL]
		    cap_add: [NET_BIND_SERVICE]
		    ports: ["8081:80"]
		    volumes: ["./site:/srv:ro"]
		    configs: [{source: caddyfile, target: /etc/caddy.conf}]
		    deploy: {placement: {constraints: [node.hostname == worker1]}}
		    x-stackpilot:
		      startup: {http: {port: 80, path: /page.txt, status: "200"}, interval: 200ms, timeout: 200ms, fall: 100}
		      readiness: {http: {port: 80, path: /page.txt, status: "200"}, interval: 500ms, timeout: 500ms, fall: 2}
		  prometheus:
		    image: test/programs:1
		    command: [prometheus, --config.file=/etc/prometheus.conf, --storage.tsdb.path=/data]
		    user: "65534"
		    read_only: true
		    cap_drop: [ALL]
		    ports: ["9090:9090"]
		    tmpfs: ["/data:mode=1777"]
		    configs: [{source: prometheus, target: /etc/prometheus.conf}]
		    deploy: {placement: {constraints: [node.hostname == worker2]}}
		    x-stackpilot:
		      startup: {http: {port: 9090, path: /-/ready, status: "200"}, interval: 200ms, timeout: 200ms, fall: 100}
		      liveness: {http: {port: 9090, path: /-/healthy, status: "200"}, interval: 1s, timeout: 1s, fall: 5}
		configs:
		  caddyfile: {file: ./Caddyfile}
		  prometheus: {file: ./prometheus.yml}
	END
	ctl deploy "$CLUSTER/programs.yaml"
}
teardown_file() { BATS_TEST_COMPLETED=1 cluster_down; }

setup() { bats_require_minimum_version 1.5.0; }

# build/images/programs.tar: Debian with Caddy and Prometheus on it.
programs_image() {
	local made=$SOURCE/build/images recipes=$SOURCE/images/recipes
	[[ ! -e $made/programs.tar ]] || return 0
	mkdir -p "$made"
	[[ -e $made/programs.tree.tar ]] || "$recipes/tree" "$made/programs.tree.tar" - caddy prometheus 3>&-
	"$recipes/layer" "$made/programs.layer.tar.zst" "$made/programs.tree.tar"
	echo '{"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}' >"$made/programs.json"
	"$recipes/archive" "$made/programs.tar" test/programs:1 "$made/programs.json" "$made/programs.layer.tar.zst"
	rm -f "$made/programs.tree.tar" "$made/programs.layer.tar.zst"
}

fetch() { operator curl -fsS -m 5 "$@"; }
series() { fetch --data-urlencode "query=$1" http://192.168.56.12:9090/api/v1/query | jq -r '.data.result[0].value[1]'; }
is_up() { [[ $(series 'up{job="itself"}') == 1 ]]; }
has_samples() { (($(series 'prometheus_tsdb_head_samples_appended_total') > 0)); }

@test "Caddy serves a file of the host on its published port, as an ordinary user" {
	[[ $(fetch http://192.168.56.11:8081/page.txt) == "a page of the site" ]]
	[[ $(operator curl -s -o /dev/null -w '%{http_code}' http://192.168.56.11:8081/absent) == 404 ]]
	run -0 ctl exec p-caddy-1 -- sh -c 'grep -h ^Uid: /proc/[0-9]*/status | sort -u | wc -l; touch /srv/x 2>&1 || true'
	[[ $output == *"Read-only file system"* ]]
	within 5 logged /page.txt
}

logged() { ctl logs p-caddy-1 | grep -q "\"uri\":\"$1\".*\"status\":200"; }

@test "Prometheus scrapes and answers a query" {
	within 15 is_up
	within 15 has_samples
	[[ $(fetch http://192.168.56.12:9090/api/v1/status/buildinfo | jq -r .data.version) == 2.* ]]
}

@test "one of them reaches the other by its name, and verify passes" {
	[[ $(ctl exec p-prometheus-1 -- bash -c 'exec 3<>/dev/tcp/caddy/80; printf "GET /page.txt HTTP/1.0\r\n\r\n" >&3; cat <&3') == *"a page of the site"* ]]
	ctl verify
}

@test "stopped with its signal Prometheus says goodbye, and a restart keeps both" {
	ctl restart p-prometheus-1
	ready_again p-prometheus-1 2
	[[ $(ctl logs p-prometheus-1) == *"See you next time!"* ]]
	within 15 is_up
}
