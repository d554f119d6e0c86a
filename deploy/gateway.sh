# Tollgate itself on this machine: its database, the Meta simulator, workers and ingresses, as
# deploy/quickstart runs them. Sourced after lib.sh, processes.sh and servers.sh.
# shellcheck shell=bash disable=SC2154 # root, run_dir and the like come from those

bin_dir=$root/build/release/bin
urls=() admin_urls=() ingress_pids=() worker_pids=()

# The address that a daemon says it listens on: given port 0, the system has chosen a free one.
logged_address() {
    sed --quiet --regexp-extended \
        "s/.* event=$2 .*address=\"?([0-9.:]+).*/\1/p" "$run_dir/$1.log"
}

daemon_decided() {
    [[ $(logged_address "$1" admin_listening) ]] || is_gone "$started_pid"
}

daemon_ready() {
    curl --silent --fail "$1/readyz" || is_gone "$started_pid"
}

# start_daemon NAME BINARY VARIABLE=VALUE...: and wait until it is ready. Sets admin_url.
start_daemon() {
    local name=$1 binary=$2
    shift 2
    start "$name" TERM env TOLLGATE_ADMIN_LISTEN=127.0.0.1:0 TOLLGATE_LOG_FORMAT=logfmt "$@" \
        "$bin_dir/$binary"
    wait_until 10 daemon_decided "$name" || die_with_log "$name" "$name does not answer"
    admin_url=http://$(logged_address "$name" admin_listening)
    wait_until 20 daemon_ready "$admin_url" || die_with_log "$name" "$name did not get ready"
    ! is_gone "$started_pid" || die_with_log "$name" "$name did not start"
}

# Sets METASIM_URL.
start_metasim() {
    local port_file=$run_dir/metasim.port
    rm --force "$port_file"
    start metasim TERM "$bin_dir/tollgate-metasim" --listen 127.0.0.1:0 --port-file "$port_file" \
        --error-rules "$root/sql/error_rules.csv"
    wait_until 10 test -s "$port_file" || die_with_log metasim "the simulator did not start"
    METASIM_URL=http://127.0.0.1:$(<"$port_file")
}

# Meta knows where our webhook is.
aim_metasim() {
    curl --silent --show-error --fail --output /dev/null "$METASIM_URL/_sim/webhook" \
        --data "{\"url\": \"$TOLLGATE_URL/webhook\", \"secret\": \"$TOLLGATE_APP_SECRET\"}" ||
        die_with_log metasim "the simulator does not take the webhook's address"
}

# prepare_database ORGS: as in production, with an owner who is no superuser and two roles for the daemons.
prepare_database() {
    local name org_id number key prefix
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
        --dbname "postgresql://postgres@127.0.0.1:$pg_port/postgres" <<'END'
CREATE ROLE tollgate LOGIN CREATEROLE;
CREATE DATABASE tollgate OWNER tollgate;
END
    export TOLLGATE_POSTGRES_URL=postgresql://tollgate@127.0.0.1:$pg_port/tollgate
    "$root/deploy/migrate" >"$run_dir/migrate.log" 2>&1 || die_with_log migrate "migrating failed"
    psql --no-psqlrc --quiet --no-align --tuples-only --set orgs="$1" --file "$root/deploy/demo.sql" \
        --dbname "$TOLLGATE_POSTGRES_URL" >"$run_dir/demo.log" 2>&1 || die_with_log demo "demo.sql failed"
    while IFS='|' read -r name org_id number key; do
        prefix=${name^^}
        export "${prefix}_ORG_ID=$org_id" "${prefix}_PHONE_NUMBER_ID=$number" "${prefix}_API_KEY=$key"
    done <"$run_dir/demo.log"
}

# Those under which access tokens stand sealed, unless the caller has some. Sets TOLLGATE_TOKEN_KEYS.
make_token_keys() {
    [[ ! ${TOLLGATE_TOKEN_KEYS:-} ]] || return 0
    export TOLLGATE_TOKEN_KEYS=$run_dir/token-keys
    rm --force "$TOLLGATE_TOKEN_KEYS"
    (umask 077 && printf 'demo %s\n' "$(head --bytes 32 /dev/urandom | base64)" >"$TOLLGATE_TOKEN_KEYS")
}

