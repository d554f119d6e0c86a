# Shared by tests/bench/send and tests/bench/webhook: the Express backend to measure beside, the Meta that
# always says yes, and wrk. Sourced after lib.sh, processes.sh and servers.sh of deploy/; who sources it sets
# seconds, connections and script.
# shellcheck shell=bash disable=SC2154,SC2034 # those, and what they use in turn

peers=${TOLLGATE_SHARED_DIR:-$root/../shared}/peers
run_dir=$root/build/bench

# start_bench NAME: alone in this tree, with everything installed and built.
start_bench() {
    [[ -f $script ]] || die "no $script"
    mkdir --parents "$run_dir"
    exec 9>"$run_dir/lock"
    flock --nonblock 9 || die "another benchmark is running in this tree"
    install_missing "${build_packages[@]}" "${server_packages[@]}" wrk:wrk node:nodejs npm:npm
    build release release
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

# peak_memory PID: the most that it ever had, in MiB.
peak_memory() {
    awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"
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

# With 100 orgs in a database of its own. Sets express_url, express_pid and TOLLGATE_POSTGRES_URL for ask.
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

app_secret=demo-app-secret # of deploy/quickstart
