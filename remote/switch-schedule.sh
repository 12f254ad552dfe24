#!/usr/bin/env bash
# Step 9 for a role with a schedule: from now on the jobs are those of the release. One that runs ends by itself.
#
# Arguments: --service NAME --role NAME --release ID
# Last line of output: `live=<release> previous=<release, or nothing>`.
# Exit: 0 done; 1 not. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 9, switch'

main() {
  read_arguments service role release -- "$@"
  discard
  lock "${ARG[service]}-${ARG[role]}"
  [[ -f $(schedule_folder "${ARG[release]}")/jobs ]] ||
    fail "release ${ARG[release]} is not on this server, so nothing was changed. Run: pulumi up --replace '**Candidate**'"
  place_timers "${ARG[release]}"
  place_mark "${ARG[release]}"
  remember_live
  rm -f "$(live_file)"
  tell_jobs
  local -a past
  mapfile -t past < <(past_releases)
  printf 'live=%s previous=%s\n' "${ARG[release]}" "${past[0]:-}"
}

main "$@"
