# The container of a release: made, started, taken back. Sourced, not run; needs lib-assets.sh and lib-env.sh.
# Reads --service, --role, --release, --image, --env, --app-port, --asset-path and --boot-wait.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # ARG and STEP are those of lib.sh

# await_turn: between the servers before and this one.
await_turn() {
  if ((${ARG[boot_wait]:-0} > 0)); then
    say "waiting ${ARG[boot_wait]} s after the servers before (boot.wait)"
    sleep "${ARG[boot_wait]}"
  fi
}

# make_container DOCKER-COMMAND...: with the release's variables, and two that apps know from Kamal.
# Without a restart policy until it is live: one that ends before is seen to have ended.
make_container() (
  local -a ENVIRONMENT OPTIONS COMMAND
  take_variables "$(env_folder)/${ARG[env]}"
  split_rest
  if [[ -n ${ARG[asset_path]} ]]; then
    OPTIONS+=(--volume "$(assets_folder "${ARG[release]}")/served:${ARG[asset_path]}")
  fi
  docker "$@" --name "$(container_name)" --network "$NETWORK" \
    --label "backstaff.service=${ARG[service]}" --label "backstaff.role=${ARG[role]}" \
    --label "backstaff.release=${ARG[release]}" --label "backstaff.env=${ARG[env]}" \
    --label "backstaff.port=${ARG[app_port]}" \
    --env "KAMAL_VERSION=${ARG[release]}" --env "KAMAL_CONTAINER_NAME=$(container_name)" \
    "${ENVIRONMENT[@]}" "${OPTIONS[@]}" "${ARG[image]}" "${COMMAND[@]}" >/dev/null
)

# start: the container, as it was if it is still there.
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
  pull_image "${ARG[image]}"
  STEP='step 10, start'
  if [[ -n ${ARG[asset_path]} ]]; then extract_assets; fi
  say "$container"
  make_container run --detach
}

was_live() { [[ -f $(history_file) ]] && grep --quiet --line-regexp "${ARG[release]}" "$(history_file)"; }

# A release that was live before is kept for the next trial: it may be the one to come back to.
take_back() {
  rm -f "$(candidate_file)" "$(body_file)"
  if was_live; then
    docker stop --time 10 "$(container_name)" >/dev/null 2>&1 || true
    return 0
  fi
  # A worker may have begun something.
  if ((ARG[app_port] == 0)); then docker stop --time 10 "$(container_name)" >/dev/null 2>&1 || true; fi
  docker rm --force --volumes "$(container_name)" >/dev/null 2>&1 || true
  rm -rf "$(assets_folder "${ARG[release]}")"
  # Refused, rightly, while another container is made of it.
  docker rmi "${ARG[image]}" >/dev/null 2>&1 || true
}
