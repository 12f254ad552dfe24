"""Step 7: the variables of `.env` on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.env_file import digest_of, env_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr


@dataclass(frozen=True)
class EnvFileArgs:
    """What an `EnvFile` is made of.

    Attributes:
        host: the server.
        service: whose variables they are.
        role: of which of its roles.
        env: names to values.
    """

    host: Host
    service: str
    role: str
    env: Mapping[str, SecretStr]


class EnvFile(pulumi.ComponentResource):
    """The app's variables, readable by root only, in a folder named by their content.

    Creates: the folder on the server.
    Outputs: `digest`, which tells one env from another and is no secret.
    Changes when: a variable changes.
    On failure: the variables of the live release are untouched.
    """

    digest: str

    def __init__(self, name: str, args: EnvFileArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Bring the variables there, on standard input.

        Args:
            name: a stable name, of service, role and server.
            args: what to bring where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:EnvFile", name, None, opts)
        self.digest = digest_of(args.env)
        place = {"service": args.service, "role": args.role}
        self.written = args.host.run(
            f"{name}-env",
            Step("write-env", {**place, "env": self.digest}),
            parent=self,
            delete=Step("remove-env", place),
            stdin=pulumi.Output.secret(env_lines(args.env)),
        )
        self.register_outputs({"digest": self.digest})
