"""What can go wrong while the toolchain is put together.

- ToolchainError: a person has to do something; printed as two lines, exit code 1.
    - CommandFailed: a program that the toolchain called ended with an error.
"""

from __future__ import annotations

from collections.abc import Sequence

# What to do about a full disk goes before whatever the caller would have said.
FULL_DISK = "no space left on device"


class ToolchainError(Exception):
    """Something that a person has to put right.

    Args:
        what: one line that names what is wrong, and where.
        remedy: one line that says what to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        """Keep both lines."""
        super().__init__(f"{what}\n{remedy}")
        self.what = what
        self.remedy = remedy


class CommandFailed(ToolchainError):
    """A program ended with an error.

    Args:
        command: the program and its arguments.
        exit_code: what it ended with; negative for a signal.
        output: everything it wrote, standard output and error stream as they came.
        remedy: one line that says what to do about it.
        what: what could not be done; by default the command is quoted.
    """

    def __init__(
        self, command: Sequence[str], exit_code: int, output: str, remedy: str, what: str = ""
    ) -> None:
        """Keep the output, and quote the line of it that most likely says why."""
        why = telling_line([line.strip() for line in output.splitlines() if line.strip()])
        subject = what or f"`{' '.join(command)}` failed"
        if FULL_DISK in output.lower():
            remedy = "Free some room on that disk, then run again."
        super().__init__(f"{subject}: {why} (exit code {exit_code})", remedy)
        self.command = tuple(command)
        self.exit_code = exit_code
        self.output = output


def telling_line(lines: Sequence[str]) -> str:
    """Pick the line of a program's output that says why it failed.

    Args:
        lines: the output, stripped, without empty lines.

    Returns:
        The last line that speaks of an error, else the last line, else a remark that there is none.
    """
    marks = (FULL_DISK, "error", "fatal", "failed", "cannot", "denied")
    telling = [line for line in lines if any(mark in line.lower() for mark in marks)]
    return (telling or list(lines) or ["it printed nothing"])[-1]
