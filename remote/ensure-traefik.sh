#!/usr/bin/env bash
# Step 8: make sure that Traefik runs on the public port, with the settings that are wanted.
#
# Without Docker's socket, on a read-only file system, with no capability but the one for ports below 1024.
# Arguments: --image REFERENCE --http-port PORT --service NAME (whose registry login to pull with)
# Standard input: the dynamic file of the private entry point.
# Exit: 0 it answers; 1 not, with the reason. May be run twice: an unchanged one is left alone.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 8, Traefik'
readonly START_SECONDS=30 GRACE_SECONDS=5

# The whole of Traefik's static configuration. Why: the throttle's default of 2 s makes every switch slow; idle
# connections to apps end soon, so that a retired release is seen to be idle; ping and API only on the private
# entry point, by a header; ten minutes for a slow upload, where the default is one; when Traefik itself is
# replaced, requests in flight get some seconds, in which no new ones are taken.
static_arguments() {
  printf '%s\n' \
    --global.checkNewVersion=false --global.sendAnonymousUsage=false \
    --entryPoints.http.address=:80 \
    --entryPoints.http.transport.respondingTimeouts.readTimeout=600s \
    --entryPoints.http.transport.lifeCycle.graceTimeOut="${GRACE_SECONDS}s" \
    --entryPoints.private.address=:5880 \
    --providers.file.directory=/etc/traefik/dynamic \
    --providers.providersThrottleDuration=100ms \
    --serversTransport.forwardingTimeouts.idleConnTimeout=1s \
    --api=true --api.dashboard=false --ping=true --ping.manualRouting=true
}

# Names whoever holds the port, if it is not our Traefik.
refuse_taken_port() {
  local port=${ARG[http_port]} holder
  holder=$(docker ps --filter "publish=$port" --format '{{.Names}}' | grep --invert-match --line-regexp "$TRAEFIK" || true)
  [[ -z $holder ]] || fail "port $port is taken by the container $holder. Stop it: docker stop $holder"
  is_running "$TRAEFIK" && return 0
  holder=$(ss --no-header --listening --tcp --numeric --processes "sport = :$port")
  [[ -z $holder ]] || fail "port $port is taken: ${holder##* }. Stop that program, or set traefik.http_port."
}

pull() {
  docker image inspect "${ARG[image]}" >/dev/null 2>&1 && return 0
  say "pulling ${ARG[image]}"
  docker --config "$(login_folder)" pull --quiet "${ARG[image]}" >/dev/null ||
    fail "could not pull ${ARG[image]}. Check traefik.image, and that the server reaches that registry."
}

start() {
  local -a arguments
  mapfile -t arguments < <(static_arguments)
  ensure_network
  docker stop --time $((GRACE_SECONDS + 2)) "$TRAEFIK" >/dev/null 2>&1 || true
  docker rm --force "$TRAEFIK" >/dev/null 2>&1 || true
  docker run --detach --name "$TRAEFIK" --label "backstaff.spec=$1" --network "$NETWORK" --restart unless-stopped \
    --publish "${ARG[http_port]}:80" --publish 127.0.0.1:5880:5880 \
    --mount "type=bind,source=$DYNAMIC,target=/etc/traefik/dynamic,readonly" \
    --read-only --cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges \
    --log-driver json-file --log-opt max-size=10m --log-opt max-file=3 \
    "${ARG[image]}" "${arguments[@]}" >/dev/null
}

wait_for_answer() {
  local began=$SECONDS
  until [[ $(traefik_api /ping) == OK ]]; do
    if ((SECONDS - began >= START_SECONDS)); then
      docker logs --tail 20 "$TRAEFIK" >&2 || true
      fail "Traefik does not answer after $START_SECONDS s; its last log lines are above."
    fi
    sleep 0.1
  done
}

main() {
  read_arguments image http_port service -- "$@"
  receive
  local spec
  spec=$(printf '%s\n' "${ARG[image]}" "${ARG[http_port]}" "$(cat "${BASH_SOURCE[0]}")" | sha256sum | cut -c1-12)
  lock traefik
  refuse_taken_port
  install -d -m 700 "$STATE/traefik" "$STAGING" "$DYNAMIC"
  place_route "$DYNAMIC/private.yml"
  if is_running "$TRAEFIK" && [[ $(docker inspect --format '{{index .Config.Labels "backstaff.spec"}}' "$TRAEFIK") == "$spec" ]]; then
    say "already runs on port ${ARG[http_port]} as wanted"
  else
    pull
    start "$spec"
    say "started on port ${ARG[http_port]}"
  fi
  wait_for_answer
}

main "$@"
