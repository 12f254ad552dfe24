# apt on a server whose first boot, or whose daily updates, may be using it just now. Sourced, not run.
# shellcheck shell=bash
readonly APT_SECONDS=600

# Two kinds of lock: dpkg's, for which apt-get can wait, and that of the package lists, for which it cannot.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

update_lists() {
  until apt update; do
    ((SECONDS < APT_SECONDS)) || fail "apt-get update failed for $APT_SECONDS s. Look at the server: sudo apt-get update"
    say "the package lists could not be had, trying again: $SECONDS s of $APT_SECONDS s"
    sleep 2
  done
}
