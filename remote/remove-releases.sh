#!/usr/bin/env bash
# Teardown of steps 6 to 12: remove all containers of a service's role, and their images.
#
# Arguments: --service NAME --role NAME --stop-timeout SECONDS. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-assets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-assets.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='remove releases'

# forget_release_commands: once no role of the service is left, end a task that runs, and the record of those that ran.
forget_release_commands() {
  if compgen -G "$(service_folder)/history-*" >/dev/null; then return 0; fi
  docker ps --all --quiet --filter "label=backstaff.task=${ARG[service]}" | xargs --no-run-if-empty docker rm --force >/dev/null
  rm -f "$(service_folder)/release-commands"
}

main() {
  read_arguments service role stop_timeout -- "$@"
  discard
  lock "${ARG[service]}-${ARG[role]}"
  rm -f "$DYNAMIC/candidate-${ARG[service]}-${ARG[role]}-"*.yml
  local container image
  while read -r container; do
    image=$(docker container inspect --format '{{.Config.Image}}' "$container")
    docker stop --time "${ARG[stop_timeout]}" "$container" >/dev/null
    docker rm --volumes "$container" >/dev/null
    docker rmi "$image" >/dev/null 2>&1 || true
    say "$container is gone"
  done < <(containers '{{.Names}}')
  forget_assets
  forget_schedules
  rm -rf "$(schedule_folder '')"
  rmdir --ignore-fail-on-non-empty "$(service_folder)/schedule" 2>/dev/null || true
  rmdir --ignore-fail-on-non-empty "$(assets_folder '')" "$(service_folder)/assets" 2>/dev/null || true
  rm -f "$(history_file)"
  forget_release_commands
  forget_service
}

main "$@"
