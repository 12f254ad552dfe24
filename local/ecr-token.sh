#!/usr/bin/env bash
# Step 3, on the caller's machine: a token by which the server pulls from ECR.
#
# Arguments: REGION RELEASE; the release only makes Pulumi run this again for each. Standard output: the token.
# Exit: 0; 1 no Python with boto3, or AWS refused.
set -euo pipefail
export LC_ALL=C.UTF-8

# The program's own Python, which the engine does not tell its plugins.
main() {
  local python
  for python in "${VIRTUAL_ENV:-}/bin/python" .venv/bin/python python3; do
    if "$python" -c 'import boto3' 2>/dev/null; then
      exec "$python" local/ecr_token.py "$1"
    fi
  done
  echo 'step 3, log in: no Python with boto3. Run: pip install -r requirements-aws.txt in .venv' >&2
  exit 1
}

main "$@"
