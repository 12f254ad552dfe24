#!/usr/bin/env bash
# Teardown of an accessory: remove its container, its image and its files. Its volumes and directories stay, unless
# their removal was asked for; a directory that does not lie below ours stays always.
#
# Arguments: --service NAME --accessory NAME --remove-data yes|no --stop-timeout SECONDS. Exit: 0. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-accessory.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-accessory.sh"

remove_containers() {
  local name image
  for name in $(accessory_containers); do
    image=$(docker container inspect --format '{{.Config.Image}}' "$name")
    docker stop --time "${ARG[stop_timeout]}" "$name" >/dev/null
    docker rm "$name" >/dev/null
    # Refused, rightly, while another container is made of it.
    docker rmi "$image" >/dev/null 2>&1 || true
    say "$name is gone"
  done
}

remove_data() {
  local volume
  while read -r volume; do
    docker volume rm "$volume" >/dev/null || fail "the volume $volume is in use, and stays"
    say "the volume $volume is gone"
  done < <(accessory_volumes)
  if [[ -d $(data_folder) ]]; then
    rm -rf "$(data_folder)"
    say "its directories are gone"
  fi
}

tell_data() {
  local volume
  while read -r volume; do say "the volume $volume stays"; done < <(accessory_volumes)
  if [[ -d $(data_folder) ]]; then say "its directories stay in $(data_folder)"; fi
}

main() {
  read_arguments service accessory remove_data stop_timeout -- "$@"
  discard
  STEP="accessory ${ARG[accessory]}"
  lock "${ARG[service]}-${ARG[accessory]}"
  rm -f "$(route_file)"
  remove_containers
  rm -rf "$(accessory_folder)"
  if [[ ${ARG[remove_data]} == yes ]]; then remove_data; else tell_data; fi
  rmdir --ignore-fail-on-non-empty "$DATA/${ARG[service]}" "$(service_folder)/accessories" 2>/dev/null || true
  forget_service
  forget_network
}

main "$@"
