#!/usr/bin/env bash
# Steps 11 and 12: let the old release end what it has begun, stop it, and delete the oldest ones.
#
# Arguments: --service NAME --role NAME --release ID (the live one) --env DIGEST (the one of the settings)
#   --drain-timeout SECONDS --stop-timeout SECONDS --retain COUNT (of old releases that are kept, stopped)
# Exit: 0; 1 if the release had been taken back and does not run. May be run twice. Never touches the live release,
# another role or another service.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-assets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-assets.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"
STEP='step 11, stop'

# open_connections CONTAINER: how many connections to the app's port are established.
# The kernel writes local address and state in hexadecimal; state 01 is ESTABLISHED (proc(5), tcp_states.h).
open_connections() {
  local pid port
  read -r pid port < <(docker container inspect --format '{{.State.Pid}} {{index .Config.Labels "backstaff.port"}}' "$1")
  port=$(printf ':%04X' "$port")
  cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null |
    awk -v port="$port" 'substr($2, length($2) - 4) == port && $4 == "01"' | wc -l
}

drain() {
  local began=$SECONDS told=0 open
  while open=$(open_connections "$1") && ((open > 0)); do
    local waited=$((SECONDS - began))
    if ((waited >= ARG[drain_timeout])); then
      say "$1 still has $open open connections after ${ARG[drain_timeout]} s, they are cut"
      return 0
    fi
    if ((waited > told)); then
      told=$waited
      say "$1 has $open open connections: $waited s of ${ARG[drain_timeout]} s"
    fi
    sleep 0.1
  done
}

# An `up` that has failed on another server may have taken the switch back: all have switched now, so forward again.
redo_switch() {
  STEP='step 9, switch'
  if [[ -L $(schedule_folder live) ]]; then
    place_timers "${ARG[release]}"
    place_mark "${ARG[release]}"
    remember_live
    return 0
  fi
  if [[ ! -f $(undone_file) ]]; then docker start "$(container_name)" >/dev/null 2>&1 || true; fi
  sleep 0.5
  is_running "$(container_name)" ||
    fail "release ${ARG[release]}, which was taken back before, does not run any more. Run: pulumi up --replace '**Candidate**' --replace '**Cutover**'"
  if [[ -f $(undone_file) ]]; then mv -T "$(undone_file)" "$(live_file)"; else place_mark "${ARG[release]}"; fi
  remember_live
  say "release ${ARG[release]}, which was taken back before, is the live one again"
}

stop_old() {
  STEP='step 11, stop'
  local container
  while read -r container; do
    [[ $container != "$(container_name)" ]] || continue
    drain "$container"
    docker stop --time "${ARG[stop_timeout]}" "$container" >/dev/null
    say "$container, exit code $(docker container inspect --format '{{.State.ExitCode}}' "$container")"
  done < <(containers '{{.Names}}' --filter status=running --filter status=restarting)
}

# delete CONTAINER: with the volumes that Docker made for it alone, and its image if no other container has it.
delete() {
  local image
  rm -f "$DYNAMIC/candidate-$1.yml"
  image=$(docker container inspect --format '{{.Config.Image}}' "$1")
  docker rm --volumes "$1" >/dev/null
  docker rmi "$image" >/dev/null 2>&1 || true
  say "$1"
}

# Those beyond the kept ones, and those that never were live: nobody will want them back. An env lies on the server
# as long as a container was made with it; the settings' one also during a rollback, for the way forward again.
delete_oldest() {
  STEP='step 12, delete'
  local container release env kept used=" ${ARG[env]} " deleted=0
  local -a listed past
  # All of it in one question: each takes Docker some 40 ms.
  mapfile -t listed < <(containers '{{.Names}} {{.Label "backstaff.release"}} {{.Label "backstaff.env"}}')
  mapfile -t past < <(past_releases "$(printf '%s\n' "${listed[@]}" | cut -d ' ' -f 2 | tr '\n' ' ')")
  kept=" ${past[*]::ARG[retain]} ${ARG[release]} "
  while read -r container release env; do
    if [[ $kept == *" $release "* ]]; then
      used+="$env "
    else
      delete "$container"
      ((++deleted))
    fi
  done < <(printf '%s\n' "${listed[@]}")
  ((deleted > 0)) || say "nothing: no more than ${ARG[retain]} old releases are kept"
  delete_unused_env "$used"
}

# delete_unused_env USED: words with a blank before and after each.
delete_unused_env() {
  local folder
  for folder in "$(env_folder)"/*; do
    if [[ -d $folder && $1 != *" ${folder##*/} "* ]]; then rm -rf "$folder"; fi
  done
}

main() {
  read_arguments service role release env drain_timeout stop_timeout retain -- "$@"
  lock "${ARG[service]}-${ARG[role]}"
  if [[ -f $(undone_file) ]]; then redo_switch; fi
  stop_old
  if [[ $(live_release) != "${ARG[release]}" ]]; then redo_switch; fi
  rm -f "$(previous_file)"
  delete_oldest
  forget_assets
  forget_schedules
}

main "$@"
