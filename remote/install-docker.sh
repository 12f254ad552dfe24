#!/usr/bin/env bash
# Step 2: install Docker and curl where they are missing, from the distribution's signed packages.
#
# Arguments: none. Exit: 0 a Docker engine answers and curl is there; 1 not, with the reason. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-apt.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-apt.sh"
STEP='step 2, install Docker'
readonly ENGINE_SECONDS=60

install_packages() {
  local -a packages=()
  command -v curl >/dev/null || packages+=(curl ca-certificates)
  command -v docker >/dev/null || packages+=(docker.io)
  if ((${#packages[@]} == 0)); then
    say "docker and curl are already there"
    return 0
  fi
  say "installing ${packages[*]}"
  update_lists
  apt install --yes --no-install-recommends "${packages[@]}" >/dev/null ||
    fail "apt-get could not install ${packages[*]}. Look at the server: sudo apt-get install ${packages[*]}"
  say "installed ${packages[*]} in $SECONDS s"
}

start_engine() {
  docker info >/dev/null 2>&1 && return 0
  systemctl enable --now --quiet docker || true
  until docker info >/dev/null 2>&1; do
    ((SECONDS < APT_SECONDS + ENGINE_SECONDS)) || fail "the Docker engine does not answer. Look: journalctl -u docker"
    sleep 0.2
  done
}

# The user who logs in may become root anyway; in the group, `docker -H ssh://...` works from outside too.
admit_login_user() {
  local user=${SUDO_USER:-root}
  if [[ $user == root || " $(id --name --groups "$user") " == *' docker '* ]]; then return 0; fi
  usermod --append --groups docker "$user"
  say "$user may use Docker without sudo"
}

main() {
  read_arguments -- "$@"
  lock docker
  install_packages
  start_engine
  admit_login_user
  say "$(docker version --format 'Docker {{.Server.Version}}') answers"
}

main "$@"
