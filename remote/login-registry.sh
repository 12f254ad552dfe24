#!/usr/bin/env bash
# Step 3: log in to the registry. On the server the login is kept, for this service and for root only; on the
# caller's machine it is only tried, since the build gets the password by itself.
#
# Arguments: --server HOST[:PORT] --username NAME --service NAME --side server|here
# Standard input: the password. Exit: 0 logged in; 1 refused, with what the registry said. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 3, log in'

main() {
  read_arguments server username service side -- "$@"
  receive
  local folder answer place
  place="the server $(hostname)"
  if [[ ${ARG[side]} == here ]]; then place='this machine'; fi
  if [[ ${ARG[side]} == here ]]; then
    folder=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name as it is now
    trap "rm -rf '$folder'" EXIT
  else
    folder=$(login_folder)
    install -d -m 700 "$folder"
  fi
  # Docker's client warns that it keeps the password unencrypted: in a file of mode 0600 in a folder of ours.
  answer=$(printf '%s\n' "$INPUT" |
    docker --config "$folder" login --username "${ARG[username]}" --password-stdin "${ARG[server]}" 2>&1) ||
    fail "the registry ${ARG[server]} refused ${ARG[username]} on $place: ${answer##*$'\n'}. Check registry.username and registry.password."
  say "${ARG[username]} at ${ARG[server]}, from $place"
}

main "$@"
