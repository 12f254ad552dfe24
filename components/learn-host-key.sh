#!/usr/bin/env bash
# Step 1, on the caller's machine: learn the key that an SSH server shows. The state keeps it, and it is checked
# ever after.
#
# Arguments: HOST PORT. Standard output: the key, such as `ssh-ed25519 AAAA...`.
# Exit: 0 learnt; 1 no server showed a key within 60 s (one that has just been made takes a while).
set -euo pipefail
export LC_ALL=C.UTF-8
readonly LIMIT_SECONDS=60

main() {
  local key=''
  until key=$(ssh-keyscan -T 5 -t ed25519 -p "$2" "$1" 2>/dev/null | cut -d' ' -f2-) && [[ -n $key ]]; do
    if ((SECONDS >= LIMIT_SECONDS)); then
      printf 'step 1, connect: no SSH server at %s, port %s, showed an ed25519 key within %d s. %s\n' \
        "$1" "$2" "$LIMIT_SECONDS" 'Check servers and ssh.port, and that the port is open.' >&2
      exit 1
    fi
    sleep 1
  done
  printf '%s\n' "$key"
}

main "$@"
