#!/usr/bin/env bash
# Teardown of step 9: take the public route of a service's role away.
#
# Arguments: --service NAME --role NAME. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove route'

main() {
  read_arguments service role -- "$@"
  discard
  rm -f "$(live_file)"
  say "nothing is routed to ${ARG[service]} any more"
}

main "$@"
