#!/usr/bin/env bash
# Step 5 without a registry: say what of an image the server has, so that only the rest is sent.
#
# Arguments: --image ID --name NAME:TAG
# Output: `there` if the image is there under that name; else a line for each image of the server, with the digests
#   of its layers, the lowest first.
# Exit: 0. Changes nothing. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034  # read by lib.sh
STEP='step 5, send'

main() {
  read_arguments image name -- "$@"
  if [[ $(docker image inspect --format '{{.Id}}' "${ARG[name]}" 2>/dev/null) == "${ARG[image]}" ]]; then
    echo there
    return 0
  fi
  docker image ls --all --quiet --no-trunc | sort --unique |
    xargs --no-run-if-empty docker image inspect --format '{{join .RootFS.Layers " "}}'
}

main "$@"
