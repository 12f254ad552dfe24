"""The server that is provisioned on AWS: what can be set, and what the AWS Academy Learner Lab allows.

Sources of the limits: the Learner Lab's own README (2025-06); AWS documentation for the rest.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from settings.servers import ALL_HOSTS
from settings.tree import Node, find, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from settings.errors import Problem

REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
INSTANCE_TYPE = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
AMI = r"^ami-[0-9a-f]+$"
VPC = r"^vpc-[0-9a-f]+$"
SUBNET = r"^subnet-[0-9a-f]+$"
# The address of an account's private registry, with its region.
# Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
ECR_ADDRESS = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

LAB_REGIONS = ("us-east-1", "us-west-2")
LAB_SIZES = ("nano", "micro", "small", "medium", "large")
LAB_DISK_GIB = 100
# The lab ends what is above 9 at once, and empties the account at 20; one is left for a replacement.
LAB_SERVERS = 8
# The lab's own key pair, and the only region that it is in.
LAB_KEY, LAB_KEY_REGION = "vockey", "us-east-1"
# What Canonical's images let in.
UBUNTU_USER = "ubuntu"
ANYWHERE = ("0.0.0.0/0", "::/0")


def _network(value: str) -> str:
    """Take a network or an address as AWS writes it."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        rule = "must be a network such as 203.0.113.0/24, or an address"
        raise PydanticCustomError("network", rule) from None


