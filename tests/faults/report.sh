# The report of a fault run: what was done to the gateway, and what came of it. Sourced by bash after
# deploy/lib.sh.
# shellcheck shell=bash

# print_report FILE: its lines are "fault messages webhooks violations", one for each fault that was
# tried; a fault that comes with others in one round has no figures of its own, and the round a line.
print_report() {
    [[ -s $1 ]] || return 0
    sort "$1" | awk '
        function line(name, times, messages, webhooks, violations) {
            printf "%-34s %6s %10s %10s %10s\n", name, times, messages, webhooks, violations
        }
        BEGIN { line("fault", "times", "messages", "webhooks", "violations") }
        $1 != name { if (name) line(name, times, messages, webhooks, violations)
                     name = $1; times = messages = webhooks = violations = 0 }
        { times++; messages += $2; webhooks += $3; violations += $4
          if ($1 !~ /^(none|round)$/) all_times++
          all_messages += $2; all_webhooks += $3; all_violations += $4 }
        END { line(name, times, messages, webhooks, violations)
              line("all", all_times, all_messages, all_webhooks, all_violations) }'
}
