"""How a release's container is run, in the words of `docker run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settings import Settings
    from settings.roles import Logging, Role


def run_options(settings: Settings, role: Role) -> list[str]:
    """Write what the settings say of a role's containers, beside image, env, restart policy and what is ours.

    Args:
        settings: the stack's settings.
        role: one of theirs.

    Returns:
        Options for `docker run`, one word each, then `--` and the command if there is one; the same for the
        same settings.
    """
    words = [*log_words(role.logging), *_of_the_app(settings, role)]
    return [*words, "--", *role.command] if role.command else words


def task_options(settings: Settings, role: Role) -> list[str]:
    """Write the same for a container that runs a release's command once.

    Args:
        settings: the stack's settings.
        role: the one that it is run for.

    Returns:
        Options for `docker run`, one word each, then `--` and the command; with Docker's own logging, from
        which what the command says can be read.
    """
    return [*_of_the_app(settings, role), "--", *settings.release_command]


def restart_policy(options: Mapping[str, Sequence[str]]) -> str:
    """Say when Docker starts a container again; it is told so once the container serves.

    Args:
        options: of `docker run`, names to values.

    Returns:
        What they say, or `unless-stopped`.
    """
    return (options.get("restart") or ("unless-stopped",))[-1]


def _of_the_app(settings: Settings, role: Role) -> list[str]:
    words: list[str] = []
    for volume in settings.volumes:
        words += ["--volume", volume]
    for key, value in sorted(role.labels.items()):
        words += ["--label", f"{key}={value}"]
    return words + option_words(role.options)


def log_words(logging: Logging) -> list[str]:
    """Write where Docker puts what a container prints.

    Args:
        logging: driver and options.

    Returns:
        Options for `docker run`, one word each.
    """
    words = ["--log-driver", logging.driver]
    for key, value in sorted(logging.options.items()):
        words += ["--log-opt", f"{key}={value}"]
    return words


def option_words(options: Mapping[str, Sequence[str]]) -> list[str]:
    """Write further options of `docker run`, but for the restart policy.

    Args:
        options: names to values; none is an option without a value.

    Returns:
        One word each, sorted by name.
    """
    words: list[str] = []
    for name, values in sorted(options.items()):
        if name == "restart":
            continue
        words += [f"--{name}={value}" for value in values] or [f"--{name}"]
    return words
