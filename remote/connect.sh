# Step 1, connect: look at the server and put the scripts of the other steps on it.
#
# Arrives on the standard input of `bash -s -- <digest>`, after a line that sets PACKED_SCRIPTS (base64 of a
# gzipped tar archive), because nothing of ours is on the server yet. May be run any number of times.
# Exit: 0 all is there; 1 the server cannot be used, with the reason.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit
umask 077
export LC_ALL=C.UTF-8

readonly STATE=/var/lib/backstaff

fail() {
  printf 'step 1, connect: %s\n' "$1" >&2
  exit 1
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# os_release NAME: what the system says of itself under that name; empty if it says nothing.
os_release() (
  # shellcheck source=/dev/null
  if [[ -r /etc/os-release ]]; then . /etc/os-release; fi
  printf '%s' "${!1:-}"
)

verify_server() {
  local id id_like pretty
  id=$(os_release ID)
  id_like=$(os_release ID_LIKE)
  pretty=$(os_release PRETTY_NAME)
  [[ " $id $id_like " == *' debian '* || $id == ubuntu ]] ||
    fail "the server runs ${pretty:-no known system}; Ubuntu or Debian is needed"
  as_root true 2>/dev/null ||
    fail "$(id -un) may not use sudo without a password. Allow it in /etc/sudoers.d, or set ssh.user to root."
  printf 'step 1, connect: %s on %s, %s, as %s\n' "$(hostname)" "$pretty" "$(uname -m)" "$(id -un)"
}

# A cloud's first boot goes on after sshd answers. Exit status 2 means done, with errors it recovered from.
wait_for_first_boot() {
  command -v cloud-init >/dev/null || return 0
  printf 'step 1, connect: waiting for cloud-init, 300 s at most\n'
  local status=0
  as_root timeout 300 cloud-init status --wait >/dev/null || status=$?
  ((status == 0 || status == 2)) || fail "cloud-init did not finish (exit $status). See: cloud-init status --long"
}

install_scripts() {
  local folder=$STATE/bin/$1 half
  if as_root test -d "$folder"; then
    printf 'step 1, connect: scripts %s are already there\n' "$1"
    return 0
  fi
  as_root install -d -m 700 "$STATE" "$STATE/bin"
  half=$(as_root mktemp -d "$STATE/bin/.half-XXXXXX")
  # shellcheck disable=SC2064  # the folder's name as it is now
  trap "as_root rm -rf '$half'" EXIT
  printf '%s' "$PACKED_SCRIPTS" | base64 -d | as_root tar -xz -C "$half"
  as_root mv -T "$half" "$folder"
  trap - EXIT
  printf 'step 1, connect: scripts %s put on the server\n' "$1"
}

main() {
  verify_server
  wait_for_first_boot
  install_scripts "$1"
}

main "$@" </dev/null
