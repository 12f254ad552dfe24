# Jobs of a role with a schedule: systemd's timers start them, each as a container of the live release.
# Sourced, not run. Reads --service and --role.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ARG is that of lib.sh
readonly UNITS=/etc/systemd/system

# schedule_folder RELEASE: `jobs` holds a line `NAME CALENDAR WORD...` each, `options` those of `docker run`; all but
# names in base64.
schedule_folder() { printf '%s/schedule/%s/%s' "$(service_folder)" "${ARG[role]}" "$1"; }

unit() { printf 'backstaff-%s-%s-%s' "${ARG[service]}" "${ARG[role]}" "$1"; }

# job_container JOB: the one of its last run, which stays until the next.
job_container() { printf '%s-%s-%s' "${ARG[service]}" "${ARG[role]}" "$1"; }

# timers: the names of the role's jobs that have one.
timers() {
  local file
  for file in "$UNITS/$(unit '')"*.timer; do
    if [[ -f $file ]] && grep --quiet --line-regexp "# role: ${ARG[service]} ${ARG[role]}" "$file"; then
      file=${file##*/"$(unit '')"}
      printf '%s\n' "${file%.timer}"
    fi
  done
}

# write_file PATH: standard input, at once.
write_file() {
  local half
  half=$(mktemp "$1.XXXXXX")
  cat >"$half"
  chmod 644 "$half"
  mv -T "$half" "$1"
}

# write_timer JOB CALENDAR: a unit that runs already is not started a second time, nor ended by a new timer.
write_timer() {
  local here
  here=$(dirname "$(readlink --canonicalize "${BASH_SOURCE[0]}")")
  write_file "$UNITS/$(unit "$1").service" <<EOF
[Unit]
Description=job $1 of ${ARG[service]} (${ARG[role]})
After=docker.service
Requires=docker.service

[Service]
Type=oneshot
ExecStart=$here/run-job --service ${ARG[service]} --role ${ARG[role]} --job $1
EOF
  write_file "$UNITS/$(unit "$1").timer" <<EOF
# role: ${ARG[service]} ${ARG[role]}
[Unit]
Description=when job $1 of ${ARG[service]} (${ARG[role]}) runs

[Timer]
OnCalendar=$2
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
EOF
}

# remove_timer JOB: what runs is left to end.
remove_timer() {
  systemctl --quiet disable --now "$(unit "$1").timer"
  rm -f "$UNITS/$(unit "$1").timer" "$UNITS/$(unit "$1").service"
}

# place_timers RELEASE: the jobs of a release are the ones that run from now on, and no others.
place_timers() {
  local job calendar wanted=' '
  local -a names=()
  while read -r job calendar _; do
    write_timer "$job" "$(printf '%s' "$calendar" | base64 -d)"
    wanted+="$job "
    names+=("$(unit "$job").timer")
  done <"$(schedule_folder "$1")/jobs"
  for job in $(timers); do
    if [[ $wanted != *" $job "* ]]; then remove_timer "$job"; fi
  done
  ln -s --force --no-dereference "$1" "$(schedule_folder .live)"
  mv -T "$(schedule_folder .live)" "$(schedule_folder live)"
  systemctl daemon-reload
  systemctl --quiet enable "${names[@]}" 2>/dev/null
  # Anew, so that a changed calendar counts; a job that runs is another unit.
  systemctl restart "${names[@]}"
}

# remove_timers: with what their jobs have left.
remove_timers() {
  local job
  if [[ ! -L $(schedule_folder live) ]]; then return 0; fi
  for job in $(timers); do
    remove_timer "$job"
    systemctl --quiet stop "$(unit "$job").service" 2>/dev/null || true
  done
  docker ps --all --quiet --filter "label=backstaff.service=${ARG[service]}" \
    --filter "label=backstaff.job-of=${ARG[role]}" | xargs --no-run-if-empty docker rm --force >/dev/null
  systemctl daemon-reload
  rm -f "$(schedule_folder live)"
}

# forget_schedules: remove the definitions of releases without a container.
forget_schedules() {
  local folder
  for folder in "$(schedule_folder '')"*; do
    if [[ -d $folder && ! -L $folder ]] &&
      ! docker container inspect "${ARG[service]}-${ARG[role]}-${folder##*/}" >/dev/null 2>&1; then
      rm -rf "$folder"
    fi
  done
}

# last_run JOB: how the last run ended, or since when it runs. A run that has begun may have no container yet; one
# whose command is not there has a container that never ran.
last_run() {
  local state code began
  read -r state code began < <(docker container inspect \
    --format '{{.State.Status}} {{.State.ExitCode}} {{.State.StartedAt}}' "$(job_container "$1")" 2>/dev/null) || true
  case $state in
  running) printf 'under way since %s' "$began" ;;
  '' | created)
    if [[ $(systemctl show --property ActiveState --value "$(unit "$1").service") == activating ]]; then
      printf 'about to begin'
    elif [[ $state == created ]]; then
      printf 'exit code %s, could not begin' "$code"
    else
      printf 'none yet'
    fi
    ;;
  *) printf 'exit code %s, began %s' "$code" "$began" ;;
  esac
}

# tell_jobs: when each runs next, and how its last run ended. While one runs, systemd knows of no next time.
tell_jobs() {
  local job next
  for job in $(timers); do
    next=$(systemctl show --property NextElapseUSecRealtime --value "$(unit "$job").timer")
    say "job $job: next ${next:-when it has ended}; last run: $(last_run "$job")"
  done
}