class Aws(BaseModel):
    """A server that is made, changed and taken away with the rest of the stack.

    Attributes:
        region: where.
        learner_lab: whether the limits of the AWS Academy Learner Lab hold; they are checked before anything.
        instance_type: its size; those with a `g` behind their number are arm64.
        count: how many servers.
        ubuntu: which release of Ubuntu; the newest image of it at the time the server is made.
        ami: another image than Canonical's; `ssh.user` says who it lets in.
        disk_gib: of the root disk, gp3 and encrypted.
        swap_gib: of the swap file; 0 is none.
        key_name: a key pair that is there; `ssh.keys` names its private half.
        public_key: or the file of a public key to make one from.
        instance_profile: the name of one that is there, such as `LabInstanceProfile`.
        elastic_ip: whether the address stays the same when the server is stopped and started; it costs.
        vpc: the network; the account's default one if not set.
        subnet: in that network; one with public addresses if not set.
        ssh_from: the networks that may use SSH; only this machine's own address if empty.
        tags: on everything, beside `Name`, `backstaff:service` and `backstaff:stack`.
        protect: whether `pulumi destroy` refuses to take the server away.
        reboot_time: when security updates may reboot the server, in its time (UTC); never if not set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str = Field(default="us-east-1", pattern=REGION)
    learner_lab: bool = True
    instance_type: str = Field(default="t3.small", pattern=INSTANCE_TYPE)
    count: int = Field(default=1, ge=1, le=100)
    ubuntu: Literal["22.04", "24.04", "26.04"] = "24.04"
    ami: Annotated[str, Field(pattern=AMI)] | None = None
    disk_gib: int = Field(default=16, ge=8, le=16384)
    swap_gib: int = Field(default=2, ge=0, le=64)
    key_name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    public_key: Path | None = None
    instance_profile: Annotated[str, Field(min_length=1)] | None = None
    elastic_ip: bool = True
    vpc: Annotated[str, Field(pattern=VPC)] | None = None
    subnet: Annotated[str, Field(pattern=SUBNET)] | None = None
    ssh_from: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)
    protect: bool = False
    reboot_time: Annotated[str, Field(pattern=TIME_OF_DAY)] | None = None

    @property
    def arch(self) -> Literal["amd64", "arm64"]:
        """The architecture that the instance type has."""
        return arch_of(self.instance_type)


def arch_of(instance_type: str) -> Literal["amd64", "arm64"]:
    """Tell the architecture of an instance type.

    Args:
        instance_type: such as `t4g.small`, whose `g` behind the number stands for AWS's own arm64 processor.

    Returns:
        As Docker names it.
    """
    family = instance_type.partition(".")[0]
    is_arm = family == "a1" or re.fullmatch(r"[a-z]+\d+[a-z]*g[a-z-]*.*", family)
    return "arm64" if is_arm else "amd64"


def fill_in(values: dict[str, Any]) -> None:
    """Let a stack on AWS do without what follows from its `aws` section: user, architecture.

    Args:
        values: the keys of the settings as written; changed. What is not of the right shape is left alone.
    """
    aws = values.get("aws")
    if not isinstance(aws, dict):
        return
    values.setdefault("ssh", {})
    if isinstance(values["ssh"], dict) and "ami" not in aws:
        values["ssh"] = {"user": UBUNTU_USER} | values["ssh"]
    values.setdefault("builder", {})
    if isinstance(values["builder"], dict):
        arch = arch_of(str(aws.get("instance_type", Aws.model_fields["instance_type"].default)))
        values["builder"] = {"arch": arch} | values["builder"]


def name_servers(tree: Node) -> Node:
    """Let a stack on AWS do without a list of the servers that are made: all roles run on all of them.

    Args:
        tree: the root of all that was written.

    Returns:
        A root with them, unless the stack lists servers, or a role's are some of those that are made.
    """
    aws, service, servers = (tree.items.get(key) for key in ("aws", "service", "servers"))
    if aws is None or not aws.items or ALL_HOSTS in tree.items or (servers and servers.place.source.prefix):
        return tree
    count = aws.items.get("count")
    text = str(count.value) if count else "1"
    number = int(text) if re.fullmatch(r"\d{1,2}", text) else 1
    names = server_names(str(service.value) if service else "", number)
    if servers and any(node.value in names for node in walk(servers)):
        return tree
    return tree.having({**tree.items, ALL_HOSTS: aws.having([aws.having(name) for name in names])})


def server_names(service: str, count: int) -> list[str]:
    """Name the servers of a service, whatever their addresses will be.

    Args:
        service: the app's name.
        count: how many.

    Returns:
        Such as `hello-1`.
    """
    return [f"{service}-{number}" for number in range(1, max(count, 1) + 1)]


def check_aws(tree: Node, values: Mapping[str, Any], aws: Aws) -> list[Problem]:
    """Check what one value of the `aws` section says about another, and the Learner Lab's limits.

    Args:
        tree: all that was written, for messages.
        values: the keys of the settings, filled in.
        aws: the section.

    Returns:
        What is wrong.
    """
    found = [*_check_others(values, aws), *_check_key(aws), *(_check_lab(aws) if aws.learner_lab else ())]
    return [_at(tree, tuple(key.split("."))).problem(rule, remedy) for key, rule, remedy in found]


def _at(tree: Node, path: tuple[str, ...]) -> Node:
    """Find a key where it was written, or else the section that it belongs into."""
    above = find(tree, path[:1]) or tree
    return find(tree, path) or Node(None, above.place, path)


def _check_others(values: Mapping[str, Any], aws: Aws) -> Iterator[tuple[str, str, str]]:
    names = server_names(str(values.get("service", "")), aws.count)
    foreign = [host for host in _named_hosts(values) if host not in names]
    if foreign:
        rule = f"must be a server that backstaff:aws makes: {', '.join(names)} (got {foreign[0]})"
        yield "servers", rule, "Name those, or remove one of the two."
    arch = values.get("builder", {}).get("arch", aws.arch)
    if arch != aws.arch:
        rule = f"must be {aws.arch}, as {aws.instance_type} is (got {arch})"
        yield "builder.arch", rule, "Remove it, or choose another backstaff:aws.instance_type."
    if aws.subnet and not aws.vpc:
        yield "aws.subnet", "needs the network that it is in", "Set backstaff:aws.vpc too."


def _named_hosts(values: Mapping[str, Any]) -> Iterator[object]:
    """Go through the hosts of roles and accessories; what has another shape is told by the model."""
    for key in ("servers", "accessories"):
        groups = values.get(key)
        for group in groups.values() if isinstance(groups, dict) else ():
            hosts = group.get("hosts") if isinstance(group, dict) else None
            yield from hosts if isinstance(hosts, list) else ()


def _check_key(aws: Aws) -> Iterator[tuple[str, str, str]]:
    if (aws.key_name is None) == (aws.public_key is None):
        found = "both" if aws.key_name else "none"
        rule = f"either it or aws.public_key must be set (got {found})"
        yield "aws.key_name", rule, f"In the Learner Lab, in {LAB_KEY_REGION}, set it to {LAB_KEY}."
    elif aws.public_key is not None and not _is_public_key(aws.public_key):
        rule = f"must be the file of a public SSH key (got {aws.public_key})"
        yield "aws.public_key", rule, "Name one, such as ~/.ssh/id_ed25519.pub."


def _check_lab(aws: Aws) -> Iterator[tuple[str, str, str]]:
    remedy = "Or is it an ordinary account? Then set backstaff:aws.learner_lab to false."
    size = aws.instance_type.partition(".")[2]
    if aws.region not in LAB_REGIONS:
        yield "aws.region", f"the Learner Lab has {' and '.join(LAB_REGIONS)} only (got {aws.region})", remedy
    if size not in LAB_SIZES:
        rule = f"the Learner Lab has sizes up to large only: {', '.join(LAB_SIZES)} (got {aws.instance_type})"
        yield "aws.instance_type", rule, remedy
    if aws.count > LAB_SERVERS:
        rule = f"at most {LAB_SERVERS}: the Learner Lab ends what is above 9, and empties the account at 20"
        yield "aws.count", f"{rule} (got {aws.count})", remedy
    if aws.disk_gib > LAB_DISK_GIB:
        rule = f"the Learner Lab has disks of up to {LAB_DISK_GIB} GiB (got {aws.disk_gib})"
        yield "aws.disk_gib", rule, remedy
    if aws.key_name == LAB_KEY and aws.region in LAB_REGIONS and aws.region != LAB_KEY_REGION:
        rule = (
            f"the Learner Lab has the key pair {LAB_KEY} in {LAB_KEY_REGION} only (got region {aws.region})"
        )
        yield "aws.key_name", rule, "Remove it and set backstaff:aws.public_key, or change the region."


def _is_public_key(file: Path) -> bool:
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError):
        return False
    return bool(re.match(r"(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ \S+", text))
