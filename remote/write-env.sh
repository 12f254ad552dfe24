#!/usr/bin/env bash
# Step 7: bring the app's variables to the server, kept by content, readable by root only.
#
# Arguments: --service NAME --role NAME --env DIGEST
# Standard input: a line `NAME BASE64` for each variable. Exit: 0 they are there; 1 not. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
STEP='step 7, env'

main() {
  read_arguments service role env -- "$@"
  receive
  local folder half
  folder=$(env_folder)
  install -d -m 700 "$folder"
  lock "${ARG[service]}-${ARG[role]}"
  if [[ -d $folder/${ARG[env]} ]]; then
    say "these variables are already there"
    return 0
  fi
  half=$(mktemp -d "$folder/.half-XXXXXX")
  # shellcheck disable=SC2064  # the folder's name as it is now
  trap "rm -rf '$half'" EXIT
  write_variables "$half" < <(printf '%s\n' "$INPUT")
  mv -T "$half" "$folder/${ARG[env]}"
}

main "$@"
