"""The app's hooks: programs of Kamal's `.kamal/hooks`, run on the caller's machine around the steps."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_command import local

from render.env_file import env_lines
from render.hooks import OF_THE_SERVERS, build_digest, change_digest, hook_line, hook_variables
from settings import Settings

ON_FAILURE = "on-failure"
OF_THE_BUILD = "pre-build"


@dataclass(frozen=True)
class HookArgs:
    """What a `Hook` is made of.

    Attributes:
        line: the command that runs it.
        variables: what it finds in its environment, a line each; a secret.
        needs: what must be done first.
    """

    line: pulumi.Input[str]
    variables: str
    needs: Sequence[pulumi.Resource]


class Hook(pulumi.ComponentResource):
    """A program of the app's that has succeeded.

    Creates: nothing that stays.
    Changes when: what is deployed changes; one that has succeeded for a change is not run for it again.
    On failure: what waits for the hook is not done.
    """

    def __init__(self, name: str, args: HookArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Run it on this machine.

        Args:
            name: a stable name, of service and hook.
            args: what to run when.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Hook", name, None, opts)
        self.done = local.Command(
            f"{name}-hook",
            create=args.line,
            stdin=pulumi.Output.secret(args.variables),
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.needs),
        )
        self.register_outputs({})


class Hooks:
    """The hooks that an app has."""

    def __init__(self, settings: Settings, stack: str) -> None:
        """Look which there are; have the one for a failure run when anything fails.

        Args:
            settings: the stack's settings, which name the hooks that are there.
            stack: the stack's name.
        """
        self._settings, self._stack = settings, stack
        self._project = Path.cwd()
        # Over the whole build context, so only where it is needed.
        self._change = change_digest(settings) if settings.hooks else ""
        if ON_FAILURE in settings.hooks:
            self._watch()

    def run(
        self,
        hook: str,
        needs: Sequence[pulumi.Resource] = (),
        release: pulumi.Output[str] | None = None,
        hosts: Sequence[str] = (),
    ) -> list[pulumi.Resource]:
        """Run a hook, if the app has it.

        Args:
            hook: its name.
            needs: what must be done first.
            release: the id of what is deployed, where that is known.
            hosts: the servers that it is run for, if not for all.

        Returns:
            What those wait for that come after it; nothing if there is no such hook.
        """
        if hook not in self._settings.hooks:
            return []
        settings, change = self._settings, self._of(hook)
        line = (
            release.apply(lambda one: hook_line(settings, hook, self._project, change, one))
            if release
            else hook_line(settings, hook, self._project, change)
        )
        args = HookArgs(line, hook_variables(settings, hook, self._stack, hosts), needs)
        part = f"-{hosts[0]}" if hosts and len(settings.waves) > 1 else ""
        return [Hook(f"{settings.service}-{hook}{part}", args).done]

    def _of(self, hook: str) -> str:
        """Tell for what a hook is run once."""
        if hook == OF_THE_SERVERS:
            return ",".join(self._settings.hosts)
        return build_digest(self._settings) if hook == OF_THE_BUILD else self._change

    def _watch(self) -> None:
        """Have the first failure of an `up` run the hook, in whatever resource."""
        if pulumi.runtime.is_dry_run():
            pulumi.info(f"If a step fails, the hook {ON_FAILURE} is run.")
            return
        failed: list[str] = []

        async def told(args: pulumi.ErrorHookArgs) -> bool:
            failed.append(args.name)
            if len(failed) == 1:
                await asyncio.to_thread(self._run_on_failure, args)
            return False

        binding = pulumi.ResourceHookBinding(
            on_error=[pulumi.ErrorHook(f"{self._settings.service}-{ON_FAILURE}", told)]
        )

        def bound(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=binding))
            return pulumi.ResourceTransformationResult(args.props, options)

        pulumi.runtime.register_stack_transformation(bound)

    def _run_on_failure(self, args: pulumi.ErrorHookArgs) -> None:
        what = {"BACKSTAFF_FAILED": args.name, "BACKSTAFF_ERROR": "\n".join(args.errors[:1])}
        done = subprocess.run(
            shlex.split(hook_line(self._settings, ON_FAILURE, self._project, self._change)),
            input=hook_variables(self._settings, ON_FAILURE, self._stack) + env_lines(what),
            cwd=self._project,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        (pulumi.warn if done.returncode else pulumi.info)(done.stdout.rstrip())
