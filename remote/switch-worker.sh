#!/usr/bin/env bash
# Step 9 for a role that the proxy does not serve: the release becomes the live one. Where two may not run at once,
# the old one is stopped and the new one started here, and the old one runs again if the new one does not get ready.
#
# Arguments: --service NAME --role NAME --release ID --restart POLICY --stop-first yes|no --stop-timeout SECONDS
#   --readiness-delay SECONDS --deploy-timeout SECONDS
# Last line of output: `live=<release> previous=<release, or nothing>`.
# Exit: 0 it is live; 1 not: what ran before runs. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-ready.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-ready.sh"
# shellcheck source=remote/lib-worker.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-worker.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 9, switch'

# stop_others: SIGTERM, and time to end what was begun.
stop_others() {
  local container
  while read -r container; do
    if [[ $container == "$(container_name)" ]]; then continue; fi
    say "stopping $container, for two may not run at once"
    docker stop --time "${ARG[stop_timeout]}" "$container" >/dev/null
  done < <(containers '{{.Names}}' --filter status=running --filter status=restarting)
}

# run_live_again: on the way out of a swap that has failed.
run_live_again() {
  local live
  docker stop --time "${ARG[stop_timeout]}" "$(container_name)" >/dev/null 2>&1 || true
  live=$(live_release)
  if [[ -n $live && $live != "${ARG[release]}" ]]; then
    docker start "${ARG[service]}-${ARG[role]}-$live" >/dev/null
    printf '%s: release %s runs again\n' "$STEP" "$live" >&2
  fi
}

swap() {
  trap run_live_again EXIT
  stop_others
  docker start "$(container_name)" >/dev/null || fail "$(container_name) could not be started; what Docker says is above"
  wait_for_worker "The release was stopped."
  trap - EXIT
}

# ensure_runs: one that has ended since it was ready gets a second trial.
ensure_runs() {
  if is_running "$(container_name)"; then return 0; fi
  if [[ ${ARG[stop_first]} == yes ]]; then
    swap
    return 0
  fi
  say "$(container_name) once more"
  docker start "$(container_name)" >/dev/null
  wait_for_worker "It was ready and has ended since; $(running_on)."
}

main() {
  read_arguments service role release restart stop_first stop_timeout readiness_delay deploy_timeout -- "$@"
  discard
  lock "${ARG[service]}-${ARG[role]}"
  docker container inspect "$(container_name)" >/dev/null 2>&1 ||
    fail "release ${ARG[release]} is not on this server, so nothing was changed; $(running_on). Run: pulumi up --replace '**Candidate**'"
  ensure_runs
  STEP='step 9, switch'
  docker update --restart "${ARG[restart]}" "$(container_name)" >/dev/null
  place_mark "${ARG[release]}"
  remember_live
  # Of a role that the proxy has served before, or that had a schedule.
  rm -f "$(live_file)"
  remove_timers
  say "release ${ARG[release]} is the live one"
  local -a past
  mapfile -t past < <(past_releases)
  printf 'live=%s previous=%s\n' "${ARG[release]}" "${past[0]:-}"
}

main "$@"
