# Shared by tests/bench/send, webhook, compare, held, enemies and crowd: their options, the Express backend to measure
# beside, the Meta that always says yes, and wrk. Sourced after lib.sh, processes.sh and servers.sh of deploy/; who
# sources it has a function usage and sets seconds, connections, workers, inside and script.
# shellcheck shell=bash disable=SC2154,SC2034 # those, and what they use in turn

run_dir=$root/build/bench
peers=$root/tests/bench/peers
app_secret=demo-app-secret # as deploy/quickstart has it
ticks=$(getconf CLK_TCK)
load_packages=(wrk:wrk node:nodejs npm:npm) # what makes the load
bench_options=()                            # of the build

# read_options NAME... -- ARGUMENT...: --NAME N sets the variable NAME. Also --help, and --inside, by which a
# benchmark calls itself within deploy/quickstart --exec.
read_options() {
    local names=' '
    while [[ $1 != -- ]]; do
        names+="--$1 "
        shift
    done
    shift
    while (($#)); do
        case $1 in
        --help)
            usage
            exit
            ;;
        --inside) inside=yes ;;
        *)
            [[ $names == *" $1 "* ]] || die "unknown argument $1 (see --help)"
            [[ ${2:-} =~ ^[0-9]{1,7}$ ]] || die "$1 needs a number"
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        esac
        shift
    done
}

# Alone in this tree, with everything installed and built.
start_bench() {
    [[ -f $script ]] || die "no $script"
    mkdir --parents "$run_dir"
    exec 9>"$run_dir/lock"
    flock --nonblock 9 || die "another benchmark is running in this tree"
    install_missing "${build_packages[@]}" "${server_packages[@]}" "${load_packages[@]}"
    build release release "${bench_options[@]}"
    stop_everything_at_exit
}

# run_wrk SECONDS URL: the line of JSON that the script prints.
run_wrk() {
    wrk --threads 2 --connections "$connections" --duration "$1" --script "$script" "$2" | grep '^{'
}

# figures JSON: requests a second that were not refused, p50, p99, refused, not refused; with "|" between.
figures() {
    node -e '
        const r = JSON.parse(process.argv[1]), ok = r.requests - r.errors;
        console.log([Math.round(r.rps * ok / r.requests), r.p50_ms, r.p99_ms, r.errors, ok].join("|"));' "$1"
}

# memory FIELD PID...: of /proc/PID/status, in MiB: VmRSS, or VmHWM for the most that there ever was.
memory() {
    local field=$1 files
    shift
    printf -v files '/proc/%s/status ' "$@"
    # shellcheck disable=SC2086 # one word for each file
    awk -v field="$field:" '$1 == field { sum += $2 / 1024 } END { printf "%.0f", sum }' $files
}

ask() {
    psql --no-psqlrc --quiet --no-align --tuples-only --dbname "$TOLLGATE_POSTGRES_URL" --command "$1"
}

start_sink() {
    local port
    port=$(free_port)
    start sink TERM env PORT="$port" node "$peers/meta-sink.js"
    wait_until 10 is_taken "$port" || die_with_log sink "the sink did not start"
    sink=http://127.0.0.1:$port
}

# With 100 orgs in a database of its own. Sets express_url, express_pid and, for ask, TOLLGATE_POSTGRES_URL.
start_express() {
    local port
    install --directory "$run_dir/express"
    install --mode 644 "$peers"/express/* "$run_dir/express"
    (cd "$run_dir/express" && npm install --no-audit --no-fund --silent)
    start_postgres fsync=on synchronous_commit=on # the defaults, which deploy/quickstart leaves as they are
    TOLLGATE_POSTGRES_URL=postgresql://postgres@127.0.0.1:$pg_port/express
    psql --quiet --dbname "${TOLLGATE_POSTGRES_URL%/*}/postgres" --command 'CREATE DATABASE express'
    psql --quiet --set orgs=100 --set ON_ERROR_STOP=1 --dbname "$TOLLGATE_POSTGRES_URL" \
        --file "$peers/express/schema.sql" --file "$peers/express/seed.sql"
    start_sink
    port=$(free_port)
    start express TERM env PORT="$port" PGURL="$TOLLGATE_POSTGRES_URL" META_URL="$sink" \
        APP_SECRET="$app_secret" VERIFY_TOKEN=token node "$run_dir/express/server.js"
    express_pid=$started_pid
    wait_until 10 is_taken "$port" || die_with_log express "Express did not start"
    express_url=http://127.0.0.1:$port
}

# make_bodies COUNT: as many as no load gets through, since a body that is posted again is applied once.
make_bodies() {
    local numbers
    mapfile -t numbers < <(seq 100001 100100)
    node "$peers/make-webhooks.js" "$app_secret" "$1" "${numbers[@]}" >"$run_dir/bodies.txt"
}

# run_inside WORKERS ARGUMENT...: ourselves with --inside, beside a Tollgate with so many workers and 100 orgs.
run_inside() {
    local command
    printf -v command '%q ' "$root/tests/bench/${0##*/}" --inside --seconds "$seconds" \
        --connections "$connections" --workers "$@"
    start_sink
    "$root/deploy/quickstart" --graph-url "$sink" --orgs 100 --workers "$1" --exec "exec $command"
    stop_everything
}

# cpu PID...: seconds that these processes have taken.
cpu() {
    local files
    printf -v files '/proc/%s/stat ' "$@"
    # shellcheck disable=SC2086 # one word for each file
    cat $files 2>/dev/null | sed 's/^.*) //' | awk -v ticks="$ticks" \
        '{ sum += $12 + $13 } END { printf "%.2f", sum / ticks }'
}

# The same of PostgreSQL with all its processes, those included that have ended.
postgres_cpu() {
    local pids ended
    mapfile -t pids < <(pgrep --parent "$postmaster")
    ended=$(sed 's/^.*) //' "/proc/$postmaster/stat" | awk -v ticks="$ticks" '{ print ($14 + $15) / ticks }')
    awk -v live="$(cpu "$postmaster" "${pids[@]}")" -v ended="$ended" 'BEGIN { printf "%.2f", live + ended }'
}

# Sets postmaster, within deploy/quickstart --exec.
find_postmaster() {
    postmaster=$(TOLLGATE_POSTGRES_URL=${TOLLGATE_POSTGRES_URL/tollgate@/postgres@} \
        ask "SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)")
}
