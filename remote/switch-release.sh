#!/usr/bin/env bash
# Step 9: route the public to the new release, at once and for all requests, and see that it serves.
#
# Arguments: --service NAME --role NAME --release ID --http-port PORT --health-path PATH --health-host NAME
# Standard input: the live dynamic file for Traefik.
# Last line of output: `live=<release>`.
# Exit: 0 it serves; 1 not: the route is as it was before. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 9, switch'
readonly SWITCH_SECONDS=15

# in_force: Traefik's public router names the release's service.
in_force() {
  [[ $(traefik_api "/api/http/routers/${ARG[service]}-${ARG[role]}@file") == *"\"service\":\"$(container_name)\""* ]]
}

# serves: the public entry point gives a healthy answer.
serves() {
  [[ $(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 \
    --header "Host: ${ARG[health_host]}" "http://127.0.0.1:${ARG[http_port]}${ARG[health_path]}" || true) == 2?? ]]
}

wait_for() {
  until "$1"; do
    ((SECONDS < SWITCH_SECONDS)) || return 1
    sleep 0.05
  done
}

put_back() {
  local previous=$1
  if [[ -f $previous ]]; then mv -T "$previous" "$(live_file)"; else rm -f "$(live_file)"; fi
}

main() {
  read_arguments service role release http_port health_path health_host -- "$@"
  receive
  local container previous
  container=$(container_name)
  lock "${ARG[service]}"
  is_running "$container" || fail "release ${ARG[release]} does not run, so nothing was switched. Run: pulumi up --replace '**Candidate**'"
  previous=$STAGING/previous-${ARG[service]}-${ARG[role]}
  rm -f "$previous"
  if [[ -f $(live_file) ]]; then cp "$(live_file)" "$previous"; fi
  # shellcheck disable=SC2064  # the file's name as it is now
  trap "put_back '$previous'" EXIT
  place_route "$(live_file)"
  wait_for in_force || fail "Traefik did not take the new route within $SWITCH_SECONDS s; it was put back. See: docker logs $TRAEFIK"
  wait_for serves || fail "the new release does not answer on port ${ARG[http_port]}; the route was put back."
  trap - EXIT
  rm -f "$previous" "$(candidate_file)"
  say "release ${ARG[release]} serves on port ${ARG[http_port]}"
  printf 'live=%s\n' "${ARG[release]}"
}

main "$@"
