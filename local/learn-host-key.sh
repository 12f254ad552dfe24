#!/usr/bin/env bash
# Step 1, on the caller's machine: learn the key that an SSH server shows. The state keeps it, and it is checked
# ever after.
#
# Arguments: HOST PORT [SECONDS [--same]]; SECONDS to wait at most, 60 if not given. With --same the server must show the key that is in $PULUMI_COMMAND_STDOUT, which it
# showed at another address. Standard output: the key, such as `ssh-ed25519 AAAA...`.
# Exit: 0 learnt; 1 no server showed a key in time (one that has just been made takes a while), or another one.
set -euo pipefail
export LC_ALL=C.UTF-8
readonly LIMIT_SECONDS=${3:-60} SIGN_OF_LIFE_SECONDS=10

main() {
  local key='' next=$SIGN_OF_LIFE_SECONDS
  until key=$(ssh-keyscan -T 5 -t ed25519 -p "$2" "$1" 2>/dev/null | cut -d' ' -f2-) && [[ -n $key ]]; do
    if ((SECONDS >= LIMIT_SECONDS)); then
      printf 'step 1, connect: no SSH server at %s, port %s, showed an ed25519 key within %d s. %s\n' \
        "$1" "$2" "$LIMIT_SECONDS" 'Check servers and ssh.port, and that the port is open.' >&2
      exit 1
    fi
    if ((SECONDS >= next)); then
      # On standard error: the standard output is the key.
      printf 'step 1, connect: waiting for SSH at %s, %d s of %d s\n' "$1" "$SECONDS" "$LIMIT_SECONDS" >&2
      ((next += SIGN_OF_LIFE_SECONDS))
    fi
    sleep 1
  done
  if [[ ${4:-} == --same && $key != "${PULUMI_COMMAND_STDOUT:?}" ]]; then
    printf 'step 1, connect: the server at %s, port %s, shows another host key than it had at its last address. %s\n' \
      "$1" "$2" 'If it was made anew by hand: pulumi up --refresh. If not, somebody may be in between.' >&2
    exit 1
  fi
  printf '%s\n' "$key"
}

main "$@"