# The first operator's token, unless the caller has one: in a file, as tollgatectl takes it.
make_operator_token() {
    [[ ! ${TOLLGATE_ADMIN_TOKEN:-} ]] || return 0
    export TOLLGATE_OPERATOR_TOKEN_FILE=$run_dir/operator.token
    rm --force "$TOLLGATE_OPERATOR_TOKEN_FILE"
    (umask 077 && head --bytes 32 /dev/urandom | od --address-radix=n --format=x1 | tr --delete ' \n' \
        >"$TOLLGATE_OPERATOR_TOKEN_FILE")
    TOLLGATE_ADMIN_TOKEN=$(<"$TOLLGATE_OPERATOR_TOKEN_FILE")
    export TOLLGATE_ADMIN_TOKEN
}

are_tokens_sealed() {
    [[ $(psql --no-psqlrc --quiet --no-align --tuples-only --dbname "$TOLLGATE_POSTGRES_URL" \
        --command 'SELECT tollgate.count_open_tokens()') == 0 ]]
}

# start_gateway WORKERS INGRESSES GRAPH_URL ORGS: everything, and exports what usage in quickstart names.
start_gateway() {
    local workers=$1 ingresses=$2 graph_url=$3 orgs=$4 i at=127.0.0.1:3000
    export METASIM_URL='' TOLLGATE_AUTH=${TOLLGATE_AUTH:-trusted}
    export TOLLGATE_VERIFY_TOKEN=demo-verify-token TOLLGATE_APP_SECRETS=demo-app-secret
    TOLLGATE_APP_SECRET=$TOLLGATE_APP_SECRETS # exported below: to the daemons it is no setting
    start_postgres
    start_redis
    export TOLLGATE_REDIS_URL=redis://127.0.0.1:$redis_port
    make_token_keys
    make_operator_token
    prepare_database "$orgs"
    [[ $graph_url ]] || start_metasim
    for ((i = 1; i <= workers; i++)); do
        start_daemon "worker-$i" tollgate-worker TOLLGATE_GRAPH_URL="${graph_url:-$METASIM_URL}" \
            TOLLGATE_POSTGRES_URL="postgresql://tollgate_worker@127.0.0.1:$pg_port/tollgate"
        worker_pids+=("$started_pid")
    done
    for ((i = 1; i <= ingresses; i++)); do
        ! is_taken 3000 || at=127.0.0.1:0
        start_daemon "ingress-$i" tollgate-ingress TOLLGATE_LISTEN=$at \
            TOLLGATE_GRAPH_URL="${graph_url:-$METASIM_URL}" \
            TOLLGATE_OPERATOR_POSTGRES_URL="postgresql://tollgate_operator@127.0.0.1:$pg_port/tollgate" \
            TOLLGATE_POSTGRES_URL="postgresql://tollgate_ingress@127.0.0.1:$pg_port/tollgate"
        ingress_pids+=("$started_pid")
        urls+=("http://$(logged_address "ingress-$i" server_listening)")
        admin_urls+=("$admin_url")
    done
    export TOLLGATE_URL=${urls[0]} TOLLGATE_URLS="${urls[*]}" TOLLGATE_ADMIN_URL=${admin_urls[0]}
    export TOLLGATE_APP_SECRET
    export TOLLGATE_INGRESS_PIDS="${ingress_pids[*]}" TOLLGATE_WORKER_PIDS="${worker_pids[*]}"
    [[ ! $METASIM_URL ]] || aim_metasim
    # The janitor does it, if the caller lets there be one.
    ((workers == 0)) || [[ ${TOLLGATE_WORKER_ROLES:-janitor} != *janitor* ]] ||
        wait_until 60 are_tokens_sealed || die_with_log worker-1 "access tokens were not sealed"
}
