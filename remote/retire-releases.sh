#!/usr/bin/env bash
# Steps 11 and 12: let the old release end what it has begun, stop it, and delete the oldest ones.
#
# Arguments: --service NAME --role NAME --release ID (the live one) --env DIGEST (the one of the settings)
#   --drain-timeout SECONDS --stop-timeout SECONDS --retain COUNT (of old releases that are kept, stopped)
# Exit: 0. May be run twice. Never touches the live release, another role or another service.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 11, stop'

# open_connections CONTAINER: how many connections to the app's port are established.
# The kernel writes local address and state in hexadecimal; state 01 is ESTABLISHED (proc(5), tcp_states.h).
open_connections() {
  local pid port
  pid=$(docker container inspect --format '{{.State.Pid}}' "$1")
  port=$(printf ':%04X' "$(label "$1" port)")
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

stop_old() {
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

# Those beyond the kept ones, and those that never were live: nobody will want them back.
delete_oldest() {
  STEP='step 12, delete'
  local container kept deleted=0
  local -a past
  mapfile -t past < <(past_releases)
  kept=" ${past[*]::ARG[retain]} "
  while read -r container; do
    [[ $container != "$(container_name)" && $kept != *" $(label "$container" release) "* ]] || continue
    delete "$container"
    ((++deleted))
  done < <(containers '{{.Names}}')
  ((deleted > 0)) || say "nothing: no more than ${ARG[retain]} old releases are kept"
}

# An env lies on the server as long as a container was made with it; the settings' one also during a rollback,
# for the way forward again.
delete_unused_env() {
  local folder used
  used=" ${ARG[env]} $(docker ps --all --format '{{.Label "backstaff.env"}}' --filter "label=backstaff.service=${ARG[service]}" | tr '\n' ' ') "
  for folder in "$(service_folder)"/env/*; do
    if [[ -d $folder && $used != *" ${folder##*/} "* ]]; then rm -rf "$folder"; fi
  done
}

main() {
  read_arguments service role release env drain_timeout stop_timeout retain -- "$@"
  lock "${ARG[service]}"
  stop_old
  delete_oldest
  delete_unused_env
}

main "$@"
