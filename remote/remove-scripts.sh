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
  find "$STATE" -mindepth 1 -maxdepth 1 ! -path "$DATA" -exec rm -rf {} +
  if rmdir "$DATA" 2>/dev/null || [[ ! -e $DATA ]]; then
    rmdir "$STATE"
    say "nothing of ours is left; Docker stays"
  else
    say "nothing of ours is left but the data of accessories in $DATA; Docker stays"
  fi
}

main "$@"
