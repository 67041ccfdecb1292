#!/usr/bin/env bats
# The parts of the image recipes: layers and archives that depend on nothing but their input, and the entrypoint
# of the PostgreSQL image. Nothing is downloaded here.

bats_require_minimum_version 1.5.0

RECIPES=$BATS_TEST_DIRNAME/../../images/recipes
PGBIN=/usr/lib/postgresql/15/bin

setup() {
	DIR=$(mktemp -d /tmp/sp-recipes-XXXXXX)
	chmod 755 "$DIR"
	install -m 755 "$RECIPES/postgres/entrypoint" "$DIR/entrypoint" # where the postgres user can reach it
}

teardown() {
	[[ -z ${inside:-} ]] || { kill "$inside" 2>/dev/null && wait "$inside"; } || true
	rm -rf "$DIR"
}

# Two trees: what comes second changes, adds and takes away.
trees() {
	mkdir -p "$DIR"/base/{etc,usr/lib/old,var/empty,dev}
	echo one >"$DIR/base/etc/a" && echo two >"$DIR/base/etc/b" && echo x >"$DIR/base/usr/lib/old/x"
	ln -s a "$DIR/base/etc/l"
	mknod "$DIR/base/dev/null" c 1 3
	cp -a "$DIR/base" "$DIR/new"
	echo TWO >"$DIR/new/etc/b" && rm -r "$DIR/new/usr/lib/old" "$DIR/new/etc/l"
	echo three >"$DIR/new/etc/c" && chown 33:34 "$DIR/new/etc/c" && chmod 4755 "$DIR/new/etc/c"
	chmod 700 "$DIR/new/var/empty"
	tar --numeric-owner -C "$DIR/base" -cf "$DIR/base.tar" .
	tar --numeric-owner -C "$DIR/new" -cf "$DIR/new.tar" .
}

@test "a layer holds what a tree adds, a whiteout for what it lacks, and nothing else" {
	trees
	"$RECIPES/layer" "$DIR/l.tar.zst" "$DIR/new.tar" "$DIR/base.tar"
	run -0 bash -c "zstd -dqc '$DIR/l.tar.zst' | tar --numeric-owner -tvf - | awk '{print \$1, \$2, \$6}'"
	expected="drwxr-xr-x 0/0 ./etc/
-rw-r--r-- 0/0 ./etc/.wh.l
-rw-r--r-- 0/0 ./etc/b
-rwsr-xr-x 33/34 ./etc/c
drwxr-xr-x 0/0 ./usr/
drwxr-xr-x 0/0 ./usr/lib/
-rw-r--r-- 0/0 ./usr/lib/.wh.old
drwxr-xr-x 0/0 ./var/
drwx------ 0/0 ./var/empty/"
	[[ $(sed 's|^drwxr-xr-x 0/0 ./$||' <<<"$output" | sed '/^$/d' | sort -k3) == "$(sort -k3 <<<"$expected")" ]] ||
		{ echo "$output"; return 1; }
}

@test "the same trees give the same bytes, whenever and in whatever order they were written" {
	trees
	"$RECIPES/layer" "$DIR/1.tar.zst" "$DIR/new.tar" "$DIR/base.tar"
	tar --numeric-owner --sort=none -C "$DIR/new" -cf "$DIR/new2.tar" ./var ./usr ./etc .
	touch "$DIR/new/etc/c" # times after the release are all the same
	"$RECIPES/layer" "$DIR/2.tar.zst" "$DIR/new2.tar" "$DIR/base.tar"
	cmp "$DIR/1.tar.zst" "$DIR/2.tar.zst"
	echo '{"Cmd": ["/a"]}' >"$DIR/config.json"
	"$RECIPES/archive" "$DIR/1.tar" x:1 "$DIR/config.json" "$DIR/1.tar.zst"
	sleep 1.1
	"$RECIPES/archive" "$DIR/2.tar" x:1 "$DIR/config.json" "$DIR/2.tar.zst"
	cmp "$DIR/1.tar" "$DIR/2.tar"
}

