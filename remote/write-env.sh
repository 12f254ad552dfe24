#!/usr/bin/env bash
# Step 7: bring the app's variables to the server, kept by content, readable by root only.
#
# Docker's --env-file takes a value literally but for line ends, so a value with several lines lies in a file of
# its own and reaches `docker run` by way of its environment.
# Arguments: --service NAME --env DIGEST
# Standard input: a line `NAME BASE64` for each variable. Exit: 0 they are there; 1 not. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 7, env'

# The longest line that Docker's reader of env files takes is 64 KiB; a carriage return at its end is dropped.
readonly LINE_BYTES=60000

byte_length() {
  local LC_ALL=C
  printf '%d' "${#1}"
}

write_variables() {
  local folder=$1 name encoded value count=0
  mkdir "$folder/multiline"
  : >"$folder/env"
  while read -r name encoded; do
    # The dot keeps line ends at the value's end, which a substitution would cut off.
    value=$(printf '%s' "$encoded" | base64 -d && printf .)
    value=${value%.}
    if [[ $value == *[$'\n\r']* || $(byte_length "$value") -gt $LINE_BYTES ]]; then
      printf '%s' "$value" >"$folder/multiline/$name"
    else
      printf '%s=%s\n' "$name" "$value" >>"$folder/env"
    fi
    ((++count))
  done < <(if [[ -n $INPUT ]]; then printf '%s\n' "$INPUT"; fi)
  say "$count variables brought to the server"
}

main() {
  read_arguments service env -- "$@"
  receive
  local folder half
  folder=$(service_folder)/env
  install -d -m 700 "$folder"
  lock "${ARG[service]}"
  if [[ -d $folder/${ARG[env]} ]]; then
    say "these variables are already there"
    return 0
  fi
  half=$(mktemp -d "$folder/.half-XXXXXX")
  # shellcheck disable=SC2064  # the folder's name as it is now
  trap "rm -rf '$half'" EXIT
  write_variables "$half"
  mv -T "$half" "$folder/${ARG[env]}"
}

main "$@"
