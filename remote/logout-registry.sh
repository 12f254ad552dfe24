#!/usr/bin/env bash
# Teardown of step 3: forget the registry login of a service.
#
# Arguments: --service NAME. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='log out'

main() {
  read_arguments service -- "$@"
  discard
  rm -rf "$(login_folder)"
  forget_service
  say "the registry login is gone"
}

main "$@"
