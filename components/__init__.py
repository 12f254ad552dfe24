"""The steps of a deploy, one Pulumi component each."""

from components.cutover import Cutover
from components.engine import keep_garbage, spare_the_engine, stay_until_done
from components.hooks import Hooks
from components.on_aws import host_args, with_ecr
from components.registry_login import log_in_here
from components.release_task import run_release_command
from components.rollout import roll_out
from components.server import Server, make_ready, run_accessories
from components.wanted import built, found

__all__ = [
    "Cutover",
    "Hooks",
    "Server",
    "built",
    "found",
    "host_args",
    "keep_garbage",
    "log_in_here",
    "make_ready",
    "roll_out",
    "run_accessories",
    "run_release_command",
    "spare_the_engine",
    "stay_until_done",
    "with_ecr",
]
