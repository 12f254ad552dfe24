#!/usr/bin/env bash
# Accessory: one long-lived container beside the app, as wanted and ready. It is left alone if it is as wanted;
# one whose settings have changed is stopped and replaced, with its data, and comes back if the new one does not
# get ready. A tag that has moved changes nothing.
#
# Arguments: --service NAME --accessory NAME --name CONTAINER --image REFERENCE --env DIGEST --files DIGEST
#   [--network NAME] [--routes WORDS] --restart POLICY [--refresh TEXT] [--health-cmd COMMAND] --deploy-timeout SECONDS
#   --stop-timeout SECONDS [--registry HOST --username NAME] -- OPTIONS-OF-DOCKER-RUN... [-- COMMAND...]
# Standard input: lines `env NAME BASE64`, `file NUMBER MODE OWNER BASE64`, `directory MODE OWNER PATH` (a dash for
#   what is not set), `route BASE64` (Traefik's dynamic file) and `password BASE64`.
# Exit: 0 it is ready; 1 not, with the reason. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-accessory.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-accessory.sh"
# shellcheck source=remote/lib-ready.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-ready.sh"
# shellcheck source=remote/lib-routes.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-routes.sh"

# How long one without any check has to stay up.
readonly STAY_SECONDS=2

# spec: stands for all that the container is made of.
spec() {
  printf '%s\0' "${ARG[name]}" "${ARG[image]}" "${ARG[env]}" "${ARG[files]}" "${ARG[network]}" "${ARG[restart]}" \
    "${ARG[refresh]}" "${REST[@]}" | sha256sum | cut -c1-12
}

is_as_wanted() { [[ $(label "${ARG[name]}" spec 2>/dev/null) == "$(spec)" ]]; }

refuse_foreign() {
  docker container inspect "${ARG[name]}" >/dev/null 2>&1 || return 0
  [[ $(label "${ARG[name]}" accessory) == "${ARG[accessory]}" && $(label "${ARG[name]}" service) == "${ARG[service]}" ]] ||
    fail "a container ${ARG[name]} is there that is not this accessory. Remove or rename it (its data stay): docker rename ${ARG[name]} ${ARG[name]}-old"
}

# refreshed: the text with which the image was pulled anew the last time.
refreshed() {
  local container
  for container in $(accessory_containers); do label "$container" refresh; done | head --lines=1
}

# The image is pulled if it is not there, or if that was asked for; with a login that is forgotten.
pull() (
  local config
  config=$(login_folder)
  if docker image inspect "${ARG[image]}" >/dev/null 2>&1 &&
    [[ ${ARG[refresh]} == "$(refreshed)" ]]; then
    return 0
  fi
  if [[ -n ${ARG[registry]} ]]; then
    config=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name as it is now
    trap "rm -rf '$config'" EXIT
    lines password | base64 -d | docker --config "$config" login --username "${ARG[username]}" --password-stdin \
      "${ARG[registry]}" >/dev/null 2>&1 ||
      fail "the registry ${ARG[registry]} refused ${ARG[username]}. Check the accessory's registry.username and .password."
  fi
  say "pulling ${ARG[image]}"
  docker --config "$config" pull --quiet "${ARG[image]}" >/dev/null ||
    fail "could not pull ${ARG[image]}. Check that the server reaches the registry, and that the image is there."
)

# Without a restart policy until it is ready: one that ends before is seen to have ended.
run_container() (
  local -a ENVIRONMENT OPTIONS COMMAND
  take_variables "$(accessory_folder)/env-${ARG[env]}"
  split_rest
  name_volumes
  docker run --detach --name "${ARG[name]}" --network "${ARG[network]:-$NETWORK}" \
    --label "backstaff.service=${ARG[service]}" --label "backstaff.accessory=${ARG[accessory]}" \
    --label "backstaff.spec=$(spec)" --label "backstaff.refresh=${ARG[refresh]}" \
    --label "backstaff.container=${ARG[name]}" \
    "${ENVIRONMENT[@]}" "${OPTIONS[@]}" "${ARG[image]}" "${COMMAND[@]}" >/dev/null ||
    fail "${ARG[name]} could not be started; what Docker says is above"
)

# set_aside: never are two at once on the same data. What is there beside one that was set aside was never ready.
set_aside() {
  local name
  for name in $(accessory_containers); do
    if [[ $name == "$(before)" ]]; then continue; fi
    if docker container inspect "$(before)" >/dev/null 2>&1; then
      docker rm --force "$name" >/dev/null
      continue
    fi
    say "stopping $name, whose settings have changed; its data stay"
    docker stop --time "${ARG[stop_timeout]}" "$name" >/dev/null
    docker rename "$name" "$(before)"
  done
}

# take_back: the one before runs again; on the way out of a step that has failed.
take_back() {
  local name
  docker rm --force "${ARG[name]}" >/dev/null 2>&1 || true
  docker container inspect "$(before)" >/dev/null 2>&1 || return 0
  name=$(label "$(before)" container)
  docker rename "$(before)" "$name"
  docker start "$name" >/dev/null
  printf '%s: %s runs again as before\n' "$STEP" "$name" >&2
}

# route: to an accessory that is ready, or to none.
route() {
  INPUT=$(lines route | base64 -d)
  if [[ -n $INPUT ]]; then place_route "$(route_file)"; else rm -f "$(route_file)"; fi
}

finish() {
  local folder
  docker update --restart "${ARG[restart]}" "${ARG[name]}" >/dev/null
  docker rm --force "$(before)" >/dev/null 2>&1 || true
  for folder in "$(accessory_folder)"/*; do
    [[ $folder == *"/env-${ARG[env]}" || $folder == *"/files-${ARG[files]}" ]] || rm -rf "$folder"
  done
}

main() {
  read_arguments service accessory name image env files network= routes= restart refresh= health_cmd= deploy_timeout \
    stop_timeout registry= username= -- "$@"
  STEP="accessory ${ARG[accessory]}"
  # shellcheck disable=SC2034  # read by lib-ready.sh
  ARG[readiness_delay]=$STAY_SECONDS
  receive
  lock "${ARG[service]}-${ARG[accessory]}"
  refuse_foreign
  refuse_taken_routes "$(route_file)" 'Nothing was changed.'
  if is_as_wanted; then
    if docker container inspect "$(before)" >/dev/null 2>&1; then trap take_back EXIT; fi
    is_running "${ARG[name]}" || docker start "${ARG[name]}" >/dev/null
  else
    pull
    ensure_network
    write_files
    trap take_back EXIT
    set_aside
    run_container
  fi
  wait_until_ready
  trap - EXIT
  route
  finish
}

main "$@"
