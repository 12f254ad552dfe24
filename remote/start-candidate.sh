#!/usr/bin/env bash
# Steps 6, 9 and 10: pull the image, start a container of it beside the live one, and ask for its health through
# Traefik, by a private route that the public cannot take.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE --env DIGEST --app-port PORT
#   --health-path PATH --health-host NAME --health-status RANGE[,RANGE...] [--health-body TEXT]
#   --health-successes COUNT --health-interval SECONDS --health-timeout SECONDS --deploy-timeout SECONDS
#   -- OPTIONS-OF-DOCKER-RUN... [-- COMMAND...]
# Standard input: the candidate's dynamic file for Traefik.
# Exit: 0 healthy; 1 not: container and route are removed, what was live is untouched. May be run twice.
# A release whose stopped container is still there is started again as it was: nothing is pulled for it.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-gate.sh"
STEP='step 6, pull'

pull() {
  local image=${ARG[image]}
  if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is already there"
    return 0
  fi
  say "$image"
  docker --config "$(login_folder)" pull "$image" | grep --line-buffered -E 'Pull complete|Status:' ||
    fail "could not pull $image. Check that the server reaches the registry, and that the image is there."
}

# run_container: with the release's variables, and two that apps know from Kamal; those of several lines come from this process's environment.
# Without a restart policy until it is live: one that ends before is seen to have ended.
run_container() (
  local folder file word
  local -a environment=() options=() command=()
  folder=$(service_folder)/env/${ARG[env]}
  for file in "$folder"/multiline/*; do
    [[ -e $file ]] || continue
    local name=${file##*/} value
    value=$(cat "$file" && printf .)
    export "$name=${value%.}"
    environment+=(--env "$name")
  done
  for word in "${!REST[@]}"; do
    if [[ ${REST[word]} == -- ]]; then
      command=("${REST[@]:word+1}")
      break
    fi
    options+=("${REST[word]}")
  done
  docker run --detach --name "$(container_name)" --network "$NETWORK" \
    --label "backstaff.service=${ARG[service]}" --label "backstaff.role=${ARG[role]}" \
    --label "backstaff.release=${ARG[release]}" --label "backstaff.env=${ARG[env]}" \
    --label "backstaff.port=${ARG[app_port]}" \
    --env "KAMAL_VERSION=${ARG[release]}" --env "KAMAL_CONTAINER_NAME=$(container_name)" \
    --env-file "$folder/env" "${environment[@]}" "${options[@]}" "${ARG[image]}" "${command[@]}" >/dev/null
)

start() {
  local container
  container=$(container_name)
  if docker container inspect "$container" >/dev/null 2>&1; then
    STEP='step 10, start'
    if is_running "$container"; then
      say "$container already runs"
    else
      say "$container again"
      # The policy comes back when it is live.
      docker update --restart no "$container" >/dev/null
      docker start "$container" >/dev/null
    fi
    return 0
  fi
  pull
  STEP='step 10, start'
  say "$container"
  run_container
}

was_live() { [[ -f $(history_file) ]] && grep --quiet --line-regexp "${ARG[release]}" "$(history_file)"; }

# A release that was live before is kept for the next trial: it may be the one to come back to.
take_back() {
  rm -f "$(candidate_file)" "$(body_file)"
  if was_live; then
    docker stop --time 10 "$(container_name)" >/dev/null 2>&1 || true
    return 0
  fi
  docker rm --force --volumes "$(container_name)" >/dev/null 2>&1 || true
  # Refused, rightly, while another container is made of it.
  docker rmi "${ARG[image]}" >/dev/null 2>&1 || true
}

main() {
  read_arguments service role release image env app_port health_path health_host health_status health_body= \
    health_successes health_interval health_timeout deploy_timeout -- "$@"
  receive
  lock "${ARG[service]}"
  if [[ $(live_release) == "${ARG[release]}" ]] && is_running "$(container_name)"; then
    say "release ${ARG[release]} is live already"
    return 0
  fi
  # shellcheck disable=SC2034  # read by lib-gate.sh
  if was_live; then FATE='was stopped and is kept'; fi
  trap take_back EXIT
  rm -f "$(crash_mark)"
  start
  place_route "$(candidate_file)"
  wait_until_healthy
  trap - EXIT
}

main "$@"
