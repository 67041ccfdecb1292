# A PostgreSQL server for a cluster's controld: load it after cluster, then database_start in setup_file and database_use
# when the cluster is up (what its store has moves there), and database_down before cluster_down.

database() { "$SOURCE/tests/postgres" "$1" "$DATABASE"; } # kill, again, pause, resume, crash
database_url() { echo "postgresql:///stackpilot?host=$DATABASE${1:-}&user=stackpilot"; }
sql() { psql -qAt "$(database_url)" "$@"; }

database_start() {
	DATABASE=$(mktemp -d /tmp/sp-database.XXXXXX)
	export DATABASE
	chmod 755 "$DATABASE"
	(cd "$SOURCE" && database start 3>&-)
	psql -qAt "postgresql:///postgres?host=$DATABASE&user=stackpilot" -c 'CREATE DATABASE stackpilot'
}

database_use() {
	ctl store migrate --yes --to "$(database_url)"
	lab exec control -- sh -c "echo 'store = $(database_url)' >>/etc/stackpilot/controld.conf"
	lab service control restart controld
	within 20 ctl node ls >/dev/null
}

database_down() {
	(cd "$SOURCE" && database stop)
}

database_crash() { database kill && database again 3>&-; }

# Stopped, and not in the middle of a write, which would hold up everybody else: pid on the control host.
stop_between_writes() {
	for _ in $(seq 50); do
		lab exec control -- kill -STOP "$1"
		sql -c 'BEGIN' -c "SELECT value FROM counters WHERE name = 'events' FOR UPDATE NOWAIT" -c 'ROLLBACK' \
			>/dev/null 2>&1 && return
		lab exec control -- kill -CONT "$1"
	done
	return 1
}
