"""Step 1: a server reached over SSH, and the only place that makes remote commands."""

from __future__ import annotations

import asyncio
import functools
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_command import local, remote

from local.way import way_to
from render.command_line import command_line, scripts_folder
from render.scripts import bundle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settings import Ssh

# How often SSH is dialled before the server counts as out of reach: with waits of at most 5 s, a minute.
# Source: sdk/go/common/util/retry of pulumi/pulumi, as pulumi-command 1.2.1 uses it.
DIAL_ERROR_LIMIT = 20
# The same for a step that follows at once upon one that has reached the server: about ten seconds, since
# others wait, some of them already with the new release.
FOLLOWING_DIAL_ERROR_LIMIT = 10
# How long a server that was just made may take until SSH answers; EC2's take about half a minute.
BOOT_SECONDS = 180
# Run in the project's folder, so that the lines are the same on every machine.
SEND_IMAGE, SEND_SCRIPTS = ("python3", "-m", "local.send_image"), ("python3", "-m", "local.send_scripts")
LEARN_HOST_KEY = ("bash", "local/learn-host-key.sh")


@dataclass(frozen=True)
class HostArgs:
    """What a `Host` is made of.

    Attributes:
        address: what SSH connects to.
        ssh: user, port, key and host key.
        server: what makes the server, if it is made here: all that is on it comes and goes with it.
        needs: what must be there before it can be reached.
    """

    address: str | pulumi.Output[str]
    ssh: Ssh
    server: pulumi.Resource | None = None
    needs: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True)
class Step:
    """A script of `remote/` with its arguments.

    Attributes:
        script: its name, without `.sh`.
        arguments: names to values, for `--name value`.
        rest: words after `--`.
    """

    script: str
    arguments: Mapping[str, str | int | float] = field(default_factory=dict)
    rest: Sequence[str] = ()


