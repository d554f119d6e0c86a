# PostgreSQL and Redis of our own, shared by deploy/quickstart and the scripts of tests. Sourced after
# lib.sh and processes.sh.
# shellcheck shell=bash disable=SC2154 # root, run_dir and the like come from those

pg_bin=/usr/lib/postgresql/15/bin

# make_directory PATH: a fresh directory there for servers' data, or, where the tree is closed to the user
# that PostgreSQL runs as, in /tmp for as long as we run. Sets directory.
make_directory() {
    directory=$1
    rm --recursive --force "$directory"
    mkdir --parents "$directory"
    ((EUID == 0)) || return 0
    if ! "${as_postgres[@]}" test -x "$directory/."; then
        directory=$(mktemp --directory /tmp/tollgate-XXXXXX)
        chmod 755 "$directory"
        scratch+=("$directory")
    fi
}

# start_postgres OPTION=VALUE...: a fresh cluster with trust for this machine's users, superuser "postgres", in
# postgres_data if that is set. Sets pg_port.
start_postgres() {
    local data option options=()
    for option in max_connections=200 shared_buffers=256MB max_wal_size=2GB "$@"; do
        options+=(-c "$option")
    done
    make_directory "${postgres_data:-$run_dir/postgres}"
    data=$directory
    ((EUID != 0)) || chown postgres: "$data"
    (cd / && "${as_postgres[@]}" "$pg_bin/initdb" --pgdata "$data" --username postgres --auth trust \
        --encoding UTF8 --locale C.UTF-8) >"$run_dir/initdb.log" 2>&1 || die_with_log initdb "initdb failed"
    for _ in 1 2 3; do
        pg_port=$(free_port)
        start postgres INT "$pg_bin/postgres" -D "$data" -p "$pg_port" -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= "${options[@]}"
        wait_until 30 postgres_decided "$data" || true
        ! is_ready_postgres "$data" || return 0
        unset 'started[-1]'
    done
    die_with_log postgres "PostgreSQL did not start"
}

# Line 8 of its pid file says when PostgreSQL is ready.
is_ready_postgres() {
    [[ $(sed --quiet '1p;8p' "$1/postmaster.pid" 2>/dev/null | tr --delete ' \n') == "${started_pid}ready" ]]
}

postgres_decided() {
    is_ready_postgres "$1" || is_gone "$started_pid"
}

# A fresh Redis as production has it. Sets redis_port.
start_redis() {
    local data=$run_dir/redis
    rm --recursive --force "$data"
    mkdir --parents "$data"
    for _ in 1 2 3; do
        redis_port=$(free_port)
        start redis TERM redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$data" --save '' \
            --appendonly yes --appendfsync always --maxmemory-policy noeviction
        wait_until 10 redis_decided || true
        ! is_ready_redis || return 0
        unset 'started[-1]'
    done
    die_with_log redis "Redis did not start"
}

is_ready_redis() {
    redis-cli -h 127.0.0.1 -p "$redis_port" info server | grep --quiet "^process_id:$started_pid"$'\r'
}

redis_decided() {
    is_ready_redis || is_gone "$started_pid"
}
