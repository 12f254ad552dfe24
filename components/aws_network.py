"""Who may reach a server on AWS, as rules of a security group."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_aws.ec2 import SecurityGroupEgressArgsDict, SecurityGroupIngressArgsDict

from settings.aws import ANYWHERE


@dataclass(frozen=True)
class Firewall:
    """The rules.

    Attributes:
        ssh_from: the networks that may use SSH.
        ssh_port: of the SSH server.
        public_ports: what anybody may reach.
    """

    ssh_from: tuple[str, ...]
    ssh_port: int
    public_ports: tuple[int, ...]

    def incoming(self) -> list[SecurityGroupIngressArgsDict]:
        """Return what is let in."""
        ssh = _rule(self.ssh_port, self.ssh_from, "SSH, for those who deploy")
        return [ssh, *(_rule(port, ANYWHERE, "the web") for port in self.public_ports)]

    def outgoing(self) -> list[SecurityGroupEgressArgsDict]:
        """Return what is let out: everything, as images and packages come from many places."""
        return [
            {
                "protocol": "-1",
                "from_port": 0,
                "to_port": 0,
                "cidr_blocks": ["0.0.0.0/0"],
                "ipv6_cidr_blocks": ["::/0"],
                "description": "everything",
            }
        ]


def _rule(port: int, networks: tuple[str, ...], description: str) -> SecurityGroupIngressArgsDict:
    return {
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "cidr_blocks": [network for network in networks if ":" not in network],
        "ipv6_cidr_blocks": [network for network in networks if ":" in network],
        "description": description,
    }
