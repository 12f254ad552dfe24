#!/usr/bin/env bash
# Steps 6 and 10 for a role with a schedule: pull the image, and lay down which jobs the release has. None runs yet.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE --env DIGEST [--boot-wait SECONDS]
#   -- OPTIONS-OF-DOCKER-RUN...
# Standard input: a line `NAME CALENDAR WORD...` for each job; all but its name in base64.
# Exit: 0 done; 1 not, such as for a calendar that systemd does not understand. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-assets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-assets.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-container.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-container.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 6, pull'

check_calendars() {
  local job calendar
  while read -r job calendar _; do
    calendar=$(printf '%s' "$calendar" | base64 -d)
    systemd-analyze calendar "$calendar" >/dev/null 2>&1 ||
      fail "the job $job has a calendar that systemd does not understand: $calendar. Try: systemd-analyze calendar '$calendar'"
  done <<<"$INPUT"
}

# lay_down: once; a release's jobs never change.
lay_down() {
  local folder half word
  folder=$(schedule_folder "${ARG[release]}")
  install -d -m 700 "${folder%/*}"
  if [[ -d $folder ]]; then return 0; fi
  half=$(mktemp -d "${folder%/*}/.half-XXXXXX")
  printf '%s\n' "$INPUT" >"$half/jobs"
  for word in "${REST[@]}"; do printf '%s' "$word" | base64 --wrap=0 && printf '\n'; done >"$half/options"
  mv -T "$half" "$folder"
}

main() {
  read_arguments service role release image env boot_wait= -- "$@"
  receive
  ARG[app_port]=0 ARG[asset_path]=''
  lock "${ARG[service]}-${ARG[role]}"
  check_calendars
  await_turn
  ensure_network
  trap take_back EXIT
  if ! docker container inspect "$(container_name)" >/dev/null 2>&1; then
    pull_image "${ARG[image]}"
    STEP='step 10, start'
    # Never started: it keeps the image and the variables for the jobs, as long as the release is kept.
    make_container create
  fi
  lay_down
  trap - EXIT
  say "$(wc -l <"$(schedule_folder "${ARG[release]}")/jobs") jobs are ready"
}

main "$@"
