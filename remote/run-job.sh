#!/usr/bin/env bash
# One run of a job, started by systemd's timer: a container of the release that is live now, which a later release
# does not end. The container stays until the job's next run, with its exit code and what it said.
#
# Arguments: --service NAME --role NAME --job NAME. Exit: that of the job.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-schedule.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-schedule.sh"

decoded() {
  local word
  for word in "$@"; do printf '%s' "$word" | base64 -d && printf '\0'; done
}

main() {
  read_arguments service role job -- "$@"
  STEP="job ${ARG[job]}"
  local name image env line
  local -a ENVIRONMENT OPTIONS COMMAND words
  ARG[release]=$(basename "$(readlink "$(schedule_folder live)")")
  line=$(grep "^${ARG[job]} " "$(schedule_folder live)/jobs") || fail "release ${ARG[release]} has no such job"
  read -r -a words <<<"$line"
  mapfile -d '' -t COMMAND < <(decoded "${words[@]:2}")
  mapfile -t words <"$(schedule_folder live)/options"
  mapfile -d '' -t OPTIONS < <(decoded "${words[@]}")
  image=$(docker container inspect --format '{{.Config.Image}}' "$(container_name)")
  env=$(label "$(container_name)" env)
  name=$(job_container "${ARG[job]}")
  docker rm --force "$name" >/dev/null 2>&1 || true
  take_variables "$(env_folder)/$env"
  say "release ${ARG[release]}"
  exec docker run --name "$name" --network "$NETWORK" --label "backstaff.service=${ARG[service]}" \
    --label "backstaff.job-of=${ARG[role]}" --label "backstaff.env=$env" \
    --env "KAMAL_VERSION=${ARG[release]}" --env "KAMAL_CONTAINER_NAME=$name" \
    "${ENVIRONMENT[@]}" "${OPTIONS[@]}" "$image" "${COMMAND[@]}"
}

main "$@"
