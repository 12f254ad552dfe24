#!/usr/bin/env bash
# Step 9: route the public to the new release, at once and for all requests, and see that it serves.
#
# Arguments: --service NAME --role NAME --release ID --restart POLICY --routes WORDS --public-host NAME
#   --public-path PATH --public-check healthy|answers
#   --health-path PATH --health-host NAME --health-status RANGE[,RANGE...] [--health-body TEXT]
#   --health-successes COUNT --health-interval SECONDS --health-timeout SECONDS --deploy-timeout SECONDS
# Standard input: the live dynamic file for Traefik.
# Last line of output: `live=<release> previous=<release, or nothing>`.
# Exit: 0 it serves; 1 not: the route is as it was before. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-gate.sh"
# shellcheck source=remote/lib-routes.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-routes.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 9, switch'
readonly SWITCH_SECONDS=15 STAY_SECONDS=5

# in_force: Traefik's public router names the release's service.
in_force() {
  [[ $(traefik_api "/api/http/routers/${ARG[service]}-${ARG[role]}@file") == *"\"service\":\"$(container_name)\""* ]]
}

# serves: the public entry point answers as the gate asks; or at all, where the gate asks on a port of its own.
serves() {
  ask --header "Host: ${ARG[public_host]}" "http://127.0.0.1:$PUBLIC_PORT${ARG[public_path]}" ||
    { [[ ${ARG[public_check]} == answers ]] && [[ $STATUS != 000 && $STATUS != 50[234] ]]; }
}

wait_for() {
  local began=$SECONDS
  until "$1"; do
    ((SECONDS - began < SWITCH_SECONDS)) || return 1
    sleep 0.05
  done
}

# A release that has ended since the gate is not switched to. The gate's step was done and is not run again, so
# this one, run again, gives the release a second trial, in which it has to stay up for a while.
ensure_runs() {
  local container
  container=$(container_name)
  if is_running "$container" && [[ ! -e $(crash_mark) ]]; then return 0; fi
  docker container inspect "$container" >/dev/null 2>&1 ||
    fail "release ${ARG[release]} is not on this server, so nothing was switched; $(serving). Run: pulumi up --replace '**Candidate**'"
  if [[ -f $(candidate_file) && ! -e $(crash_mark) ]]; then
    touch "$(crash_mark)"
    show_end
    fail "release ${ARG[release]} was healthy and has ended since, so nothing was switched; $(serving). The next \`pulumi up\` tries it once more."
  fi
  say "$container once more"
  docker start "$container" >/dev/null
  if [[ -f $(candidate_file) ]]; then second_trial; fi
}

second_trial() {
  local began=$SECONDS
  # shellcheck disable=SC2034  # read by lib-gate.sh
  FATE='was not switched to'
  wait_until_healthy
  STEP='step 9, switch'
  while ((SECONDS - began < STAY_SECONDS)); do
    if ! is_running "$(container_name)"; then
      show_end
      fail "release ${ARG[release]} was healthy and ended again, so nothing was switched; $(serving)."
    fi
    sleep 0.2
  done
  rm -f "$(crash_mark)"
}

put_back() {
  rm -f "$(body_file)"
  if [[ -f $(previous_file) ]]; then mv -T "$(previous_file)" "$(live_file)"; else rm -f "$(live_file)"; fi
}

# What a killed switch has left is no previous release: it was never seen to serve.
keep_previous() {
  if [[ $(live_release) != "${ARG[release]}" ]]; then
    rm -f "$(previous_file)"
    if [[ -f $(live_file) ]]; then cp "$(live_file)" "$(previous_file)"; fi
  elif is_remembered; then
    cp "$(live_file)" "$(previous_file)"
  fi
}

is_remembered() { [[ -f $(history_file) && $(tail --lines=1 "$(history_file)") == "${ARG[release]}" ]]; }

switch() {
  trap put_back EXIT
  place_route "$(live_file)"
  wait_for in_force || fail "Traefik did not take the new route within $SWITCH_SECONDS s; it was put back. See: docker logs $TRAEFIK"
  if ! wait_for serves; then
    show_end
    fail "the new release does not serve on port $PUBLIC_PORT: $(last_question). The route was put back."
  fi
  trap - EXIT
}

main() {
  read_arguments service role release restart routes public_host public_path public_check health_path health_host health_status health_body= \
    health_successes health_interval health_timeout deploy_timeout -- "$@"
  receive
  lock "${ARG[service]}-${ARG[role]}"
  PUBLIC_PORT=$(docker port "$TRAEFIK" 80/tcp | sed -n '1s/.*://p')
  refuse_taken_routes "$(live_file)" "Nothing was switched; $(serving)."
  ensure_runs
  keep_previous
  switch
  docker update --restart "${ARG[restart]}" "$(container_name)" >/dev/null
  remember_live
  rm -f "$(candidate_file)" "$(body_file)" "$(live_mark)" "$(undone_file)"
  remove_timers
  say "release ${ARG[release]} serves on port $PUBLIC_PORT"
  local -a past
  mapfile -t past < <(past_releases)
  printf 'live=%s previous=%s\n' "${ARG[release]}" "${past[0]:-}"
}

main "$@"