class Host(pulumi.ComponentResource):
    """A server that the steps' scripts are on.

    Creates: the server's host key (learnt at the first `up` unless it is pinned) and the scripts.
    Changes when: the connection or a script changes.
    On failure: nothing of ours is on the server.
    """

    def __init__(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Connect to the server and put the scripts there.

        Args:
            name: a stable name for the server; its address, where that is given.
            args: how to reach it.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Host", name, None, opts)
        self.name = name
        self.ready: list[pulumi.Resource] = [*args.needs]
        self._address = pulumi.Output.from_input(args.address)
        self._server = args.server
        self._ssh = args.ssh
        self._scripts = _scripts_digest()
        self._key = args.ssh.keys[0].expanduser().read_text(encoding="utf-8") if args.ssh.keys else ""
        host_key = args.ssh.host_keys.get(self.name) or self._learn_host_key(args)
        self._host_key = pulumi.Output.from_input(host_key)
        self._connection = self._connect(DIAL_ERROR_LIMIT)
        self._following = self._connect(FOLLOWING_DIAL_ERROR_LIMIT)
        self.ready.append(self._put_scripts())
        self.register_outputs({})

    def run(
        self,
        name: str,
        create: Step | pulumi.Output[Step],
        *,
        parent: pulumi.Resource,
        delete: Step | None = None,
        stdin: pulumi.Input[str] | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
        hooks: pulumi.ResourceHookBinding | None = None,
        is_following: bool = False,
    ) -> remote.Command:
        """Run a step on the server whenever it or its standard input has changed.

        Args:
            name: a stable name for the resource.
            create: the script that does the work; it may run again, and finds what it did before.
            parent: the component that the step belongs to.
            delete: the script that takes the work away, at `pulumi destroy`.
            stdin: what the script reads; the only way for a secret.
            depends_on: what must be there first, beside the connection and the scripts.
            hooks: what is run around it, in this program.
            is_following: whether the server was reached just before; if it is not now, it is soon given up.

        Returns:
            The command, whose `stdout` holds what the script said.
        """
        return remote.Command(
            name,
            connection=self._following if is_following else self._connection,
            # What is known at once needs no output, each of which costs the program with many servers.
            create=self._line(create) if isinstance(create, Step) else create.apply(self._line),
            delete=self._line(delete) if delete else None,
            stdin=stdin,
            # Needs AcceptEnv on the server, which is not there by default: every update would warn.
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions.merge(
                self._options(parent=parent, depends_on=depends_on), pulumi.ResourceOptions(hooks=hooks)
            ),
        )

    async def run_now(self, step: Step) -> tuple[int, str]:
        """Run a step at once, over this machine's own SSH: for what is done while an `up` is failing.

        Args:
            step: which.

        Returns:
            Its exit status, 255 if the server was not reached; and what it said.
        """
        known = await pulumi.Output.all(self._address, self._keys()).future()
        address, keys = known or ["", ""]
        words = [word for name, value in step.arguments.items() for word in (f"--{name}", str(value))]
        with way_to(address, self._ssh.port, self._ssh.user, keys) as way:
            done = await asyncio.create_subprocess_exec(
                *way.as_root(f"{scripts_folder(self._scripts)}/{step.script}", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await done.communicate()
        return done.returncode or 0, said.decode(errors="replace").strip()

    def send_image(
        self,
        name: str,
        image: pulumi.Output[tuple[str, str]],
        *,
        parent: pulumi.Resource,
        depends_on: Sequence[pulumi.Resource],
    ) -> local.Command:
        """Send an image of this machine's engine, as a stream of its own: it is too big for a step's input.

        Args:
            name: a stable name for the resource.
            image: its id, and the name and tag that it gets on the server.
            parent: the component that it belongs to.
            depends_on: what must be there first, beside the connection and the scripts.

        Returns:
            The command that sends it.
        """
        return local.Command(
            name,
            create=self._here(SEND_IMAGE, image.apply(lambda both: ["--image", both[0], "--name", both[1]])),
            stdin=self._keys(),
            add_previous_output_in_env=False,
            opts=self._options(parent=parent, depends_on=depends_on),
        )

    def _options(
        self,
        *,
        parent: pulumi.Resource,
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> pulumi.ResourceOptions:
        """Return the options of a step; with its server it is gone, and on a new server it is done anew."""
        return pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*self.ready, *depends_on],
            deleted_with=self._server,
            replace_with=[self._server] if self._server else None,
        )

    def _here(self, program: Sequence[str], words: pulumi.Input[Sequence[str]] = ()) -> pulumi.Output[str]:
        """Write the line that runs a program on this machine, which goes to the server by itself."""
        port, user, scripts = str(self._ssh.port), self._ssh.user, scripts_folder(self._scripts)
        return pulumi.Output.all(self._address, words).apply(
            lambda known: shlex.join(
                [
                    *program,
                    "--host",
                    known[0],
                    "--port",
                    port,
                    "--user",
                    user,
                    "--scripts",
                    scripts,
                    *known[1],
                ]
            )
        )

    def _keys(self) -> pulumi.Output[str]:
        """Write what such a program reads: keys, for their files have other names on other machines."""
        return pulumi.Output.secret(self._host_key.apply(lambda key: f"{key.strip()}\n{self._key}"))

    def _line(self, step: Step) -> str:
        return command_line(self._ssh.user, self._scripts, step.script, step.arguments, step.rest)

    def _connect(self, dial_error_limit: int) -> pulumi.Output[remote.ConnectionArgs]:
        """Put the connection together once for all steps: Pulumi looks at each part of it anew for each."""
        port, user, key = self._ssh.port, self._ssh.user, self._key
        return pulumi.Output.secret(
            pulumi.Output.all(self._address, self._host_key).apply(
                lambda known: remote.ConnectionArgs(
                    host=known[0],
                    port=port,
                    user=user,
                    private_key=key or None,
                    host_key=known[1],
                    dial_error_limit=dial_error_limit,
                )
            )
        )

    def _learn_host_key(self, args: HostArgs) -> pulumi.Output[str]:
        """Take the host key that the server shows at the first `up`; the state keeps it from then on.

        A server of ours that has another address after a restart must show the same key there.
        """
        limit = [str(BOOT_SECONDS)] if args.server else []
        line = self._address.apply(
            lambda address: shlex.join([*LEARN_HOST_KEY, address, str(args.ssh.port), *limit])
        )
        learnt = local.Command(
            f"{self.name}-host-key",
            create=line,
            update=line.apply(lambda line: f"{line} --same") if args.server else None,
            add_previous_output_in_env=args.server is not None,
            opts=self._options(parent=self),
        )
        return learnt.stdout

    def _put_scripts(self) -> local.Command:
        fresh = ["--fresh"] if self._server else []
        return local.Command(
            f"{self.name}-scripts",
            create=self._here(SEND_SCRIPTS, fresh),
            delete=self._here(SEND_SCRIPTS, ["--remove"]),
            stdin=self._keys(),
            add_previous_output_in_env=False,
            opts=self._options(parent=self),
        )


@functools.cache
def _scripts_digest() -> str:
    """Pack the scripts once for all servers."""
    return bundle().digest
