#!/usr/bin/env bash
# Step 5 without a registry: take an image that is sent, and name it.
#
# Arguments: --image ID --name NAME:TAG
# Standard input: an archive of `docker save`, compressed or not, which may lack layers that the server has.
# Exit: 0 the image is there; 1 not, and no part of it is. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
STEP='step 5, send'

main() {
  read_arguments image name -- "$@"
  docker load --quiet >/dev/null || fail "Docker could not load what was sent"
  docker image inspect "${ARG[image]}" >/dev/null 2>&1 || fail "what was sent is not the image ${ARG[image]}"
  docker tag "${ARG[image]}" "${ARG[name]}"
  say "${ARG[name]} is on the server"
}

main "$@"
