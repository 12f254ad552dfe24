#!/usr/bin/env bash
# Teardown of step 7: remove the variables of a service from the server.
#
# Arguments: --service NAME. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove env'

main() {
  read_arguments service -- "$@"
  discard
  rm -rf "$(service_folder)/env"
  forget_service
  say "the variables are gone"
}

main "$@"
