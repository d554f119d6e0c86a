# Processes that never outlive the script, shared by deploy/quickstart and the scripts of tests. Sourced
# after lib.sh.
#
# What `start` has started is stopped, newest first, when the script exits for whatever reason, once
# stop_everything_at_exit was called. A script that is killed outright takes its servers with it (the
# kernel's parent-death signal).
# shellcheck shell=bash disable=SC2154 # root comes from lib.sh

run_dir=$root/build/run # logs and data; who sources this may choose another
started=()              # "pid signal name", oldest first
scratch=()              # directories outside the tree, removed at exit
as_postgres=()          # PostgreSQL refuses to run as root
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

# start_command TEXT: likewise `bash -c TEXT`, with our input and output. At a terminal it gets one of its own
# (script), so that Ctrl-C reaches what runs in the foreground there and not us, and what is left there
# ends with it. Sets started_pid.
start_command() {
    local run=(setsid) shell=(bash -c "$1")
    if [[ -t 0 && -t 1 && -t 2 ]]; then
        run=() shell=(env SHELL="$BASH" script --quiet --return --command "$1" /dev/null)
    fi
    "${run[@]}" setpriv --pdeathsig TERM env --default-signal=INT,QUIT "${shell[@]}" <&0 9>&- &
    started_pid=$!
    started+=("$started_pid TERM command")
}

is_gone() {
    ! kill -0 -- "$1" 2>/dev/null
}

# Once only: a daemon ends at once at a second signal. A moment after `start` there is no session yet.
signal_session() {
    kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" -- "$2" 2>/dev/null || true
}

is_session_gone() {
    is_gone "-$1" && is_gone "$1"
}

# With whatever the session's leader started itself.
stop() {
    local pid=$1 signal=$2 name=$3
    signal_session "$signal" "$pid"
    if ! wait_until 15 is_session_gone "$pid"; then
        say "$name did not stop in time: killed" >&2
        signal_session KILL "$pid"
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
