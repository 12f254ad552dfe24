"""The images: their names hold their recipes, what is in them, and which way is taken to them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolchain.conftest import Pretend
from tools.toolchain import docker_cli, docker_engine, images, machine_image, progress, registry
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import ROOT


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Return the references of all images, which are made if they are not there yet."""
    docker_engine.ensure()
    images.ensure()
    with progress.step("test") as part:
        return {
            "box": images.box(part)[0],
            "python": images.python_base(part)[0],
            "traefik": images.traefik_here(part)[0],
        }


def inside(reference: str, *command: str) -> str:
    """Run a command in a container of an image and return what it prints."""
    return docker_cli.call(
        "run", "--rm", "--network", "none", "--entrypoint", command[0], reference, *command[1:]
    )


@pytest.mark.slow
def test_a_second_run_finds_them(made: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """All are named; nothing is made."""
    capsys.readouterr()
    images.ensure()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"images: found {made['box']}, {made['python']}, {made['traefik']}"


@pytest.mark.slow
def test_traefik_is_the_pinned_version(made: dict[str, str]) -> None:
    """Docker Hub's or PyPI's, it is the same version, and it knows certificate authorities."""
    assert f"Version:      {images.traefik_version()}\n" in docker_cli.call(
        "run", "--rm", made["traefik"], "version"
    )


@pytest.mark.slow
def test_python_is_there_under_both_names(made: dict[str, str]) -> None:
    """As in Docker Hub's image: `python` and `python3`, 3.11 or newer, and a pip that installs."""
    told = inside(made["python"], "python", "-c", "import sys, ssl; print(sys.version_info >= (3, 11))")
    assert told == "True\n"
    assert inside(made["python"], "python3", "-m", "pip", "--version").startswith("pip ")
    assert "externally" not in inside(made["python"], "sh", "-c", "pip install --no-index none 2>&1 || true")


@pytest.mark.slow
def test_the_box_has_no_keys_and_no_docker(made: dict[str, str]) -> None:
    """Each box gets keys of its own; Docker and curl come with a deploy."""
    files = "/etc/ssh/ssh_host_* /usr/sbin/policy-rc.d"
    script = f"ls {files} 2>/dev/null; command -v docker curl; wc -c < /etc/machine-id"
    assert inside(made["box"], "sh", "-c", script) == "0\n"


@pytest.mark.slow
def test_the_whole_list_as_json(made: dict[str, str]) -> None:
    """For scripts: `python3 -m tools.toolchain.images`, with the image of Traefik as a server can pull it."""
    if registry.running() is None:
        pytest.skip("no registry runs in this cache folder, so no server could pull Traefik's image")
    printed = subprocess.run(
        [sys.executable, "-m", "tools.toolchain.images"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    told = json.loads(printed)
    assert {"box": told["box"], "python": told["python"]} == {"box": made["box"], "python": made["python"]}
    assert "@sha256:" in told["traefik"]


def test_a_name_holds_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed file or another base gives another name; the same gives the same."""
    copy = tmp_path / "images"
    shutil.copytree(images.RECIPES, copy)
    before = images._reference("box", "base:1")
    monkeypatch.setattr(images, "RECIPES", copy)
    assert images._reference("box", "base:1") == before
    assert images._reference("box", "base:2") != before
    with (copy / "box" / "setup").open("a") as setup:
        setup.write("# changed\n")
    assert images._reference("box", "base:1") != before


@pytest.mark.usefixtures("cache_folder")
def test_docker_hub_is_first(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it answers and gives the image, nothing is made here."""
    pretend("docker", 'case "$1" in image) exit 1;; pull) exit 0;; *) echo "$@" >&2; exit 9;; esac')
    monkeypatch.setattr(images, "_hub_answers", lambda: True)
    with progress.step("test") as part:
        assert images.python_base(part) == (images.HUB_PYTHON, "downloaded")
        assert images.traefik_here(part) == (f"traefik:v{images.traefik_version()}", "downloaded")


@pytest.mark.usefixtures("cache_folder")
def test_docker_hub_that_gives_nothing(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers, but refuses (its limit, say): that is told, and the image is made here."""
    pretend("docker", 'case "$1" in image) exit 1;; pull) echo "error: toomanyrequests"; exit 1;; esac')
    monkeypatch.setattr(images, "_hub_answers", lambda: True)
    monkeypatch.setattr(machine_image, "make", lambda _part: "own:base")
    with progress.step("test") as part:
        reference, way = images.python_base(part)
    assert (reference, way) == (images._reference("python", "own:base"), "built")
    assert f"{images.HUB_PYTHON} is not used: " in capsys.readouterr().err


@pytest.mark.usefixtures("cache_folder")
def test_a_build_that_fails(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has Docker's own reason and the command to see more."""
    pretend("docker", 'case "$1" in image) exit 1;; build) echo "error: no such instruction"; exit 1;; esac')
    monkeypatch.setattr(images, "_hub_answers", lambda: False)
    monkeypatch.setattr(machine_image, "make", lambda _part: "own:base")
    with progress.step("test") as part, pytest.raises(ToolchainError) as caught:
        images.python_base(part)
    assert "could not be built" in caught.value.what
    assert "error: no such instruction" in caught.value.what
    assert "docker build --build-arg BASE=own:base" in caught.value.remedy


def test_another_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Docker Hub and without Debian's packages there is no image; the error names both."""
    release = {"ID": "fedora", "PRETTY_NAME": "Fedora Linux 42"}
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    with pytest.raises(ToolchainError, match="on Fedora Linux 42 no image can be made"):
        machine_image.reference()


def test_sources_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the distribution's own archives are taken over, with their components and releases."""
    targets = """Packages Debian http://mirror.example/debian/ trixie main
Packages Debian http://mirror.example/debian/ trixie contrib
Sources Debian http://mirror.example/debian/ trixie main
Packages Debian http://mirror.example/security/ trixie-security main
Packages Debian http://mirror.example/debian/ sid main
Packages Elsewhere https://packages.example/ trixie main
Packages  https://unsigned.example/ trixie
"""
    options = 'Acquire::http::Proxy "http://proxy.example:3128";\nAcquire::Languages "none";\n'
    monkeypatch.setattr(
        machine_image, "_printed", lambda program, *_: targets if program == "apt-get" else options
    )
    monkeypatch.setattr(machine_image, "_name_and_suite", lambda: ("debian", "trixie"))
    here = machine_image.this_distribution()
    assert here.mirror == "http://mirror.example/debian/"
    assert here.sources.splitlines() == [
        "deb http://mirror.example/debian/ trixie contrib main",
        "deb http://mirror.example/security/ trixie-security main",
    ]
    assert here.options == 'Acquire::http::Proxy "http://proxy.example:3128";\n'


def test_a_machine_whose_apt_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution's own archive is taken."""
    monkeypatch.setattr(machine_image, "_printed", lambda *_: "")
    monkeypatch.setattr(machine_image, "_name_and_suite", lambda: ("ubuntu", "noble"))
    here = machine_image.this_distribution()
    assert here.sources == "deb http://archive.ubuntu.com/ubuntu noble main universe\n"


def test_the_base_is_named_by_the_ways_of_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another archive or proxy gives another base image; what apt notes for itself does not."""
    monkeypatch.setattr(machine_image, "_name_and_suite", lambda: ("debian", "trixie"))
    monkeypatch.setattr(machine_image, "APT", tmp_path)
    (tmp_path / "apt.conf.d").mkdir()
    names = {machine_image.reference()}
    (tmp_path / "apt.conf.d" / "01autoremove").write_text('APT::NeverAutoRemove { "linux-image"; };\n')
    names.add(machine_image.reference())
    assert len(names) == 1
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian trixie main\n")
    names.add(machine_image.reference())
    (tmp_path / "apt.conf.d" / "proxy").write_text('Acquire::http::Proxy "http://proxy.example:3128";\n')
    names.add(machine_image.reference())
    assert len(names) == 3
