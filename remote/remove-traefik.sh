#!/usr/bin/env bash
# Teardown of step 8: remove Traefik and the network with the last service.
#
# Arguments: none. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove Traefik'

main() {
  read_arguments -- "$@"
  discard
  lock traefik
  if compgen -G "$DYNAMIC/live-*.yml" >/dev/null; then
    say "another service is still routed, Traefik stays"
    return 0
  fi
  local image
  image=$(docker inspect --format '{{.Config.Image}}' "$TRAEFIK" 2>/dev/null || true)
  docker rm --force "$TRAEFIK" >/dev/null 2>&1 || true
  [[ -z $image ]] || docker rmi "$image" >/dev/null 2>&1 || true
  forget_network
  rm -rf "$STATE/traefik"
  say "Traefik and its network are gone"
}

main "$@"
