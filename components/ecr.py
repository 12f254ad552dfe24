"""Steps 3 to 5 with Amazon's registry: its repository, and tokens instead of a password.

A token lasts 12 hours. This machine's push takes the one of this run, which changes nothing by itself; the
server's is asked for when there is a new release to pull. Imported only by a stack that uses ECR.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_command import local
from pydantic import SecretStr

from components.aws_account import asked
from components.aws_server import stack_tags
from components.aws_words import AwsError, hook
from components.host import Host, Step
from settings import Registry, Settings
from settings.aws import ECR_ADDRESS

STEP = "step 3, log in"
# Kept beside those that servers keep: one is being pushed, one may be pulled.
SPARE_IMAGES = 5
TOKEN = ("bash", "local/ecr-token.sh")


def signed_in(settings: Settings, ecr: str) -> Settings:
    """Replace ECR by what any registry is: a server, a user and a password.

    Args:
        settings: of the stack.
        ecr: `ecr` for the caller's account, or the registry's address.

    Returns:
        Settings with a registry; a prebuilt image's tag is replaced by its digest.

    Raises:
        AwsError: there is no token to be had, the address is another account's, or there is no such image.
    """
    region = region_of(settings, ecr)
    answer = asked("ecr", region, lambda client: client.get_authorization_token())
    (found,) = answer["authorizationData"]
    user, _, password = base64.b64decode(found["authorizationToken"]).decode().partition(":")
    server = str(found["proxyEndpoint"]).removeprefix("https://")
    if ecr not in {"ecr", server}:
        raise AwsError(
            f"{STEP}: the credentials on this machine are for {server}, and registry.server is {ecr}. "
            "Use those of its account, or write username and password."
        )
    registry = Registry(server=server, username=user, password=SecretStr(password))
    return settings.model_copy(update={"registry": registry, "image": _by_digest(settings, region)})


def region_of(settings: Settings, ecr: str) -> str:
    """Tell where the registry is.

    Args:
        settings: of the stack.
        ecr: `ecr`, or the registry's address.

    Returns:
        The region of the address, or else that of the servers.
    """
    if match := ECR_ADDRESS.fullmatch(ecr):
        return match[1]
    return settings.aws.region if settings.aws else "us-east-1"


def _by_digest(settings: Settings, region: str) -> str | None:
    if not settings.is_prebuilt or "@" in (settings.image or ""):
        return settings.image
    name, _, tag = (settings.image or "").rpartition(":")
    answer = asked(
        "ecr",
        region,
        lambda client: client.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}]),
    )
    return f"{name}@{answer['imageDetails'][0]['imageDigest']}"


@dataclass(frozen=True)
class EcrRepositoryArgs:
    """What an `EcrRepository` is made of.

    Attributes:
        settings: with the service and the image's name.
        region: where.
    """

    settings: Settings
    region: str


class EcrRepository(pulumi.ComponentResource):
    """A place for the app's images.

    Creates: a repository, and a rule that deletes all but the newest images.
    Changes when: the image's name does, or how many releases servers keep.
    On failure: nothing was pushed. `pulumi destroy` deletes it with its images.
    """

    def __init__(
        self, name: str, args: EcrRepositoryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make it.

        Args:
            name: a stable name, of the service.
            args: what for.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:EcrRepository", name, None, opts)
        settings, image = args.settings, args.settings.image or args.settings.service
        provider = aws.Provider(f"{name}-ecr", region=args.region, opts=pulumi.ResourceOptions(parent=self))
        options = pulumi.ResourceOptions(
            parent=self, provider=provider, hooks=pulumi.ResourceHookBinding(on_error=[hook("repository")])
        )
        repository = aws.ecr.Repository(
            f"{name}-repository",
            name=image,
            force_delete=True,
            tags={**stack_tags(settings.service, pulumi.get_stack()), "Name": image},
            opts=options,
        )
        self.ready: list[pulumi.Resource] = [
            repository,
            aws.ecr.LifecyclePolicy(
                f"{name}-expiry",
                repository=repository.name,
                policy=_policy(settings.retain_containers + SPARE_IMAGES),
                opts=options,
            ),
        ]
        self.register_outputs({})


def _policy(most: int) -> str:
    rule = {
        "rulePriority": 1,
        "description": f"the newest {most}",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": most},
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


@dataclass(frozen=True)
class EcrLoginArgs:
    """What an `EcrLogin` is made of.

    Attributes:
        host: the server.
        service: whose login it is.
        registry: its server and user.
        region: where it is.
        release: the id of what is to be pulled; a new one asks for a new token.
        needs: Docker on the server.
    """

    host: Host
    service: str
    registry: Registry
    region: str
    release: pulumi.Output[str]
    needs: Sequence[pulumi.Resource]


class EcrLogin(pulumi.ComponentResource):
    """The server's login, with a token as old as the release that it pulls.

    Creates: a token; a kept login for this service on the server, for root only.
    Changes when: the release does.
    On failure: the one before stays in force.
    """

    def __init__(self, name: str, args: EcrLoginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Log the server in.

        Args:
            name: a stable name, of service and server.
            args: where and for what.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:EcrLogin", name, None, opts)
        token = local.Command(
            f"{name}-token",
            create=args.release.apply(lambda release: shlex.join([*TOKEN, args.region, release])),
            # The token is all that it says.
            logging=local.Logging.STDERR,
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["stdout"]),
        )
        registry = args.registry
        self.on_server = args.host.run(
            f"{name}-login",
            Step(
                "login-registry",
                {
                    "server": registry.server,
                    "username": registry.username,
                    "service": args.service,
                    "side": "server",
                },
            ),
            parent=self,
            delete=Step("logout-registry", {"service": args.service}),
            stdin=token.stdout,
            depends_on=args.needs,
        )
        self.register_outputs({})
