"""How a release's container is run, in the words of `docker run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings


def run_options(settings: Settings) -> list[str]:
    """Write what the settings say of the container, beside its image, its env and what is ours.

    Args:
        settings: the stack's settings.

    Returns:
        Options for `docker run`, one word each, then `--` and the command if there is one; the same for the
        same settings.
    """
    words = ["--log-driver", settings.logging.driver]
    for key, value in sorted(settings.logging.options.items()):
        words += ["--log-opt", f"{key}={value}"]
    for volume in settings.volumes:
        words += ["--volume", volume]
    for key, value in sorted(settings.labels.items()):
        words += ["--label", f"{key}={value}"]
    for name, values in sorted(settings.options.items()):
        words += [f"--{name}={value}" for value in values] or [f"--{name}"]
    return [*words, "--", *settings.command] if settings.command else words
