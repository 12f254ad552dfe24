# What the steps of an accessory share. Sourced, not run. Reads --service and --accessory.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ARG is that of lib.sh

accessory_folder() { printf '%s/accessories/%s' "$(service_folder)" "${ARG[accessory]}"; }
data_folder() { printf '%s/%s/%s' "$DATA" "${ARG[service]}" "${ARG[accessory]}"; }

route_file() { printf '%s/live-%s-accessory-%s.yml' "$DYNAMIC" "${ARG[service]}" "${ARG[accessory]}"; }

# The container that is replaced, until the new one is ready.
before() { printf '%s-%s-before' "${ARG[service]}" "${ARG[accessory]}"; }

# accessory_containers: the names of its containers, running or not; one, but for a replacement that was cut.
accessory_containers() {
  docker ps --all --format '{{.Names}}' \
    --filter "label=backstaff.service=${ARG[service]}" --filter "label=backstaff.accessory=${ARG[accessory]}"
}

# accessory_volumes: the names of its volumes.
accessory_volumes() {
  docker volume ls --quiet \
    --filter "label=backstaff.service=${ARG[service]}" --filter "label=backstaff.accessory=${ARG[accessory]}"
}

# lines KIND: what was received of that kind, without the word.
lines() { printf '%s\n' "$INPUT" | sed -n "s/^$1 //p"; }

# write_files: what was received, on the server.
write_files() {
  local folder number mode owner content path
  folder=$(accessory_folder)
  rm -rf "$folder/env-${ARG[env]}" "$folder/files-${ARG[files]}"
  install -d -m 700 "$folder/env-${ARG[env]}" "$folder/files-${ARG[files]}"
  write_variables "$folder/env-${ARG[env]}" < <(lines env)
  while read -r number mode owner content; do
    path=$folder/files-${ARG[files]}/$number
    printf '%s' "$content" | base64 -d >"$path"
    chmod "${mode/#-/755}" "$path"
    if [[ $owner != - ]]; then chown "$owner" "$path"; fi
  done < <(lines file)
  while read -r mode owner path; do
    if [[ ! -d $path ]]; then install -d -m 755 "$path"; fi
    if [[ $mode != - ]]; then chmod "$mode" "$path"; fi
    if [[ $owner != - ]]; then chown "$owner" "$path"; fi
  done < <(lines directory)
}

# name_volumes: volumes that outlive the container, also for those folders for which Docker would make one without
# a name: it would stay behind at the first replacement.
name_volumes() {
  local word path name
  local -a named=()
  while read -r path; do
    [[ -n $path && $(printf '%s,\n' "${OPTIONS[@]}") != *[:=,]"$path"[:,]* ]] || continue
    name=${ARG[service]}-${ARG[accessory]}${path//\//-}
    OPTIONS+=(--volume "$name:$path")
  done < <(docker image inspect --format '{{range $path, $_ := .Config.Volumes}}{{println $path}}{{end}}' "${ARG[image]}")
  for word in "${!OPTIONS[@]}"; do
    if [[ ${OPTIONS[word]} == --volume && ${OPTIONS[word + 1]} != /* ]]; then named+=("${OPTIONS[word + 1]%%:*}"); fi
  done
  for name in "${named[@]}"; do
    docker volume create --label "backstaff.service=${ARG[service]}" \
      --label "backstaff.accessory=${ARG[accessory]}" "$name" >/dev/null
  done
}
