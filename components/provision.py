"""Step 0 as a whole: look at the account, then make what is missing.

Imported only by a stack that provisions on AWS: what is imported here is big, and makes the engine look for
its plugin.
"""

from __future__ import annotations

import pulumi

from components.aws_account import look_up
from components.aws_server import AwsServer, AwsServers, AwsServersArgs, stack_tags
from components.own_address import own_network
from settings import Aws, Settings


def provision(settings: Settings, aws: Aws) -> dict[str, AwsServer]:
    """Make the servers that the settings ask for.

    Args:
        settings: of the stack.
        aws: their section on AWS.

    Returns:
        The servers by name.

    Raises:
        AwsError: the account cannot be used so; nothing was touched.
    """
    stack = pulumi.get_stack()
    tags = stack_tags(settings.service, stack)
    account = look_up(aws, settings.ssh, settings.hosts, tags)
    args = AwsServersArgs(
        service=settings.service,
        stack=stack,
        names=settings.hosts,
        wanted=aws,
        ssh=settings.ssh,
        account=account,
        ssh_from=aws.ssh_from or (own_network(),),
        ports=(settings.traefik.http_port,),
    )
    return AwsServers(settings.service, args).servers
