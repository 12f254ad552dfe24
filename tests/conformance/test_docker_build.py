"""What an image is built from, where it goes, and what the resource tells about it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conformance.docker_app import App

RUNNING = "FROM scratch\nCOPY root /\nRUN : {0.repository}; {run}\n"
"""A Dockerfile that runs something, each time anew: the name of the repository keeps it out of the cache."""

BUILDERS = ("BuilderBuildKit", "BuilderV1")


def test_an_image_is_built_pushed_and_named_by_its_digest(app: App) -> None:
    """The outputs tell what was built and pushed, with the digest that the registry has."""
    outputs = app.up().outputs("app")
    del outputs["__inputs"]
    digest = app.registry.digest(app.repository, "v1")
    assert outputs == {
        "baseImageName": app.image,
        "context": "app",
        "dockerfile": "Dockerfile",
        "imageName": app.image,
        "platform": "linux/amd64",
        "registryServer": app.registry.server,
        "repoDigest": f"{app.image.removesuffix(':v1')}@{digest}",
    }


def test_the_name_is_the_id(app: App) -> None:
    """The resource's id is the image's name."""
    app.up()
    assert app.stack.export()["app"]["id"] == app.image


def test_an_image_without_tag_is_latest(app: App) -> None:
    """An image whose name has no tag is pushed as `latest`."""
    outcome = app.up(image_name=app.image.removesuffix(":v1"))
    assert app.registry.tags(app.repository) == ["latest"]
    digest = app.registry.digest(app.repository, "latest")
    assert outcome.outputs("app")["repoDigest"].endswith(f"{app.repository}@{digest}")


def test_an_image_that_is_not_pushed_is_named_by_its_id(app: App) -> None:
    """With `skip_push` the image stays on the engine, and its id stands for the digest."""
    outputs = app.up(skip_push=True, registry=None).outputs("app")
    assert outputs["repoDigest"] == app.inspect()["Id"]
    assert outputs["registryServer"] == ""
    assert app.registry.tags(app.repository) == []


def test_build_arguments_reach_the_dockerfile(app: App) -> None:
    """A build argument has the value that the program gives."""
    app.up(build={"args": {"GREETING": "hello there"}}, skip_push=True)
    assert app.inspect()["Config"]["Labels"]["greeting"] == "hello there"


def test_a_stage_can_be_chosen(app: App) -> None:
    """`target` builds that stage and not the last one."""
    app.write("Dockerfile", "FROM scratch AS first\nLABEL stage=1\nCOPY . /app\nFROM first\nLABEL stage=2\n")
    app.up(build={"target": "first"}, skip_push=True)
    assert app.inspect()["Config"]["Labels"] == {"stage": "1"}


def test_the_platform_is_the_one_asked_for(app: App) -> None:
    """An image is built for the platform that the program names."""
    outcome = app.up(build={"platform": "linux/arm64"}, skip_push=True)
    assert app.inspect()["Architecture"] == "arm64"
    assert outcome.outputs("app")["platform"] == "linux/arm64"
    assert outcome.infos("app") == []


def test_without_a_platform_it_is_the_one_of_this_machine(app: App) -> None:
    """Without `platform` the image is built for Linux on this processor, which the user is told."""
    outcome = app.up(build={"platform": None}, skip_push=True)
    platform = f"linux/{app.inspect()['Architecture']}"
    assert outcome.outputs("app")["platform"] == platform
    assert outcome.infos("app")[0].startswith(f"Building your image for {platform} architecture.\n")


def test_a_dockerfile_outside_the_context(app: App) -> None:
    """A Dockerfile beside the context builds it, and takes nothing from it."""
    app.write("../elsewhere/Recipe", "FROM scratch\nLABEL from=elsewhere\nCOPY . /app\n")
    outputs = app.up(build={"dockerfile": "elsewhere/Recipe"}, skip_push=True).outputs("app")
    assert (outputs["context"], outputs["dockerfile"]) == ("app", "../elsewhere/Recipe")
    assert app.inspect()["Config"]["Labels"] == {"from": "elsewhere"}
    assert "page.txt" in app.files()


@pytest.mark.parametrize("builder", BUILDERS)
def test_what_is_ignored_stays_outside(app: App, builder: str) -> None:
    """Files that `.dockerignore` names are not in the image; the Dockerfile may be among them."""
    app.write(".dockerignore", "Dockerfile\n*.log\nsecret\n!secret/public.txt\n")
    for name in ("a.log", "kept.txt", "secret/key", "secret/public.txt"):
        app.write(name, "x")
    app.up(build={"builder_version": builder}, skip_push=True)
    assert {"kept.txt", "page.txt", "secret/public.txt"} <= app.files().keys()
    assert not {"a.log", "secret/key"} & app.files().keys()


def test_files_keep_their_mode(app: App) -> None:
    """The files in the image have the modes and links that they have here."""
    app.write("run.sh", "x", mode=0o750)
    Path(app.folder, "app", "link").symlink_to("run.sh")
    app.up(skip_push=True)
    files = app.files()
    assert files["run.sh"].mode & 0o7777 == 0o750
    assert files["link"].linkname == "run.sh"


@pytest.mark.parametrize(
    ("builder", "line"),
    [
        ("BuilderBuildKit", r"digest: sha256:\w{64}\n\[1/1\] COPY \. /app/"),
        ("BuilderV1", r"Step 5/5 : COPY .*"),
    ],
)
def test_the_build_shows_in_status_lines(app: App, builder: str, line: str) -> None:
    """What the builder says streams beside the resource, and nothing of it stays."""
    outcome = app.up(build={"builder_version": builder})
    lines = outcome.status_lines("app")
    assert re.search(f"^{line}$", "\n".join(lines), re.MULTILINE)
    assert lines[0] == "Starting Docker build"
    assert "Pushing Image to the registry" in lines
    assert lines[-1] == f"Pushed image with digest {app.registry.digest(app.repository, 'v1')}"
    assert outcome.infos("app") == []


@pytest.mark.parametrize(
    ("builder", "error"),
    [
        ("BuilderBuildKit", r'error reading build output: .*"/missing".*not found.*'),
        ("BuilderV1", r"error reading build output: COPY failed: .*stat missing: file does not exist"),
    ],
)
def test_a_failed_build_says_why(app: App, builder: str, error: str) -> None:
    """A step that fails ends the run with the builder's reason; nothing is pushed or kept in the state."""
    app.write("Dockerfile", "FROM scratch\nCOPY missing /\n")
    outcome = app.stack.up(app.program(build={"builder_version": builder}))
    assert re.fullmatch(error, outcome.errors("app")[0])
    assert app.registry.tags(app.repository) == []
    assert "app" not in app.stack.export()


