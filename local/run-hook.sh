#!/usr/bin/env bash
# Run one of the app's hooks on the caller's machine, in the app's folder, with the variables that Kamal gives it.
#
# Arguments: HOOK --app FOLDER --hooks FOLDER (relative to the app's) --change DIGEST [--release ID]
# Standard input: a line `NAME BASE64` for each variable that is known before. Exit: that of the hook; 1 if it
# cannot be run.
set -euo pipefail
shopt -s inherit_errexit
readonly HOOK=$1
shift

declare -A ARG=([release]='')

fail() {
  printf 'hook %s: %s\n' "$HOOK" "$*" >&2
  exit 1
}

take_variables() {
  local name encoded value
  while read -r name encoded; do
    # The dot keeps line ends at the value's end, which a substitution would cut off.
    value=$(printf '%s' "$encoded" | base64 --decode && printf .)
    export "$name=${value%.}"
  done
}

# version: the commit that is deployed, as Kamal names it; the release where there is no git.
version() {
  local commit
  if commit=$(git rev-parse HEAD 2>/dev/null); then
    printf '%s' "$commit"
    [[ -z $(git status --porcelain 2>/dev/null) ]] || printf '_uncommitted_%s' "${ARG[change]}"
  else
    printf '%s' "${ARG[release]:-${ARG[change]}}"
  fi
}

# runtime: seconds since the engine has begun to do things: the age of its plugin, which runs this.
runtime() {
  local pid=$$ parent
  while parent=$(ps -o ppid= -p "$pid" 2>/dev/null | tr -d ' ') && [[ -n $parent && $parent != 0 ]]; do
    if [[ $(ps -o comm= -p "$parent") == pulumi ]]; then
      ps -o etimes= -p "$pid" | tr -d ' '
      return 0
    fi
    pid=$parent
  done
}

main() {
  while (($# > 1)); do
    ARG[${1#--}]=$2
    shift 2
  done
  take_variables
  cd "${ARG[app]}" || fail "there is no folder ${ARG[app]}"
  local program=${ARG[hooks]}/$HOOK status=0
  [[ $program == /* ]] || program=./$program
  [[ -x $program ]] || fail "$program is not there, or not executable"
  KAMAL_RECORDED_AT=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  KAMAL_PERFORMER=$(git config user.email 2>/dev/null || id -un)
  KAMAL_VERSION=$(version)
  KAMAL_SERVICE_VERSION=$KAMAL_SERVICE@$KAMAL_VERSION
  if [[ $KAMAL_VERSION != *_* ]]; then KAMAL_SERVICE_VERSION=$KAMAL_SERVICE@${KAMAL_VERSION:0:7}; fi
  export KAMAL_RECORDED_AT KAMAL_PERFORMER KAMAL_VERSION KAMAL_SERVICE_VERSION
  if [[ -n ${ARG[release]} ]]; then export BACKSTAFF_RELEASE=${ARG[release]}; fi
  if [[ $HOOK == post-deploy ]]; then
    KAMAL_RUNTIME=$(runtime)
    export KAMAL_RUNTIME
  fi
  printf 'hook %s: %s\n' "$HOOK" "$program"
  "$program" </dev/null || status=$?
  ((status == 0)) || fail "ended with exit code $status. The deploy stops here; see what it said above."
}

main "$@"
