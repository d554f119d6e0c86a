# How the scripts beside this one call psql. Sourced by bash; does nothing by itself.
# shellcheck shell=bash

# unescape TEXT: without the %XX of a URL.
unescape() {
    local text=${1//\\/\\\\}
    printf %b "${text//%/\\x}"
}

# at URL COMMAND...: runs psql, or what takes the same, with --dbname URL. Arguments are for everybody on the machine to
# read: a password in the URL, or among key=value pairs, goes by the environment instead.
at() {
    local url=$1 password=${PGPASSWORD:-} pair="(^|.*[[:space:]])password[[:space:]]*=[[:space:]]*"
    shift
    if [[ $url =~ ^(postgres(ql)?://[^:/@]*):([^/@]*)@(.*)$ ]]; then
        password=$(unescape "${BASH_REMATCH[3]}") url=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
    elif [[ $url =~ ^(postgres(ql)?://.*[?&])password=([^&]*)(.*)$ ]]; then
        password=$(unescape "${BASH_REMATCH[3]}") url=${BASH_REMATCH[1]}${BASH_REMATCH[4]#&}
    elif [[ $url =~ ^${pair}\'(([^\'\\]|\\.)*)\'(.*)$ ]]; then
        password=${BASH_REMATCH[2]} url=${BASH_REMATCH[1]}${BASH_REMATCH[4]}
        # shellcheck disable=SC2001 # what is behind the backslash stays
        password=$(sed 's/\\\(.\)/\1/g' <<<"$password")
    elif [[ $url =~ ^${pair}([^[:space:]]+)(.*)$ ]]; then
        password=${BASH_REMATCH[2]//\\/} url=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
    fi
    PGPASSWORD=$password "$@" --dbname "$url"
}
