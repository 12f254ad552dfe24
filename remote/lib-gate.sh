# The gate: asks a release for its health as the public's requests will come, through Traefik. Sourced, not run.
# Reads --health-path, --health-host, --health-status, --health-body, --health-successes, --health-interval,
# --health-timeout and --deploy-timeout.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # ARG and STEP are those of lib.sh
readonly LOG_LINES=20 FIRST_INTERVAL=0.05 BODY_SHOWN=200
STATUS=000
# What happens to a release that is not healthy, for the message; the script that asks says so.
FATE='was removed'

# ask CURL-ARGUMENTS...: one question; sets STATUS, 000 for no answer. Healthy or not is the exit status.
ask() {
  # Of a body that never ends, no more than what is looked at.
  STATUS=$(curl --silent --output "$(body_file)" --max-filesize 10000000 --write-out '%{http_code}' \
    --max-time "${ARG[health_timeout]}" "$@" || true)
  is_accepted_status || return 1
  [[ -z ${ARG[health_body]} ]] || grep --quiet --fixed-strings --text -e "${ARG[health_body]}" "$(body_file)"
}

is_accepted_status() {
  local range
  for range in ${ARG[health_status]//,/ }; do
    if ((10#$STATUS >= ${range%-*} && 10#$STATUS <= ${range#*-})); then return 0; fi
  done
  return 1
}

ask_candidate() {
  ask --header "$RELEASE_HEADER: $(container_name)" --header "Host: ${ARG[health_host]}" "$PRIVATE${ARG[health_path]}"
}

# wait_until_healthy: ends the step if the candidate does not become so.
wait_until_healthy() {
  local began=$SECONDS told=0 good=0 interval waited
  STEP='step 9, health'
  while true; do
    interval=${ARG[health_interval]}
    waited=$((SECONDS - began))
    if ask_candidate; then
      ((++good))
      if ((good >= ARG[health_successes])); then break; fi
    else
      good=0
      if ((waited < 1)); then interval=$FIRST_INTERVAL; fi
    fi
    is_running "$(container_name)" || give_up "the container ended before ${ARG[health_path]} was healthy"
    ((waited < ARG[deploy_timeout])) || give_up "not healthy within ${ARG[deploy_timeout]} s"
    if ((waited > told)); then
      told=$waited
      say "waiting for ${ARG[health_path]} (answer $STATUS): $waited s of ${ARG[deploy_timeout]} s"
    fi
    sleep "$interval"
  done
  rm -f "$(body_file)"
  say "${ARG[health_path]} answers $STATUS after $((SECONDS - began)) s"
}

# last_question: what was asked for, what was wanted, and what came.
last_question() {
  local wanted="status ${ARG[health_status]}" got="$STATUS"
  if [[ -n ${ARG[health_body]} ]]; then wanted+=" and a body that holds \"${ARG[health_body]}\""; fi
  if [[ $STATUS == 000 ]]; then
    got='none'
  elif [[ -s $(body_file) ]]; then
    got+=": $(head --bytes=$BODY_SHOWN "$(body_file)" | tr --complement --delete '[:print:]')"
  fi
  printf 'asked GET %s of host %s through Traefik; wanted %s; the last answer was %s' \
    "${ARG[health_path]}" "${ARG[health_host]}" "$wanted" "$got"
}

# show_end: the candidate's last log lines, and how it ended.
show_end() {
  {
    printf 'the last %d log lines of %s:\n' "$LOG_LINES" "$(container_name)"
    docker logs --tail "$LOG_LINES" "$(container_name)" || true
    docker container inspect --format \
      'its state: {{.State.Status}}, exit code {{.State.ExitCode}}, out of memory: {{.State.OOMKilled}}' \
      "$(container_name)" || true
  } 2>&1 | sed 's/^/  /' >&2
}

# serving: what serves while the release does not.
serving() {
  local live
  live=$(live_release)
  if [[ -n $live ]]; then printf 'release %s serves on' "$live"; else printf 'nothing was live before'; fi
}

# crash_mark: stands for a release that was healthy and ended before it was switched to.
crash_mark() { printf '%s/crashed-%s' "$STAGING" "$(container_name)"; }

# give_up REASON: say what was seen; the caller's trap takes away what is half made.
give_up() {
  local asked
  asked=$(last_question)
  rm -f "$(body_file)"
  show_end
  fail "$1: $asked. The new release ${ARG[release]} $FATE; $(serving)."
}
