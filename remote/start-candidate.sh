#!/usr/bin/env bash
# Steps 6, 9 and 10: pull the image, start a container of it beside the live one, and ask for its health through
# Traefik, by a private route that the public cannot take.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE@DIGEST --env DIGEST
#   --health-path PATH --health-host NAME --health-interval SECONDS --health-timeout SECONDS
#   --deploy-timeout SECONDS
# Standard input: the candidate's dynamic file for Traefik.
# Exit: 0 healthy; 1 not: container and route are removed, what was live is untouched. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 6, pull'
readonly LOG_LINES=20 FIRST_INTERVAL=0.1

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

# run_container NAME: with the release's variables; those of several lines come from this process's environment.
# Without a restart policy until it is healthy: a container that ends is then seen to have ended.
run_container() (
  local folder file
  local -a environment=()
  folder=$(service_folder)/env/${ARG[env]}
  for file in "$folder"/multiline/*; do
    [[ -e $file ]] || continue
    local name=${file##*/} value
    value=$(cat "$file" && printf .)
    export "$name=${value%.}"
    environment+=(--env "$name")
  done
  docker run --detach --name "$1" --network "$NETWORK" \
    --label "backstaff.service=${ARG[service]}" --label "backstaff.role=${ARG[role]}" \
    --label "backstaff.release=${ARG[release]}" --label "backstaff.env=${ARG[env]}" \
    --env-file "$folder/env" "${environment[@]}" \
    --log-driver json-file --log-opt max-size=10m --log-opt max-file=3 \
    "${ARG[image]}" >/dev/null
)

start() {
  local container=$1
  STEP='step 10, start'
  if is_running "$container"; then
    say "$container already runs"
  elif docker container inspect "$container" >/dev/null 2>&1; then
    say "$container again"
    docker start "$container" >/dev/null
  else
    say "$container"
    run_container "$container"
  fi
}

# probe CONTAINER: ask once, the way that the public's requests will come; prints the status, 000 for none.
probe() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time "${ARG[health_timeout]}" \
    --header "$RELEASE_HEADER: $1" --header "Host: ${ARG[health_host]}" "$PRIVATE${ARG[health_path]}" || true
}

wait_until_healthy() {
  local container=$1 began=$SECONDS told=0 status=000 interval=$FIRST_INTERVAL
  STEP='step 9, health'
  while true; do
    status=$(probe "$container")
    if [[ $status == 2?? ]]; then
      say "${ARG[health_path]} answers $status after $((SECONDS - began)) s"
      return 0
    fi
    is_running "$container" || give_up "$container" "the container ended before ${ARG[health_path]} answered"
    local waited=$((SECONDS - began))
    ((waited < ARG[deploy_timeout])) || give_up "$container" \
      "${ARG[health_path]} was not healthy within ${ARG[deploy_timeout]} s; the last answer was $status"
    if ((waited >= 1)); then interval=${ARG[health_interval]}; fi
    if ((waited > told)); then
      told=$waited
      say "waiting for ${ARG[health_path]} (answer $status): $waited s of ${ARG[deploy_timeout]} s"
    fi
    sleep "$interval"
  done
}

# give_up CONTAINER REASON: say what was seen; the trap removes the candidate.
give_up() {
  {
    printf 'the last %d log lines of %s:\n' "$LOG_LINES" "$1"
    docker logs --tail "$LOG_LINES" "$1" || true
    docker container inspect --format \
      'its state: {{.State.Status}}, exit code {{.State.ExitCode}}, out of memory: {{.State.OOMKilled}}' "$1" || true
  } 2>&1 | sed 's/^/  /' >&2
  local live serving='nothing was live before'
  live=$(live_release)
  if [[ -n $live ]]; then serving="release $live serves on"; fi
  fail "$2. The new release ${ARG[release]} was removed; $serving."
}

remove_candidate() {
  rm -f "$(candidate_file)"
  docker rm --force "$1" >/dev/null 2>&1 || true
  # Refused, rightly, while another container is made of it.
  docker rmi "${ARG[image]}" >/dev/null 2>&1 || true
}

main() {
  read_arguments service role release image env health_path health_host health_interval health_timeout \
    deploy_timeout -- "$@"
  receive
  local container
  container=$(container_name)
  lock "${ARG[service]}"
  if [[ $(live_release) == "${ARG[release]}" ]] && is_running "$container"; then
    say "release ${ARG[release]} is live already"
    return 0
  fi
  # shellcheck disable=SC2064  # the container's name as it is now
  trap "remove_candidate '$container'" EXIT
  pull
  start "$container"
  place_route "$(candidate_file)"
  wait_until_healthy "$container"
  docker update --restart unless-stopped "$container" >/dev/null
  trap - EXIT
}

main "$@"