@pytest.mark.parametrize(
    ("builder", "error"),
    [
        (
            "BuilderBuildKit",
            r"error reading build output: .*dockerfile parse error.*unknown instruction: FRM.*",
        ),
        ("BuilderV1", r"error building image: Error response from daemon: .*unknown instruction: FRM.*"),
    ],
)
def test_a_broken_dockerfile_says_where(app: App, builder: str, error: str) -> None:
    """A line that is no instruction is named."""
    app.write("Dockerfile", "FRM scratch\n")
    outcome = app.stack.up(app.program(build={"builder_version": builder}))
    assert re.fullmatch(error, outcome.errors("app")[0], re.DOTALL)


def test_the_run_after_a_failed_update_tries_again(app: App) -> None:
    """A failed update leaves the old state, so that the next run builds the corrected app."""
    before = app.up().outputs("app")["repoDigest"]
    app.write("Dockerfile", "FROM scratch\nCOPY missing /\n")
    assert app.stack.up(app.program()).failed
    assert app.stack.export()["app"]["outputs"]["repoDigest"] == before
    app.write("Dockerfile", "FROM scratch\nCOPY page.txt /\n")
    outcome = app.up()
    assert outcome.steps["app"] == ["update"]
    assert outcome.outputs("app")["repoDigest"] != before


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_base_image_behind_the_password(app: App, builder: str) -> None:
    """The registry's credentials serve for the image that the Dockerfile begins with."""
    base = f"{app.registry.server}/{app.repository}-base:v1"
    app.up(image_name=base)
    app.remove(base)
    app.write("Dockerfile", f"FROM {base}\nLABEL above=base\n")
    app.up(build={"builder_version": builder})
    assert app.inspect()["Config"]["Labels"].items() >= {"above": "base", "greeting": "none"}.items()


def test_a_cache_that_is_not_there_is_only_told(app: App) -> None:
    """An image of `cache_from` that cannot be pulled is told, and the build goes on."""
    cache = f"{app.registry.server}/{app.repository}:never-pushed"
    outcome = app.up(build={"cache_from": {"images": [cache]}})
    assert outcome.infos("app")[0].startswith(
        f"cacheFrom image {cache} not available: error pulling cached image"
    )
    assert app.registry.tags(app.repository) == ["v1"]


def test_a_cache_is_pulled_with_the_credentials(app: App) -> None:
    """An image of `cache_from` is pulled before the build."""
    app.up()
    outcome = app.up(build={"cache_from": {"images": [app.image]}})
    lines = outcome.status_lines("app")
    assert lines[0] == f"Pulling cached image {app.image}"
    assert outcome.infos("app") == []
    assert lines.index("Starting Docker build") > 1


@pytest.fixture
def shell(app: App) -> App:
    """Give the app a shell, this machine's with its libraries, so that a Dockerfile can run something."""
    programs = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    for path in ("/bin/sh", *re.findall(r"(/\S+) \(0x", programs)):
        target = app.folder / "app" / "root" / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(path).read_bytes())
        target.chmod(0o755)
    return app


def test_hosts_can_be_added(shell: App) -> None:
    """`add_hosts` gives names to addresses while building."""
    shell.write("Dockerfile", RUNNING.format(shell, run="while read line; do echo $line; done </etc/hosts"))
    outcome = shell.up(build={"add_hosts": ["printer:10.1.2.3"]}, skip_push=True)
    assert re.search(r"10\.1\.2\.3\s+printer", "\n".join(outcome.status_lines("app")))


@pytest.mark.parametrize(("network", "has_more"), [("none", False), ("host", True)])
def test_the_network_can_be_chosen(shell: App, network: str, *, has_more: bool) -> None:
    """`network` says which network interfaces a build sees: none but its own loopback, or all of the host."""
    shell.write("Dockerfile", RUNNING.format(shell, run="echo seen: /sys/class/net/*"))
    outcome = shell.up(build={"network": network}, skip_push=True)
    seen = re.findall(r"^seen: (.*)", "\n".join(outcome.status_lines("app")), re.MULTILINE)
    assert (set(seen[0].split()) > {"/sys/class/net/lo"}) is has_more
