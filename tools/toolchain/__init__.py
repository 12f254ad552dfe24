"""Everything that has to be on a machine before Backstaff can run, found or made by one command.

Standard library only: it runs under the system's `python3` (3.11 or newer) before any virtual environment
exists.

    python3 -m tools.toolchain ensure [PART ...]
    python3 -m tools.toolchain run -- COMMAND [ARGUMENT ...]
    python3 -m tools.toolchain clean-all
"""
