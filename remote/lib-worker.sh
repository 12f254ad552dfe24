# What the steps of a role without a proxy share. Sourced, not run; needs lib-ready.sh.
# Reads --service, --role, --release, --readiness-delay and --deploy-timeout.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # ARG, STEP and FATE are those of other libraries

# wait_for_worker FATE: until the release's container is ready; FATE is what becomes of one that is not.
wait_for_worker() {
  FATE=$1
  ARG[name]=$(container_name) ARG[health_cmd]=''
  STEP='step 9, ready'
  wait_until_ready
}

# running_on: what does the work while the release does not.
running_on() {
  local live
  live=$(live_release)
  if [[ -n $live && $live != "${ARG[release]}" ]]; then
    printf 'release %s runs on' "$live"
  else
    printf 'nothing was live before'
  fi
}
