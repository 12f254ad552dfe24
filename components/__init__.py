"""The steps of a deploy, one Pulumi component each."""

from components.app_image import AppImage, AppImageArgs
from components.candidate import Candidate, CandidateArgs
from components.cutover import Cutover, CutoverArgs
from components.docker_engine import DockerEngine, DockerEngineArgs
from components.env_file import EnvFile, EnvFileArgs
from components.host import Host, HostArgs
from components.image_transfer import ImageTransfer, ImageTransferArgs
from components.prepared_server import PreparedServer, PreparedServerArgs
from components.registry_login import RegistryLogin, RegistryLoginArgs
from components.retire import Retire, RetireArgs
from components.rollback import Rollback, RollbackArgs
from components.traefik import Traefik, TraefikArgs

__all__ = [
    "AppImage",
    "AppImageArgs",
    "Candidate",
    "CandidateArgs",
    "Cutover",
    "CutoverArgs",
    "DockerEngine",
    "DockerEngineArgs",
    "EnvFile",
    "EnvFileArgs",
    "Host",
    "HostArgs",
    "ImageTransfer",
    "ImageTransferArgs",
    "PreparedServer",
    "PreparedServerArgs",
    "RegistryLogin",
    "RegistryLoginArgs",
    "Retire",
    "RetireArgs",
    "Rollback",
    "RollbackArgs",
    "Traefik",
    "TraefikArgs",
]
