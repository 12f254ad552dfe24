#!/usr/bin/env bash
# Undo step 9, since the switch of another server has failed: the release before is the live one again. Nothing is
# retired before all have switched, so it still runs, unless it had to be stopped first.
#
# Arguments: --service NAME --role NAME --release ID (the one that was switched to) --stop-timeout SECONDS
# Last line of output: `live=<release, or nothing>`. Exit: 0 done, or there was nothing before. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 9, undo'

# forget_switch: the release is not one that was live.
forget_switch() {
  local half
  half=$(mktemp "$(service_folder)/.half-XXXXXX")
  grep --invert-match --line-regexp "${ARG[release]}" "$(history_file)" >"$half" || true
  mv -T "$half" "$(history_file)"
}

# undo_route: the new route is kept, for the way forward again.
undo_route() {
  [[ -f $(previous_file) ]] || return 0
  cp "$(live_file)" "$(undone_file)"
  mv -T "$(previous_file)" "$(live_file)"
  if [[ $(live_release) != "${ARG[release]}" ]]; then forget_switch; fi
}

undo_worker() {
  local -a past
  mapfile -t past < <(past_releases)
  if ((${#past[@]} == 0)); then return 0; fi
  if [[ -L $(schedule_folder live) ]]; then
    place_timers "${past[0]}"
  else
    docker stop --time "${ARG[stop_timeout]}" "$(container_name)" >/dev/null
    docker start "${ARG[service]}-${ARG[role]}-${past[0]}" >/dev/null
  fi
  forget_switch
  place_mark "${past[0]}"
}

main() {
  read_arguments service role release stop_timeout -- "$@"
  lock "${ARG[service]}-${ARG[role]}"
  if [[ $(live_release) == "${ARG[release]}" ]]; then
    if [[ -f $(live_mark) ]]; then undo_worker; else undo_route; fi
  fi
  printf 'live=%s\n' "$(live_release)"
}

main "$@"
