#!/usr/bin/env bash
# Steps 6, 9 and 10: pull the image, start a container of it beside the live one, and ask for its health through
# Traefik, by a private route that the public cannot take.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE --env DIGEST --app-port PORT --routes WORDS
#   --health-path PATH --health-host NAME --health-status RANGE[,RANGE...] [--health-body TEXT]
#   --health-successes COUNT --health-interval SECONDS --health-timeout SECONDS --deploy-timeout SECONDS
#   [--asset-path PATH[:OPTIONS]] [--boot-wait SECONDS] -- OPTIONS-OF-DOCKER-RUN... [-- COMMAND...]
# Standard input: the candidate's dynamic file for Traefik.
# Exit: 0 healthy; 1 not: container and route are removed, what was live is untouched. May be run twice.
# A release whose stopped container is still there is started again as it was: nothing is pulled for it.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-assets.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-assets.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-container.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-container.sh"
# shellcheck source=remote/lib-gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-gate.sh"
# shellcheck source=remote/lib-routes.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-routes.sh"
STEP='step 6, pull'

main() {
  read_arguments service role release image env app_port routes health_path health_host health_status health_body= \
    health_successes health_interval health_timeout deploy_timeout asset_path= boot_wait= -- "$@"
  receive
  lock "${ARG[service]}-${ARG[role]}"
  if [[ $(live_release) == "${ARG[release]}" ]] && is_running "$(container_name)"; then
    say "release ${ARG[release]} is live already"
    return 0
  fi
  # shellcheck disable=SC2034  # read by lib-gate.sh
  if was_live; then FATE='was stopped and is kept'; fi
  refuse_taken_routes "$(live_file)" "Nothing was switched; $(serving)."
  await_turn
  trap take_back EXIT
  rm -f "$(crash_mark)"
  start
  bridge_assets
  place_route "$(candidate_file)"
  wait_until_healthy
  trap - EXIT
}

main "$@"
