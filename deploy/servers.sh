# Servers of our own that never outlive the script, shared by deploy/quickstart, tests/run and
# tests/bench/send. Sourced after lib.sh.
#
# What `start` has started is stopped, newest first, when the script exits for whatever reason, once
# stop_everything_at_exit was called. A script that is killed outright takes its servers with it (the
# kernel's parent-death signal).
# shellcheck shell=bash disable=SC2154 # root comes from lib.sh

run_dir=$root/build/run # logs and data; who sources this may choose another
pg_bin=/usr/lib/postgresql/15/bin
started=() # "pid signal name", oldest first
scratch=() # directories outside the tree, removed at exit
as_postgres=()
if ((EUID == 0)); then
    as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)
fi

# Dies showing the end of NAME's log.
die_with_log() {
    local name=$1
    shift
    printf -- '--- the end of %s ---\n' "$run_dir/$name.log" >&2
    tail --lines 20 "$run_dir/$name.log" >&2 || true
    die "$@"
}

# Does anybody listen on this TCP port?
is_taken() {
    local hex
    printf -v hex '%04X' "$1"
    grep --quiet --extended-regexp ":$hex 0+:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# A port that nobody listens on, from below the range of outgoing connections.
free_port() {
    local port
    until port=$((20000 + RANDOM % 10000)) && ! is_taken "$port"; do :; done
    say "$port"
}

# wait_until SECONDS COMMAND...: until it succeeds (0) or the time is over (1).
wait_until() {
    local deadline=$((SECONDS + $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# start NAME STOP_SIGNAL COMMAND...: in the background and in a session of its own, so that Ctrl-C reaches
# this script alone and the stop goes in order. Its output is NAME.log. Sets started_pid.
start() {
    local name=$1 signal=$2 as=()
    shift 2
    if [[ $name == postgres* ]]; then
        as=("${as_postgres[@]}")
    fi
    setsid "${as[@]}" setpriv --pdeathsig "$signal" env --default-signal=INT,QUIT "$@" \
        >"$run_dir/$name.log" 2>&1 </dev/null 9>&- &
    started_pid=$!
    started+=("$started_pid $signal $name")
}

# start_command TEXT: likewise `bash -c TEXT`, with our input and output. Sets started_pid.
start_command() {
    setsid setpriv --pdeathsig TERM env --default-signal=INT,QUIT bash -c "$1" <&0 9>&- &
    started_pid=$!
    started+=("$started_pid TERM command")
}

is_gone() {
    ! kill -0 -- "$1" 2>/dev/null
}

# A session's whole group is stopped, with whatever the leader started itself.
stop() {
    local pid=$1 signal=$2 name=$3
    kill -s "$signal" -- "-$pid" 2>/dev/null || true
    if ! wait_until 15 is_gone "-$pid"; then
        say "$name did not stop in time: killed" >&2
        kill -KILL -- "-$pid" 2>/dev/null || true
    fi
    wait "$pid" 2>/dev/null || true
}

stop_everything() {
    local i
    for ((i = ${#started[@]} - 1; i >= 0; i--)); do
        # shellcheck disable=SC2086 # three words on purpose
        stop ${started[i]}
    done
    started=()
    ((${#scratch[@]} == 0)) || rm --recursive --force -- "${scratch[@]}"
    scratch=()
}

stop_everything_at_exit() {
    trap 'trap "" INT TERM HUP; stop_everything' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

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

# start_postgres OPTION=VALUE...: a fresh cluster with trust for this machine's users, superuser "postgres".
# Sets pg_port.
start_postgres() {
    local data option options=()
    for option in max_connections=200 shared_buffers=256MB max_wal_size=2GB "$@"; do
        options+=(-c "$option")
    done
    make_directory "$run_dir/postgres"
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
