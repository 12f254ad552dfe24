#!/usr/bin/env bash
# Teardown of step 1: remove what is left of ours, once no service is on the server any more.
#
# Arguments: none. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove scripts'

main() {
  read_arguments -- "$@"
  discard
  if compgen -G "$STATE/services/*" >/dev/null; then
    say "another service is still here, the scripts stay"
    return 0
  fi
  rm -rf "$STATE"
  say "nothing of ours is left; Docker stays"
}

main "$@"
