"""What hooks are told, and what has them run again."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from render.context.digest import context_digest
from render.env_file import env_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings

DIGITS = 12
# Run once for a set of servers, whatever is deployed.
OF_THE_SERVERS = "docker-setup"
TOLD_SECRETS = {"pre-connect", "pre-deploy", "post-deploy", "on-failure"}
# Where a server is and how it is reached decides nothing of what is deployed; the rest is no part of it.
NOT_DEPLOYED = {"app", "ssh", "hooks_path", "secrets_path", "allow_commands", "secrets"}


def change_digest(settings: Settings) -> str:
    """Tell one deploy from another by all that is known before anything is done.

    Args:
        settings: the stack's settings.

    Returns:
        12 hex digits over the settings, the accessories' files and the build's context.
    """
    values = settings.model_dump(exclude=NOT_DEPLOYED)
    files = [
        hashlib.sha256((settings.app / file.local).read_bytes()).hexdigest()
        for accessory in settings.accessories.values()
        for file in accessory.files
        if settings.app
    ]
    return _digest([values, files, build_digest(settings)])


def build_digest(settings: Settings) -> str:
    """Tell one build from another.

    Args:
        settings: the stack's settings.

    Returns:
        12 hex digits over the context, the Dockerfile and how the image is built.
    """
    if settings.is_prebuilt or settings.rollback:
        return ""
    context = context_digest(str(settings.context), str(settings.dockerfile))
    return _digest([context, settings.repository, settings.builder.model_dump()])


def hook_line(settings: Settings, hook: str, project: Path, change: str, release: str = "") -> str:
    """Write the line that runs a hook on this machine, from the project's folder.

    Args:
        settings: the stack's settings.
        hook: its name.
        project: the project's folder; the line is the same on every machine that has both side by side.
        change: what it is run for; another one has it run again.
        release: the release's id, if there is one yet.

    Returns:
        Such as `bash local/run-hook.sh pre-deploy --app ../my-app --hooks .kamal/hooks --change 1f2e3d`.
    """
    words = [
        "bash",
        "local/run-hook.sh",
        hook,
        "--app",
        os.path.relpath(settings.app or project, project),
    ]
    words += ["--hooks", str(settings.hooks_path), "--change", change]
    return shlex.join(words + (["--release", release] if release else []))


def hook_variables(settings: Settings, hook: str, stack: str, hosts: Sequence[str] = ()) -> str:
    """Write what a hook finds in its environment, but for what is known only when it runs.

    Args:
        settings: the stack's settings.
        hook: its name.
        stack: the stack's name, which stands for Kamal's destination.
        hosts: the servers that it is run for; all if empty.

    Returns:
        A line `NAME BASE64` each, with secrets among them for those hooks that Kamal gives them to.
    """
    secrets = settings.hook_secrets if hook in TOLD_SECRETS else {}
    command = "setup" if hook == OF_THE_SERVERS else "rollback" if settings.rollback else "deploy"
    return env_lines(
        {name: value.get_secret_value() for name, value in secrets.items()}
        | {
            "KAMAL_COMMAND": command,
            "KAMAL_DESTINATION": stack,
            "KAMAL_HOSTS": ",".join(hosts or settings.hosts),
            "KAMAL_ROLES": ",".join(settings.servers),
            "KAMAL_SERVICE": settings.service,
        }
    )


def _digest(values: object) -> str:
    text = json.dumps(values, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]


def _plain(value: object) -> str:
    secret = getattr(value, "get_secret_value", None)
    return str(secret() if secret else value)
