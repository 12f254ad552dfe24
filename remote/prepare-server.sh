#!/usr/bin/env bash
# Step 1, on a server of our own making: a swap file, and security updates that install themselves.
#
# Arguments: --swap-gib N (GiB; 0 takes the swap file away) --reboot-time HH:MM|never (when an update may reboot the
# server, in its own time). Exit: 0 all is so; 1 not, with the reason. May be run twice.
# shellcheck source=remote/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=remote/lib-apt.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib-apt.sh"
STEP='step 1, prepare the server'
readonly SWAP=$STATE/swapfile
# Read after the distribution's own 20auto-upgrades and 50unattended-upgrades.
readonly UPDATES=/etc/apt/apt.conf.d/60backstaff
readonly GIB=$((1024 * 1024 * 1024)) ROOM_GIB=2

has_swap() { swapon --noheadings --raw --show=NAME | grep --quiet --line-regexp "$SWAP"; }

remove_swap() {
  if has_swap; then swapoff "$SWAP"; fi
  rm -f "$SWAP"
  sed -i "\\|^$SWAP |d" /etc/fstab
}

make_swap() {
  local wanted=$((ARG[swap_gib] * GIB)) free
  if [[ -f $SWAP && $(stat -c %s "$SWAP") == "$wanted" ]] && has_swap; then
    say "${ARG[swap_gib]} GiB of swap are already there"
    return 0
  fi
  remove_swap
  if ((wanted == 0)); then return 0; fi
  free=$(df --output=avail --block-size=1 "$STATE" | tail -n 1)
  ((free > wanted + ROOM_GIB * GIB)) ||
    fail "no room for ${ARG[swap_gib]} GiB of swap: $((free / GIB)) GiB are free. Raise aws.disk_gib or lower aws.swap_gib."
  # Left behind by a run that was cut, it would look like a swap file.
  trap remove_swap EXIT
  fallocate --length "$wanted" "$SWAP"
  chmod 600 "$SWAP"
  mkswap --quiet "$SWAP"
  if ! swapon "$SWAP" 2>/dev/null; then
    # A container, which shares its host's memory.
    say "this machine allows no swap file: going on without"
    return 0
  fi
  printf '%s none swap sw 0 0\n' "$SWAP" >>/etc/fstab
  trap - EXIT
  say "${ARG[swap_gib]} GiB of swap in use"
}

wanted_updates() {
  printf 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'
  if [[ ${ARG[reboot_time]} == never ]]; then
    printf 'Unattended-Upgrade::Automatic-Reboot "false";\n'
  else
    printf 'Unattended-Upgrade::Automatic-Reboot "true";\n'
    printf 'Unattended-Upgrade::Automatic-Reboot-Time "%s";\n' "${ARG[reboot_time]}"
  fi
}

configure_updates() {
  local half
  if ! command -v unattended-upgrade >/dev/null; then
    say "installing unattended-upgrades"
    update_lists
    apt install --yes --no-install-recommends unattended-upgrades >/dev/null ||
      fail "apt-get could not install unattended-upgrades. Look at the server: sudo apt-get install unattended-upgrades"
  fi
  half=$(mktemp "$UPDATES.XXXXXX")
  wanted_updates >"$half"
  chmod 644 "$half"
  mv -T "$half" "$UPDATES"
  say "security updates install themselves; reboot: ${ARG[reboot_time]}"
}

main() {
  read_arguments swap_gib reboot_time -- "$@"
  lock server
  make_swap
  configure_updates
}

main "$@"