@test "an archive is one that other tools read" {
	trees
	"$RECIPES/layer" "$DIR/b.tar.zst" "$DIR/base.tar"
	"$RECIPES/layer" "$DIR/n.tar.zst" "$DIR/new.tar" "$DIR/base.tar"
	echo '{"Cmd": ["/a"], "Env": ["A=b"]}' >"$DIR/config.json"
	"$RECIPES/archive" "$DIR/x.tar" x:1 "$DIR/config.json" "$DIR/b.tar.zst" "$DIR/n.tar.zst"
	skopeo copy -q "oci-archive:$DIR/x.tar:x:1" "oci:$DIR/layout:x"
	run -0 skopeo inspect --config "oci:$DIR/layout:x"
	[[ $(jq -r '.config.Cmd[0], .config.Env[0], (.rootfs.diff_ids | length)' <<<"$output") == $'/a\nA=b\n2' ]]
}

# The entrypoint as root in namespaces of its own: mounts, network and processes. NAME=value... -- command.
entrypoint() {
	unshare --mount --net --pid --fork --kill-child --propagation private env PATH="$PGBIN:$PATH" \
		PGDATA="$DIR/data" "$@" bash -c '
		mount -t tmpfs -o mode=755 tmpfs /run && mount -t proc proc /proc && ip link set lo up
		'"$DIR"'/entrypoint postgres -c fsync=off & pid=$!
		trap "kill -INT $pid" TERM
		for ((i = 0; i < 150; i++)); do
			kill -0 $pid 2>/dev/null || break
			pg_isready -q -h 127.0.0.1 && { '"${INSIDE:-true}"'; kill -INT $pid; break; }
			sleep 0.1
		done
		wait $pid'
}

refused() { # what it says, NAME=value...
	local says=$1
	shift
	run --separate-stderr entrypoint "$@"
	[[ $status == 64 && $stderr == "postgres-entrypoint: "*"$says"* && ${#stderr_lines[@]} == 1 ]] ||
		{ echo "exit $status: $stderr"; return 1; }
	[[ ! -e $DIR/data/15 ]]
}

@test "the entrypoint refuses what is missing or malformed, in one line, with exit 64" {
	refused "POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE) is not set" POSTGRES_USER=shop
	refused "'/no/such' cannot be read" POSTGRES_PASSWORD_FILE=/no/such
	refused "both set" POSTGRES_PASSWORD=x POSTGRES_PASSWORD_FILE=/dev/null
	refused "POSTGRES_USER 'a b'" POSTGRES_PASSWORD=x "POSTGRES_USER=a b"
	refused "POSTGRES_DB 'x;y'" POSTGRES_PASSWORD=x 'POSTGRES_DB=x;y'
}

@test "the first start makes user, password and database; later ones keep what is there" {
	printf 'se cret\n' >"$DIR/password"
	chmod 644 "$DIR/password"
	local settings=(POSTGRES_USER=shop POSTGRES_DB=store "POSTGRES_PASSWORD_FILE=$DIR/password")
	INSIDE='PGPASSWORD="se cret" psql -qAt -h 127.0.0.1 -U shop store -c "CREATE TABLE t AS SELECT 42 AS n"' \
		run -0 entrypoint "${settings[@]}"
	[[ $output == *"making a cluster"* && $output == *"database system is shut down"* ]]
	INSIDE='PGPASSWORD="se cret" psql -qAt -h 127.0.0.1 -U shop store -c "SELECT n FROM t"
		PGPASSWORD=wrong psql -qAt -h 127.0.0.1 -U shop store -c "SELECT 7" 2>&1' run -0 entrypoint
	[[ $output == *$'\n42\n'* && $output == *"password authentication failed"* && $output != *"making a cluster"* ]]
	[[ $(stat -c %U:%a "$DIR/data") == postgres:700 ]]
	! grep -r "se cret" "$DIR/data"
}

@test "a first start that was cut short is done again" {
	mkdir -p "$DIR/data/new/base"
	echo 15 >"$DIR/data/new/PG_VERSION"
	chown -R postgres: "$DIR/data"
	INSIDE='PGPASSWORD=x psql -qAt -h 127.0.0.1 -U postgres -c "SELECT 40 + 2"' run -0 entrypoint POSTGRES_PASSWORD=x
	[[ $output == *$'\n42\n'* ]]
	[[ ! -e $DIR/data/new ]]
}
