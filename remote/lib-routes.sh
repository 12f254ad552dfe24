# What is routed to whom on this server. Sourced, not run. Reads --routes: words such as `a.example/api`.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ARG is that of lib.sh

# refuse_taken_routes OWN-FILE FATE: what another service, role or accessory is routed by stays its own; FATE is what
# becomes of this one. Of two that differ, Traefik takes the one that says more.
refuse_taken_routes() {
  local file word owner
  local -a words
  for file in "$DYNAMIC"/live-*.yml; do
    if [[ ! -f $file || $file == "$1" ]]; then continue; fi
    read -r -a words < <(sed -n 's/^# routes: //p' "$file") || true
    for word in "${words[@]}"; do
      if [[ " ${ARG[routes]} " != *" $word "* ]]; then continue; fi
      owner=${file##*/live-}
      fail "requests for $word are routed to ${owner%.yml} on this server already. Give this one another proxy.host or proxy.path_prefix; if that is its own former name, run pulumi destroy under that first. $2"
    done
  done
}
