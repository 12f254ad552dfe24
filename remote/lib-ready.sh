# When an accessory is ready: a command says so, or Docker's own health check; with neither, that it stays up.
# Sourced, not run. Reads --name, --health-cmd, --readiness-delay and --deploy-timeout.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ARG is that of lib.sh
readonly READY_LOG_LINES=20 TRY_SECONDS=10
# What becomes of one that is not ready, for the message; the script that waits says so.
FATE='Its data stay.'

# docker_health: healthy, unhealthy, starting; empty for a container without a check.
docker_health() {
  docker container inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "${ARG[name]}"
}

is_checked() { [[ -n ${ARG[health_cmd]} || -n $(docker_health) ]]; }

# is_ready WAITED: sets SEEN to what was seen.
is_ready() {
  local health
  if [[ -n ${ARG[health_cmd]} ]]; then
    SEEN=$(timeout "$TRY_SECONDS" docker exec "${ARG[name]}" sh -c "${ARG[health_cmd]}" 2>&1 </dev/null) && SEEN='its check succeeds'
    return
  fi
  health=$(docker_health)
  if [[ -z $health ]]; then
    SEEN='it stays up'
    (($1 >= ARG[readiness_delay]))
  else
    SEEN="Docker says that it is $health"
    [[ $health == healthy ]]
  fi
}

not_ready() {
  {
    printf 'the last %d log lines of %s:\n' "$READY_LOG_LINES" "${ARG[name]}"
    docker logs --tail "$READY_LOG_LINES" "${ARG[name]}" || true
    docker container inspect --format \
      'its state: {{.State.Status}}, exit code {{.State.ExitCode}}, out of memory: {{.State.OOMKilled}}' "${ARG[name]}" || true
  } 2>&1 | sed 's/^/  /' >&2
  fail "${ARG[name]} $1. $FATE"
}

# wait_until_ready: ends the step if the container does not become so.
wait_until_ready() {
  local began=$SECONDS told=0 waited SEEN='' limit=${ARG[deploy_timeout]}
  if ! is_checked && ((ARG[readiness_delay] > limit)); then limit=${ARG[readiness_delay]}; fi
  while true; do
    waited=$((SECONDS - began))
    is_running "${ARG[name]}" || not_ready 'ended before it was ready'
    if is_ready "$waited"; then break; fi
    ((waited < limit)) || not_ready "is not ready within $limit s: ${SEEN:-its check fails}"
    if ((waited > told)); then
      told=$waited
      say "waiting until ${ARG[name]} is ready: $waited s of $limit s"
    fi
    sleep 0.2
  done
  say "${ARG[name]} is ready: $SEEN, after $((SECONDS - began)) s"
}
