#!/usr/bin/env bash
# Teardown of step 7: remove the variables of a role from the server.
#
# Arguments: --service NAME --role NAME. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove env'

main() {
  read_arguments service role -- "$@"
  discard
  rm -rf "$(env_folder)"
  rmdir --ignore-fail-on-non-empty "$(service_folder)/env" 2>/dev/null || true
  forget_service
  say "the variables are gone"
}

main "$@"
