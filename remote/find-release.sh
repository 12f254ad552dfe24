#!/usr/bin/env bash
# Rollback: find a release that was live before and is still on the server.
#
# Arguments: --service NAME --role NAME --release previous|ID
# Last line of output: `release=<id> image=<reference> env=<digest> port=<the app's>`.
# Exit: 0 it is there; 1 not, with those that are. Changes nothing. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='rollback'

main() {
  read_arguments service role release -- "$@"
  local wanted=${ARG[release]} live
  local -a past
  live=$(live_release)
  mapfile -t past < <(past_releases)
  if [[ $wanted == previous ]]; then
    ((${#past[@]} > 0)) || fail "there is no release of ${ARG[service]} before the live one${live:+, $live}. Nothing was changed."
    wanted=${past[0]}
  elif [[ $wanted != "$live" && " ${past[*]} " != *" $wanted "* ]]; then
    fail "release $wanted of ${ARG[service]} is not on this server. Those that are: ${past[*]:-none}${live:+; live is $live}. Set backstaff:rollback to one of them, or set image to the digest of an older one. Nothing was changed."
  fi
  ARG[release]=$wanted
  say "to release $wanted (live: ${live:-none})"
  docker container inspect --format \
    "release=$wanted image={{.Config.Image}} env={{index .Config.Labels \"backstaff.env\"}} port={{index .Config.Labels \"backstaff.port\"}}" \
    "$(container_name)"
}

main "$@"
