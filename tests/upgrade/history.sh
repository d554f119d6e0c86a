# Earlier versions of Tollgate, out of the history: what tests/upgrade upgrades from. Sourced by tests/run after
# deploy/lib.sh and deploy/servers.sh.
#
# tests/upgrade/before names the commit whose schema is upgraded, and whose daemons work meanwhile. A change that
# these cannot live with is one that no upgrade may make, so it moves on only when a version is released; before
# the first one, also when a file of sql/tables changes. tests/upgrade/early names one with its tables in public.
# shellcheck shell=bash disable=SC2154 # root, run_dir, pg_port come from those

# check_out NAME: the tree of that commit, under build/upgrade/. Sets tree.
check_out() {
    local commit
    read -r commit <"$root/tests/upgrade/$1"
    tree=$root/build/upgrade/$commit
    [[ ! -d $tree ]] || return 0
    git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null || return 1
    rm --recursive --force "$tree.part"
    mkdir --parents "$tree.part"
    git -C "$root" archive "$commit" | tar --extract --directory "$tree.part" || die "git archive failed"
    mv "$tree.part" "$tree"
}

# make_former_template NAME: the database tollgate_NAME, which the tests copy, as that version makes it.
make_former_template() {
    local url=postgresql://postgres@127.0.0.1:$pg_port
    psql --no-psqlrc --quiet --dbname "$url/postgres" --command "CREATE DATABASE tollgate_$1"
    PGOPTIONS='-c search_path=public' "$tree/deploy/migrate" --url "$url/tollgate_$1" >"$run_dir/migrate-$1.log" 2>&1 ||
        die_with_log "migrate-$1" "migrating to the version of tests/upgrade/$1 failed"
}

# Databases and daemons of the former versions. False where this history does not have them.
prepare_upgrade() {
    local name
    for name in early before; do
        if ! check_out "$name"; then
            say "upgrade: not tested: this history has no commit $(<"$root/tests/upgrade/$name") (a shallow clone?)"
            return 1
        fi
        make_former_template "$name"
    done
    build_in "$tree" debug debug -DTOLLGATE_TESTS=OFF
    export TOLLGATE_TEST_BEFORE_BIN_DIR=$tree/build/debug/bin
}
