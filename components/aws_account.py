"""What the account has already, looked up before anything is made: all that is missing is told at once.

By boto3 and not by the plugin: its errors can be caught and told in the user's words. Both find credentials
in the same places. Nothing here changes anything.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from components.aws_words import STEP, AwsError, words_for
from settings import Aws, Ssh

# Canonical's account, and the name of each release's images. Source: https://documentation.ubuntu.com/aws/
CANONICAL = "099720109477"
NAMES = {"22.04": "jammy", "24.04": "noble", "26.04": "resolute"}
PARAMETER = "/aws/service/canonical/ubuntu/server/{release}/stable/current/{arch}/hvm/ebs-{disk}/ami-id"
IMAGE_NAME = "ubuntu/images/*/ubuntu-{name}-{release}-{arch}-server-*"
# Before 24.04 Canonical's images were made for gp2; the server's own disk is gp3 all the same.
OLD_DISK_RELEASES = ("22.04",)
# On every server: which line of images it was made from.
IMAGE_TAG = "backstaff:image"
QUICK = Config(connect_timeout=10, read_timeout=20, retries={"max_attempts": 3})


@dataclass(frozen=True)
class Account:
    """What was found.

    Attributes:
        number: the account's.
        vpc: the network for the servers.
        subnet: in it; none leaves the choice to AWS, which takes one that has the instance type.
        images: by the name of the server, the image to start it from; that of a server which is there stays.
    """

    number: str
    vpc: str
    subnet: str | None
    images: Mapping[str, str]


def image_line(aws: Aws) -> str:
    """Name the line of images that a server is made from; a server of another line is made anew.

    Args:
        aws: what the user wants.

    Returns:
        Such as `ubuntu-24.04-amd64`, or the id of an image.
    """
    return aws.ami or f"ubuntu-{aws.ubuntu}-{aws.arch}"


def look_up(aws: Aws, ssh: Ssh, names: Sequence[str], tags: Mapping[str, str]) -> Account:
    """Look up what the servers need.

    Args:
        aws: what the user wants.
        ssh: with the private key, if one is named.
        names: of the servers.
        tags: what every server of this stack has.

    Returns:
        What was found.

    Raises:
        AwsError: names all that is missing.
    """
    number = str(asked("sts", aws.region, lambda sts: sts.get_caller_identity())["Account"])
    problems: list[str] = []

    def found(search: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is searched for
        try:
            return search()
        except AwsError as error:
            problems.append(str(error))
            return None

    vpc, subnet = found(lambda: _network(aws)) or ("", None)
    images = found(lambda: _images(aws, names, tags)) or {}
    found(lambda: _check_key(aws, ssh))
    if problems:
        raise AwsError("\n".join(problems))
    return Account(number, vpc, subnet, images)


def asked(service: str, region: str, ask: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Ask AWS; a refusal is told in the user's words, followed by AWS's own.

    Args:
        service: such as `ec2`.
        region: where.
        ask: makes the call, given boto3's client of the service.

    Returns:
        AWS's answer.

    Raises:
        AwsError: AWS refused, or cannot be reached.
    """
    try:
        return ask(boto3.client(service, region_name=region, config=QUICK))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        own = f"{code}: {error.response['Error'].get('Message', '')}"
    except BotoCoreError as error:
        code, own = type(error).__name__, str(error)
    words = words_for(code) or f"AWS refused in {region}."
    raise AwsError(f"{STEP}: {words} (AWS: {own})")


def _network(aws: Aws) -> tuple[str, str | None]:
    """Find the VPC, and a subnet of it unless it is the default one."""
    if aws.vpc is None:
        chosen = [{"Name": "is-default", "Values": ["true"]}]
        vpcs = asked("ec2", aws.region, lambda ec2: ec2.describe_vpcs(Filters=chosen))["Vpcs"]
        if not vpcs:
            raise AwsError(
                f"{STEP}: the account has no default VPC in {aws.region}. Make one (aws ec2 "
                "create-default-vpc), or name yours in backstaff:aws.vpc."
            )
        return str(vpcs[0]["VpcId"]), None
    if aws.subnet:
        return aws.vpc, aws.subnet
    public = [
        {"Name": "vpc-id", "Values": [aws.vpc]},
        {"Name": "map-public-ip-on-launch", "Values": ["true"]},
    ]
    subnets = asked("ec2", aws.region, lambda ec2: ec2.describe_subnets(Filters=public))["Subnets"]
    if not subnets:
        raise AwsError(
            f"{STEP}: {aws.vpc} in {aws.region} has no subnet whose servers get public addresses. "
            "Name one that is routed to the internet in backstaff:aws.subnet."
        )
    return aws.vpc, min(str(subnet["SubnetId"]) for subnet in subnets)


