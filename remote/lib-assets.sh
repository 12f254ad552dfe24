# Assets of two releases at once: each release finds in its folder of assets what is in its image and in that of the
# one before, so that a page of either gets its files from whichever serves. Sourced, not run.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ARG is that of lib.sh

# assets_folder RELEASE: `own` holds what is in its image, `served` what its container has mounted.
assets_folder() { printf '%s/assets/%s/%s' "$(service_folder)" "${ARG[role]}" "$1"; }

# extract_assets: take a release's own assets out of its image, with their modes and owners.
extract_assets() {
  local folder container path=${ARG[asset_path]%%:*} status=0
  folder=$(assets_folder "${ARG[release]}")
  rm -rf "$folder"
  install -d -m 755 "$folder/own" "$folder/served"
  # The command is never run; an image without one would be refused otherwise.
  container=$(docker create "${ARG[image]}" none)
  docker cp --archive "$container:$path/." "$folder/own" >/dev/null || status=$?
  docker rm --volumes "$container" >/dev/null
  ((status == 0)) || fail "there is no folder $path in ${ARG[image]}. Correct asset_path."
  add_assets "$folder/own" "$folder/served"
}

# add_assets FROM INTO: what is there already stays as it is.
add_assets() { cp --archive --no-clobber --no-target-directory "$1" "$2"; }

# bridge_assets: give the live release the new one's assets, and the new one the live one's.
bridge_assets() {
  local new live
  new=$(assets_folder "${ARG[release]}")
  live=$(assets_folder "$(live_release)")
  if [[ -n $(live_release) && $live != "$new" && -d $new && -d $live ]]; then
    add_assets "$new/own" "$live/served"
    add_assets "$live/own" "$new/served"
    say "assets of release $(live_release) can be had from both"
  fi
}

# forget_assets: remove those of releases without a container.
forget_assets() {
  local folder
  for folder in "$(assets_folder '')"*; do
    if [[ -d $folder ]] && ! docker container inspect "${ARG[service]}-${ARG[role]}-${folder##*/}" >/dev/null 2>&1; then
      rm -rf "$folder"
    fi
  done
}
