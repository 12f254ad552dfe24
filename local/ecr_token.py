"""Print a token for ECR: `python local/ecr_token.py REGION`. If AWS gives none, one error line and exit 1."""

from __future__ import annotations

import base64
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def main(region: str) -> int:
    """Ask for a token.

    Args:
        region: of the registry.

    Returns:
        The exit code.
    """
    try:
        answer = boto3.client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"step 3, log in: AWS gave no token for ECR in {region}: {error}\n")
        return 1
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    sys.stdout.write(token.partition(":")[2])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
