#!/usr/bin/env bash
# Release task: run a command, such as a migration, in a container of the new image with the new variables, before
# any container of the release is started. Once for each release: one for which it has succeeded is remembered.
#
# Arguments: --service NAME --role NAME --release ID --image REFERENCE --env DIGEST --timeout SECONDS
#   -- OPTIONS-OF-DOCKER-RUN... -- COMMAND...
# Exit: 0 it succeeded, now or before; 1 not: what was live is untouched, and the next run tries again. May be run
# twice: one that was cut off from its caller, and still runs, is waited for.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-env.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-env.sh"
# shellcheck source=remote/lib-gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-gate.sh"

task() { printf 'backstaff-task-%s-%s' "${ARG[service]}" "${ARG[release]}"; }
done_file() { printf '%s/release-commands' "$(service_folder)"; }

was_done() { [[ -f $(done_file) ]] && grep --quiet --line-regexp "${ARG[release]}" "$(done_file)"; }

remember_done() {
  local half
  half=$(mktemp "$(service_folder)/.half-XXXXXX")
  { if [[ -f $(done_file) ]]; then tail --lines="$REMEMBERED" "$(done_file)"; fi; } >"$half"
  printf '%s\n' "${ARG[release]}" >>"$half"
  mv -T "$half" "$(done_file)"
}

run_task() (
  local -a ENVIRONMENT OPTIONS COMMAND
  take_variables "$(env_folder)/${ARG[env]}"
  split_rest
  ensure_network
  docker run --detach --name "$(task)" --network "$NETWORK" \
    --label "backstaff.task=${ARG[service]}" --env "KAMAL_VERSION=${ARG[release]}" --env "KAMAL_CONTAINER_NAME=$(task)" \
    "${ENVIRONMENT[@]}" "${OPTIONS[@]}" "${ARG[image]}" "${COMMAND[@]}" >/dev/null ||
    give_up_task "it could not be started; what Docker says is above."
)

# A task of before this run: one that runs is waited for, one that failed is tried again.
is_under_way() {
  [[ $(docker container inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$(task)" 2>/dev/null) == @(running *|exited 0) ]]
}

forget_task() { docker rm --force --volumes "$(task)" >/dev/null 2>&1 || true; }

give_up_task() {
  forget_task
  # Refused, rightly, while another container is made of it.
  docker rmi "${ARG[image]}" >/dev/null 2>&1 || true
  fail "$1 Nothing was switched; $(serving)."
}

# A step that is cut off from its caller leaves the task alone: the next one finds it, running or done.
wait_for_task() {
  local began=$SECONDS status
  timeout "${ARG[timeout]}" docker logs --follow "$(task)" 2>&1 | sed --unbuffered 's/^/  /' || true
  status=$(timeout $((ARG[timeout] - (SECONDS - began) + 1)) docker wait "$(task)") ||
    give_up_task "it has not ended within ${ARG[timeout]} s and was killed."
  ((status == 0)) || give_up_task "it ended with exit code $status; what it said is above."
  remember_done
  forget_task
  say "it succeeded, after $((SECONDS - began)) s"
}

main() {
  read_arguments service role release image env timeout -- "$@"
  STEP='release command'
  install -d -m 700 "$(service_folder)"
  lock "${ARG[service]}-release-command"
  if was_done; then
    say "it was run for release ${ARG[release]} before"
    return 0
  fi
  if is_under_way; then
    say "it was begun before, waiting for it"
  else
    forget_task
    pull_image "${ARG[image]}"
    STEP='release command'
    say "in ${ARG[image]}"
    run_task
  fi
  wait_for_task
}

main "$@"
