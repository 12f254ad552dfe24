"""The address under which this machine is seen from outside: SSH is let in from there."""

from __future__ import annotations

import ipaddress
import os
import urllib.error
import urllib.request

from components.aws_words import STEP, AwsError

# Answers with the caller's address alone. Source: AWS's own documentation of security group rules.
SERVICE = "https://checkip.amazonaws.com"
# For a network that reaches AWS, but not that address.
VARIABLE = "BACKSTAFF_OWN_ADDRESS"
ANSWER_SECONDS = 10


def own_network() -> str:
    """Find this machine's own address, as a network of one.

    Returns:
        Such as `203.0.113.7/32`.

    Raises:
        AwsError: it cannot be found out.
    """
    given = os.environ.get(VARIABLE)
    text = given if given is not None else _ask()
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError:
        raise AwsError(
            f"{STEP}: this machine's own address is not one: {text.strip()[:80]!r}. "
            "Write who may use SSH into backstaff:aws.ssh_from."
        ) from None


def _ask() -> str:
    try:
        with urllib.request.urlopen(SERVICE, timeout=ANSWER_SECONDS) as answer:
            return str(answer.read(100).decode())
    except (urllib.error.URLError, OSError, UnicodeDecodeError) as error:
        raise AwsError(
            f"{STEP}: {SERVICE} did not say under which address this machine is seen ({error}). "
            "Write who may use SSH into backstaff:aws.ssh_from."
        ) from None
