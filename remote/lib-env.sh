# Variables of a container, kept on the server in a folder that only root can read. Sourced, not run.
#
# Docker's --env-file takes a value literally but for line ends, so a value with several lines lies in a file of
# its own and reaches `docker run` by way of its environment.
# shellcheck shell=bash

# The longest line that Docker's reader of env files takes is 64 KiB; a carriage return at its end is dropped.
readonly LINE_BYTES=60000

byte_length() {
  local LC_ALL=C
  printf '%d' "${#1}"
}

# write_variables FOLDER: from standard input, a line `NAME BASE64` each; says how many.
write_variables() {
  local folder=$1 name encoded value count=0
  mkdir "$folder/multiline"
  : >"$folder/env"
  while read -r name encoded; do
    [[ -n $name ]] || continue
    # The dot keeps line ends at the value's end, which a substitution would cut off.
    value=$(printf '%s' "$encoded" | base64 -d && printf .)
    value=${value%.}
    if [[ $value == *[$'\n\r']* || $(byte_length "$value") -gt $LINE_BYTES ]]; then
      printf '%s' "$value" >"$folder/multiline/$name"
    else
      printf '%s=%s\n' "$name" "$value" >>"$folder/env"
    fi
    ((++count))
  done
  say "$count variables brought to the server"
}

# take_variables FOLDER: fill ENVIRONMENT with the options of `docker run` that give a container the variables, and
# this process with those that have several lines. To be called in a sub-shell.
take_variables() {
  local file name value
  ENVIRONMENT=(--env-file "$1/env")
  for file in "$1"/multiline/*; do
    [[ -e $file ]] || continue
    name=${file##*/}
    value=$(cat "$file" && printf .)
    export "$name=${value%.}"
    ENVIRONMENT+=(--env "$name")
  done
}

# split_rest: what stands in REST, as OPTIONS of `docker run` and the COMMAND after a `--` of its own.
# shellcheck disable=SC2034  # read by the scripts that source this
split_rest() {
  local word
  OPTIONS=("${REST[@]}") COMMAND=()
  for word in "${!REST[@]}"; do
    if [[ ${REST[word]} == -- ]]; then
      OPTIONS=("${REST[@]:0:word}") COMMAND=("${REST[@]:word+1}")
      return 0
    fi
  done
}
