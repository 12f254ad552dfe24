#!/usr/bin/env bash
# Teardown of steps 6 to 12: remove all containers of a service's role, and their images.
#
# Arguments: --service NAME --role NAME --stop-timeout SECONDS. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='remove releases'

main() {
  read_arguments service role stop_timeout -- "$@"
  discard
  lock "${ARG[service]}"
  rm -f "$DYNAMIC/candidate-${ARG[service]}-${ARG[role]}-"*.yml
  local container image
  while read -r container; do
    image=$(docker container inspect --format '{{.Config.Image}}' "$container")
    docker stop --time "${ARG[stop_timeout]}" "$container" >/dev/null
    docker rm --volumes "$container" >/dev/null
    docker rmi "$image" >/dev/null 2>&1 || true
    say "$container is gone"
  done < <(containers '{{.Names}}')
  rm -f "$(history_file)"
  forget_service
}

main "$@"
