# Shared by the scripts of deploy and of tests: saying, installing what is missing, building. Sourced by
# bash; does nothing by itself.
# shellcheck shell=bash disable=SC2034 # what is set here is used where this is sourced

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_packages=(build-essential cmake ninja-build pkg-config libmicrohttpd-dev libgnutls28-dev libhiredis-dev
    libcurl4-openssl-dev libpq-dev libjson-c-dev libssl-dev libsodium-dev libcjose-dev
    libpcre2-dev libunistring-dev libsystemd-dev)
test_packages=(git libcriterion-dev clang-14 libclang-rt-14-dev clang-format clang-tidy cppcheck
    shellcheck ccache stunnel4 chromium-headless-shell node:nodejs npm:npm)
server_packages=(postgresql-15 postgresql-client-15 redis-server curl:curl ca-certificates)

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# install_missing PACKAGE|COMMAND:PACKAGE...: the second form is content with the command, wherever it
# came from. Servers that come in packages are not started: we run our own.
install_missing() {
    local item missing=() log=$root/build/install.log
    for item in "$@"; do
        if [[ $item == *:* ]] && command -v "${item%%:*}" >/dev/null; then
            continue
        fi
        item=${item#*:}
        if [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$item" 2>/dev/null) != installed ]]; then
            missing+=("$item")
        fi
    done
    ((${#missing[@]})) || return 0
    say "Installing ${missing[*]}"
    mkdir --parents "$root/build"
    local sudo=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "run as root: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    # invoke-rc.d and deb-systemd-invoke ask policy-rc.d whether a service may be started.
    # shellcheck disable=SC2016 # expanded by the inner shell
    flock "$root/build/install.lock" "${sudo[@]}" bash -euo pipefail -c '
        policy=/usr/sbin/policy-rc.d
        if [[ ! -e $policy ]]; then
            printf "#!/bin/sh\nexit 101\n" >"$policy"
            trap "rm --force $policy" EXIT
            chmod +x "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get update --quiet=2
        apt-get install --yes --no-install-recommends --quiet=2 "$@"
    ' install "${missing[@]}" </dev/null >"$log" 2>&1 9>&- ||
        { tail --lines 20 "$log" >&2; die "could not install; all of it: $log"; }
}

# configure NAME PRESET [CMAKE_ARGUMENT...]: prepares build/NAME.
configure() {
    local name=$1 preset=$2
    local -x CMAKE_GENERATOR=Ninja CMAKE_C_COMPILER_LAUNCHER
    CMAKE_C_COMPILER_LAUNCHER=$(command -v ccache || true)
    (cd "$root" && cmake --preset "$preset" -B "build/$name" "${@:3}")
}

# build NAME PRESET [CMAKE_ARGUMENT...]: brings build/NAME up to date, alone in it; says something only on
# failure.
build() {
    build_in "$root" "$@"
}

# build_in ROOT NAME PRESET [CMAKE_ARGUMENT...]: the same of another tree.
build_in() {
    local root=$1 name=$2 log=$1/build/$2.log
    shift
    mkdir --parents "$root/build"
    if ! (flock 8 && configure "$@" && cmake --build "$root/build/$name") \
        >"$log" 2>&1 8>"$root/build/$name.lock" 9>&-; then
        grep --extended-regexp --ignore-case --context 4 'error|failed' "$log" | head --lines 80 >&2 || true
        die "build/$name failed; all of it: $log"
    fi
}
