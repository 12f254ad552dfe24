#!/usr/bin/env bash
# Teardown of step 9: take the public route, or the mark of the live worker, of a service's role away.
#
# Arguments: --service NAME --role NAME. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='remove route'

main() {
  read_arguments service role -- "$@"
  discard
  remove_timers
  rm -f "$(live_file)" "$(live_mark)" "$(previous_file)" "$(undone_file)"
  say "nothing is routed to ${ARG[service]} any more"
}

main "$@"
