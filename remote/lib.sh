# What every step on the server shares. Sourced, not run.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit
umask 077
export LC_ALL=C.UTF-8

readonly STATE=/var/lib/backstaff
# What outlives `pulumi destroy`: directories of accessories.
# shellcheck disable=SC2034  # read by the scripts that source this
readonly DATA=$STATE/data
readonly DYNAMIC=$STATE/traefik/dynamic
readonly STAGING=$STATE/traefik/staging
# shellcheck disable=SC2034  # read by the scripts that source this
readonly NETWORK=backstaff TRAEFIK=backstaff-traefik
readonly PRIVATE=http://127.0.0.1:5880
readonly RELEASE_HEADER=X-Backstaff-Release
readonly LOCK_SECONDS=120 REMEMBERED=200

declare -gA ARG=()
declare -ga REST=()
INPUT=''
STEP='backstaff'

# say WORDS...: a progress line, for people.
say() { printf '%s: %s\n' "$STEP" "$*"; }

# fail WORDS...: end the step with what is wrong and what to do.
fail() {
  printf '%s: %s\n' "$STEP" "$*" >&2
  exit 1
}

# read_arguments NAMES -- "$@": fill ARG from `--name value` pairs. All names are needed but those written `name=`,
# which are empty if not given; no other is known. A dash in a name is an underscore in ARG: `--http-port 80` sets
# ARG[http_port]. What stands after a `--` of its own goes to REST.
read_arguments() {
  local -a known=()
  local name
  while [[ $1 != -- ]]; do
    known+=("${1%=}")
    if [[ $1 == *= ]]; then ARG[${1%=}]=''; fi
    shift
  done
  shift
  while (($# > 0)) && [[ $1 != -- ]]; do
    name=${1#--}
    name=${name//-/_}
    [[ $1 == --* && " ${known[*]} " == *" $name "* ]] || fail "unknown argument $1 (known: ${known[*]})"
    (($# > 1)) || fail "$1 needs a value"
    ARG[$name]=$2
    shift 2
  done
  for name in "${known[@]}"; do
    [[ -v ARG[$name] ]] || fail "--${name//_/-} is missing"
  done
  # shellcheck disable=SC2034  # read by the scripts that source this
  REST=("${@:2}")
}

# receive: take all of standard input into INPUT, at once: a script that ends before it has read what it was sent
# makes the sender's write fail, and with it a step that had nothing left to do.
receive() { INPUT=$(cat); }

# discard: read away what a teardown is sent too, which is the input of the step that it takes back.
discard() { cat >/dev/null; }

# lock NAME: wait for the right to change NAME on this server; held until the script ends.
lock() {
  install -d -m 700 "$STATE/locks"
  exec {LOCK}>"$STATE/locks/$1"
  flock --wait "$LOCK_SECONDS" "$LOCK" ||
    fail "another deploy has worked on $1 for more than $LOCK_SECONDS s. Try again when it is done."
}

service_folder() { printf '%s/services/%s' "$STATE" "${ARG[service]}"; }
login_folder() { printf '%s/login' "$(service_folder)"; }
container_name() { printf '%s-%s-%s' "${ARG[service]}" "${ARG[role]}" "${ARG[release]}"; }
candidate_file() { printf '%s/candidate-%s.yml' "$DYNAMIC" "$(container_name)"; }
body_file() { printf '/run/backstaff-%s.body' "$(container_name)"; }
history_file() { printf '%s/history-%s' "$(service_folder)" "${ARG[role]}"; }
live_file() { printf '%s/live-%s-%s.yml' "$DYNAMIC" "${ARG[service]}" "${ARG[role]}"; }

# live_mark: names the live release of a role that Traefik does not route to.
live_mark() { printf '%s/live-%s' "$(service_folder)" "${ARG[role]}"; }
env_folder() { printf '%s/env/%s' "$(service_folder)" "${ARG[role]}"; }

# live_release: the id of the release that Traefik routes to, or of the live worker; empty if there is none.
live_release() {
  local file
  for file in "$(live_file)" "$(live_mark)"; do
    if [[ -f $file ]]; then
      sed -n 's/^# release: //p' "$file"
      return 0
    fi
  done
}

# remember_live: note that the release is live from now on, so that the one before can be found.
remember_live() {
  local file half
  file=$(history_file)
  install -d -m 700 "$(service_folder)"
  half=$(mktemp "$(service_folder)/.half-XXXXXX")
  # More than can be kept are not remembered.
  { if [[ -f $file ]]; then grep --invert-match --line-regexp "${ARG[release]}" "$file" || true; fi; } |
    tail --lines="$REMEMBERED" >"$half"
  printf '%s\n' "${ARG[release]}" >>"$half"
  mv -T "$half" "$file"
}

# past_releases [IDS]: ids of releases that were live before the live one and are still on the server, the latest
# first; IDS are those that are on the server, where they are known already.
past_releases() {
  local live there release
  live=$(live_release)
  there=" ${1-$(containers '{{.Label "backstaff.release"}}' | tr '\n' ' ')} "
  if [[ -f $(history_file) ]]; then tac "$(history_file)"; fi | while read -r release; do
    if [[ $release != "$live" && $there == *" $release "* ]]; then echo "$release"; fi
  done
}

# place_mark RELEASE: it is the live one of a role without a route.
place_mark() {
  local half
  half=$(mktemp "$(service_folder)/.half-XXXXXX")
  printf '# release: %s\n' "$1" >"$half"
  mv -T "$half" "$(live_mark)"
}

# Beside the folder that Traefik watches: the route before the live one, and one that was taken back.
previous_file() { printf '%s/previous-%s-%s' "$STAGING" "${ARG[service]}" "${ARG[role]}"; }
undone_file() { printf '%s/undone-%s-%s' "$STAGING" "${ARG[service]}" "${ARG[role]}"; }

# place_route FILE: what was received, as a route that Traefik follows at once.
# By way of a folder that Traefik does not watch: one event, and never a file that is half written.
place_route() {
  local half
  half=$(mktemp "$STAGING/XXXXXX")
  printf '%s\n' "$INPUT" >"$half"
  mv -T "$half" "$1"
}

# traefik_api PATH: what Traefik answers on its private API; empty if it does not.
traefik_api() {
  curl --silent --max-time 2 --header "$RELEASE_HEADER: traefik" "$PRIVATE$1" || true
}

# label CONTAINER NAME: the value of one of our labels.
label() { docker container inspect --format "{{index .Config.Labels \"backstaff.$2\"}}" "$1"; }

# is_running CONTAINER
is_running() { [[ $(docker container inspect --format '{{.State.Running}}' "$1" 2>/dev/null) == true ]]; }

# containers FORMAT [FILTER...]: this role's containers, the newest first.
containers() {
  local format=$1
  shift
  docker ps --all --format "$format" \
    --filter "label=backstaff.service=${ARG[service]}" --filter "label=backstaff.role=${ARG[role]}" "$@"
}

# ensure_network: the private network on which apps, accessories and the proxy find each other by name.
# Under a lock: of two steps at once, each could create one, and Docker then refuses the name as ambiguous.
ensure_network() {
  if network_is_there; then return 0; fi
  (
    lock network
    network_is_there || docker network create "$NETWORK" >/dev/null ||
      fail "could not create the network $NETWORK; what Docker says is above"
  )
}

network_is_there() { docker network inspect "$NETWORK" >/dev/null 2>&1; }

# forget_network: remove it once no container is left in it; Docker refuses before.
forget_network() {
  docker container inspect "$TRAEFIK" >/dev/null 2>&1 || docker network rm "$NETWORK" >/dev/null 2>&1 || true
}

# pull_image REFERENCE: step 6, by digest, with the service's own login.
pull_image() {
  STEP='step 6, pull'
  if docker image inspect "$1" >/dev/null 2>&1; then
    say "$1 is already there"
    return 0
  fi
  say "$1"
  docker --config "$(login_folder)" pull "$1" | grep --line-buffered -E 'Pull complete|Status:' ||
    fail "could not pull $1. Check that the server reaches the registry, and that the image is there."
}

# forget_service: remove the service's folder once nothing is in it any more.
forget_service() { rmdir --ignore-fail-on-non-empty "$(service_folder)" 2>/dev/null || true; }
