#!/usr/bin/env bash
# Steps 6 and 10 for a role that the proxy does not serve: pull the image, start a container of it beside the live
# one, and see that it gets ready. Where two may not run at once, it is made here, and started when it takes over.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE --env DIGEST --readiness-delay SECONDS
#   --deploy-timeout SECONDS --stop-first yes|no [--boot-wait SECONDS] -- OPTIONS-OF-DOCKER-RUN... [-- COMMAND...]
# Exit: 0 it is ready, or made; 1 not: the container is removed, the live one is untouched. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-assets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-assets.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-container.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-container.sh"
# shellcheck source=remote/lib-ready.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-ready.sh"
# shellcheck source=remote/lib-worker.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-worker.sh"
STEP='step 6, pull'

make() {
  if docker container inspect "$(container_name)" >/dev/null 2>&1; then return 0; fi
  pull_image "${ARG[image]}"
  STEP='step 10, start'
  make_container create
  say "$(container_name) is made, and starts when the live one has stopped"
}

main() {
  read_arguments service role release image env readiness_delay deploy_timeout stop_first boot_wait= -- "$@"
  discard
  ARG[app_port]=0 ARG[asset_path]=''
  lock "${ARG[service]}-${ARG[role]}"
  if [[ $(live_release) == "${ARG[release]}" ]] && is_running "$(container_name)"; then
    say "release ${ARG[release]} is live already"
    return 0
  fi
  await_turn
  trap take_back EXIT
  ensure_network
  if [[ ${ARG[stop_first]} == yes ]]; then
    make
  else
    start
    wait_for_worker "The new release ${ARG[release]} was taken back; $(running_on)."
  fi
  trap - EXIT
}

main "$@"
