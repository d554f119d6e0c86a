# What deploy/quickstart shows: a send that is paid for and delivered, and a customer who is answered. Sourced
# after gateway.sh, whose start_gateway has exported the addresses, ids and keys.
# shellcheck shell=bash disable=SC2154 # those

# The text of a JSON document's member, which here is never nested nor escaped.
member() {
    sed --quiet --regexp-extended "s/.*\"$1\" ?: ?\"([^\"]*)\".*/\1/p"
}

ask() {
    curl --silent --show-error --max-time 20 --header "Authorization: Bearer $ACME_API_KEY" "$@"
}

balance() {
    ask "$TOLLGATE_URL/api/wallet" | member balance
}

# Which state the message has, delivered or read: those are the last that Meta tells of.
is_delivered() {
    [[ $(ask "$TOLLGATE_URL/api/messages/$1" | member status) =~ ^(delivered|read)$ ]]
}

# How often Meta was asked to send to a phone.
posts_to() {
    curl --silent --show-error --max-time 20 "$METASIM_URL/_sim/posts?recipient=$1" |
        sed --quiet --regexp-extended 's/.*"count":([0-9]+).*/\1/p'
}

is_welcomed() {
    [[ $(posts_to "$1") == 1 ]]
}

has_rules() {
    [[ $(psql --no-psqlrc --quiet --no-align --tuples-only --dbname "$TOLLGATE_POSTGRES_URL" \
        --command "SELECT count(*) FROM automation_rules WHERE state = 'unchecked'") == 0 ]]
}

# A customer writes, and the org's rule answers, as it would answer any customer of its own.
demo_reply() {
    local customer=919812345678 after
    wait_until 20 has_rules || die_with_log worker-1 "the rules were not checked"
    curl --silent --show-error --fail --output /dev/null --max-time 20 "$METASIM_URL/_sim/inbound" --data \
        "{\"phone_number_id\": \"$ACME_PHONE_NUMBER_ID\", \"from\": \"$customer\", \"name\": \"Asha\", \"text\": \"hi\"}"
    say "Customer:       hi"
    wait_until 20 is_welcomed "$customer" || die_with_log worker-1 "the customer was not welcomed"
    say "Acme:           $(psql --no-psqlrc --quiet --no-align --tuples-only --dbname "$TOLLGATE_POSTGRES_URL" \
        --command "SELECT payload -> 'text' ->> 'body' FROM messages m JOIN auto_replies a ON a.reply_id = m.id")"
    after=$(balance)
    say "Acme's wallet:  $after"
    [[ $after == 99.60 ]] || die_with_log worker-1 "the welcome was not paid by Acme"
}

demo() {
    local before after answer id message status
    before=$(balance)
    say "Acme's wallet:  $before"
    answer=$(ask "$TOLLGATE_URL/api/send-message" --header 'Content-Type: application/json' \
        --header 'Prefer: wait=10' \
        --data "{\"org_id\": \"$ACME_ORG_ID\", \"phone\": \"+91 98765-43210\", \"message\": \"Hello\"}")
    id=$(member message_id <<<"$answer")
    [[ $id ]] || die_with_log ingress-1 "the message was not accepted: $answer"
    message=$(ask "$TOLLGATE_URL/api/messages/$id")
    status=$(member status <<<"$message")
    say "Message:        $id"
    say "                $status, wamid $(member wamid <<<"$message")"
    after=$(balance)
    say "Acme's wallet:  $after"
    [[ $before == 100.00 && $after == 99.80 && $status =~ ^(sent|delivered|read)$ ]] ||
        die_with_log "worker-1" "that is not what a send should look like: $answer"
    [[ $METASIM_URL ]] || return 0 # whatever stands in for Meta posts no webhooks
    wait_until 20 is_delivered "$id" || die_with_log worker-1 "no webhook told that it was delivered"
    say "Message:        delivered"
    demo_reply
}