def _images(aws: Aws, names: Sequence[str], tags: Mapping[str, str]) -> dict[str, str]:
    """Give each server the image that it has, if that is of the line which is wanted; else the newest."""
    wanted = {**tags, IMAGE_TAG: image_line(aws)}
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in wanted.items()]
    filters.append({"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]})
    answer = asked("ec2", aws.region, lambda ec2: ec2.describe_instances(Filters=filters))
    servers = [server for group in answer["Reservations"] for server in group["Instances"]]
    images = {
        tag["Value"]: str(server["ImageId"])
        for server in sorted(servers, key=lambda server: str(server["LaunchTime"]))
        for tag in server["Tags"]
        if tag["Key"] == "Name"
    }
    missing = [name for name in names if name not in images]
    newest = (aws.ami or _newest_image(aws)) if missing else ""
    return {**images, **dict.fromkeys(missing, newest)}


def _newest_image(aws: Aws) -> str:
    """Find Canonical's current image by its public parameter, or else by its owner."""
    disk = "gp2" if aws.ubuntu in OLD_DISK_RELEASES else "gp3"
    name = PARAMETER.format(release=aws.ubuntu, arch=aws.arch, disk=disk)
    try:
        answer = asked("ssm", aws.region, lambda ssm: ssm.get_parameter(Name=name))
        return str(answer["Parameter"]["Value"])
    except AwsError:
        pattern = IMAGE_NAME.format(name=NAMES[aws.ubuntu], release=aws.ubuntu, arch=aws.arch)
    chosen = [{"Name": "name", "Values": [pattern]}, {"Name": "state", "Values": ["available"]}]
    images = asked("ec2", aws.region, lambda ec2: ec2.describe_images(Owners=[CANONICAL], Filters=chosen))[
        "Images"
    ]
    if not images:
        raise AwsError(
            f"{STEP}: there is no image of Ubuntu {aws.ubuntu} for {aws.arch} in {aws.region}. Set "
            "backstaff:aws.ubuntu to another release, or name an image in backstaff:aws.ami."
        )
    return str(max(images, key=lambda image: image["CreationDate"])["ImageId"])


def _check_key(aws: Aws, ssh: Ssh) -> None:
    """See that the key pair is there, and that the private key is its other half."""
    if aws.public_key:
        there = aws.public_key.expanduser().read_text(encoding="utf-8")
        named = f"backstaff:aws.public_key ({aws.public_key})"
    else:
        key = str(aws.key_name)
        answer = asked(
            "ec2",
            aws.region,
            lambda ec2: ec2.describe_key_pairs(KeyNames=[key], IncludePublicKey=True),
        )
        there = str(answer["KeyPairs"][0].get("PublicKey", ""))
        named = f"the key pair {key} in {aws.region}"
    if ssh.keys and there and _half(there) != _half(_public_half(ssh.keys[0])):
        raise AwsError(
            f"{STEP}: the private key {ssh.keys[0]} (backstaff:ssh.keys) does not match {named}. In the "
            "Learner Lab download it anew: AWS Details, SSH key: Download PEM."
        )


def _half(public_key: str) -> list[str]:
    """Return what counts of a public key: its type and itself, without the comment."""
    return public_key.split()[:2]


def _public_half(key: Path) -> str:
    """Compute the public half of a private key."""
    done = subprocess.run(
        ["ssh-keygen", "-y", "-P", "", "-f", str(key.expanduser())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    if "too open" in done.stderr:
        raise AwsError(
            f"{STEP}: others can read the private key {key} (backstaff:ssh.keys), so SSH refuses it. "
            f"Run: chmod 400 {key}"
        )
    said = done.stderr.strip().rpartition("\n")[2]
    raise AwsError(
        f"{STEP}: {key} (backstaff:ssh.keys) is not a private key without a passphrase ({said}). "
        "Name another file, or leave backstaff:ssh.keys out and put the key into the SSH agent."
    )
