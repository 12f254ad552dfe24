"""Step 0: a server on AWS, with what it needs around it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws_account import IMAGE_TAG, Account, image_line
from components.aws_network import Firewall
from components.aws_words import STEP, hook
from settings import Aws, Ssh


@dataclass(frozen=True)
class AwsServersArgs:
    """What `AwsServers` are made of.

    Attributes:
        service: the app's name.
        stack: the stack's; part of every name that an account has only once.
        names: a stable name for each server.
        wanted: the section of the settings.
        ssh: how the servers are reached.
        account: what the account has already.
        ssh_from: the networks that may use SSH.
        ports: what the public may reach.
    """

    service: str
    stack: str
    names: tuple[str, ...]
    wanted: Aws
    ssh: Ssh
    account: Account
    ssh_from: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True)
class AwsServer:
    """One server, made.

    Attributes:
        address: what SSH connects to, as it is now.
        resource: all that is on it goes with it.
        needs: what must be there before it can be reached.
    """

    address: pulumi.Output[str]
    resource: pulumi.Resource
    needs: tuple[pulumi.Resource, ...]


class AwsServers(pulumi.ComponentResource):
    """The stack's servers on AWS.

    Creates: a security group, a key pair (unless one is named), and for each server an instance with an
        encrypted disk and, unless that is turned off, an Elastic IP.
    Outputs: `servers`, by name.
    Changes when: a setting of the section changes. A newer image of Ubuntu changes nothing; another size,
        more disk or other networks change in place; another architecture, image or key makes a new server.
    On failure: what was made by then is in the state, and `pulumi destroy` takes it away.
    """

    def __init__(self, name: str, args: AwsServersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make what is missing.

        Args:
            name: a stable name, of the service.
            args: what to make.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:AwsServers", name, None, opts)
        self._args = args
        self._on_error = pulumi.ResourceHookBinding(on_error=[hook("servers")])
        self.provider = aws.Provider(
            f"{name}-aws", region=args.wanted.region, opts=pulumi.ResourceOptions(parent=self)
        )
        self._key = args.wanted.key_name or self._make_key(name)
        self._firewall = Firewall(args.ssh_from, args.ssh.port, args.ports)
        self._group = self._make_group(name)
        self.servers = {server: self._make_server(server) for server in args.names}
        self.register_outputs({})

    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of something: whose it is, and what the user wants besides.

        Args:
            name: of that thing.

        Returns:
            Names to values.
        """
        return {**self._args.wanted.tags, **stack_tags(self._args.service, self._args.stack), "Name": name}

    def _options(
        self,
        *,
        protect: bool | None = None,
        ignore_changes: list[str] | None = None,
        delete_before_replace: bool | None = None,
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            provider=self.provider,
            hooks=self._on_error,
            protect=protect,
            ignore_changes=ignore_changes,
            delete_before_replace=delete_before_replace,
        )

    def _own_name(self) -> str:
        return f"backstaff-{self._args.service}-{self._args.stack}"

    def _make_key(self, name: str) -> pulumi.Input[str]:
        file = self._args.wanted.public_key
        if file is None:
            raise ValueError("neither key_name nor public_key is set, which the settings refuse")
        pair = aws.ec2.KeyPair(
            f"{name}-key",
            key_name=self._own_name(),
            public_key=file.expanduser().read_text(encoding="utf-8").strip(),
            tags=self.tags(self._own_name()),
            opts=self._options(),
        )
        key_name: pulumi.Output[str] = pair.key_name
        return key_name

    def _make_group(self, name: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{name}-firewall",
            name=self._own_name(),
            description=f"{self._args.service}: the web from anywhere, SSH from those who deploy",
            vpc_id=self._args.account.vpc,
            ingress=self._firewall.incoming(),
            egress=self._firewall.outgoing(),
            tags=self.tags(self._own_name()),
            # In another network. The plugin would delete the one of this name first, while a server is in it;
            # but a name is taken only within its network.
            opts=self._options(delete_before_replace=False),
        )

    def _make_server(self, name: str) -> AwsServer:
        wanted = self._args.wanted
        instance = aws.ec2.Instance(
            f"{name}-instance",
            ami=self._args.account.images[name],
            instance_type=wanted.instance_type,
            key_name=self._key,
            subnet_id=self._args.account.subnet,
            associate_public_ip_address=True,
            vpc_security_group_ids=[self._group.id],
            iam_instance_profile=wanted.instance_profile,
            # A container is one hop further away than the server itself, so none gets at its role.
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            root_block_device={
                "volume_type": "gp3",
                "volume_size": wanted.disk_gib,
                "encrypted": True,
                "delete_on_termination": True,
                "tags": self.tags(name),
            },
            tags={**self.tags(name), IMAGE_TAG: image_line(wanted)},
            # A refresh reads it as whether the server has an address just now. One that is stopped has none,
            # and would be made anew by the next `up`.
            opts=self._options(protect=wanted.protect, ignore_changes=["associate_public_ip_address"]),
        )
        if not wanted.elastic_ip:
            return AwsServer(self._current_address(name, instance), instance, (self._group,))
        elastic = aws.ec2.Eip(
            f"{name}-address",
            domain="vpc",
            instance=instance.id,
            tags=self.tags(name),
            opts=self._options(protect=wanted.protect),
        )
        return AwsServer(elastic.public_ip, instance, (self._group, elastic))

    def _current_address(self, name: str, instance: aws.ec2.Instance) -> pulumi.Output[str]:
        """Look the address up at every run: it is another one whenever the server was stopped."""
        found = aws.ec2.get_instance_output(
            instance_id=instance.id, opts=pulumi.InvokeOutputOptions(parent=self, provider=self.provider)
        )
        address: pulumi.Output[str] = found.apply(
            lambda server: _address(name, server.instance_state, server.public_ip)
        )
        return address


def stack_tags(service: str, stack: str) -> dict[str, str]:
    """Return the tags by which all that a stack has made in an account is found.

    Args:
        service: the app's name.
        stack: the stack's.

    Returns:
        Names to values.
    """
    return {"backstaff:service": service, "backstaff:stack": stack}


def _address(name: str, state: str, address: str) -> str:
    if address:
        return address
    raise RuntimeError(
        f"{STEP}: the server {name} is {state} and has no address. Start it (in the Learner Lab: "
        "Start Lab, then wait for the green light), then try again."
    )
