"""Hooks: what has them run again, and what they find when a real shell runs them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from render.env_file import env_lines
from render.hooks import build_digest, change_digest, hook_line, hook_variables
from settings import Settings
from tests.unit.project import Project

ROOT = Path(__file__).parent.parent.parent
GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
ECHO = '#!/bin/sh\necho "hook says $(pwd)"; env | grep -E "^(KAMAL|BACKSTAFF|LINES|SECRET)" | sort\n'


def with_hook(project: Project, name: str, text: str = ECHO, **config: Any) -> Settings:  # noqa: ANN401 - of any shape
    """Give the app a hook, and load its settings."""
    hook = project.app / ".kamal" / "hooks" / name
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text(text, encoding="utf-8")
    hook.chmod(0o755)
    return project.load(**config)


def run(
    project: Project, settings: Settings, hook: str, release: str = "", more: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a hook as the engine's plugin does, in a project's folder."""
    (project.folder / "local").symlink_to(ROOT / "local")
    return subprocess.run(
        ["sh", "-c", hook_line(settings, hook, project.folder, "c4a9e0", release)],
        input=hook_variables(settings, hook, "staging") + more,
        cwd=project.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(project.folder)} | GIT,
        text=True,
        capture_output=True,
        check=False,
        timeout=20,
    )


def test_a_hook_finds_kamals_variables_and_secrets(project: Project) -> None:
    """Run it in the app's folder, with what Kamal tells it, and every secret byte by byte."""
    settings = with_hook(project, "pre-deploy", secrets={"SECRET_A": "a b\n'c'\n"})
    done = run(project, settings, "pre-deploy", "9e52547c5edd-a1b2c3", env_lines({"LINES": "x\ny"}))

    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^(\w+)=(.*)", done.stdout, re.MULTILINE))
    assert done.stdout.startswith(f"hook pre-deploy: ./.kamal/hooks/pre-deploy\nhook says {project.app}\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.pop("KAMAL_RECORDED_AT"))
    assert found.pop("KAMAL_PERFORMER")
    assert found == {
        "BACKSTAFF_RELEASE": "9e52547c5edd-a1b2c3",
        "KAMAL_COMMAND": "deploy",
        "KAMAL_DESTINATION": "staging",
        "KAMAL_HOSTS": "203.0.113.10",
        "KAMAL_ROLES": "web",
        "KAMAL_SERVICE": "hello",
        "KAMAL_SERVICE_VERSION": "hello@9e52547",
        "KAMAL_VERSION": "9e52547c5edd-a1b2c3",
        "LINES": "x",
        "SECRET_A": "a b",
    }


def test_the_version_is_the_commit_as_with_kamal(project: Project) -> None:
    """Tell a hook the commit's hash, by which a script may ask whether its tests have passed."""
    settings = with_hook(project, "post-deploy")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(project.app)]
    environment = os.environ | GIT
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *command], check=True, env=environment)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, env=environment, text=True, capture_output=True
    ).stdout.strip()
    subprocess.run([*git, "config", "user.email", "ada@example.com"], check=True)

    said = run(project, settings, "post-deploy").stdout
    assert f"KAMAL_VERSION={commit}\n" in said
    assert f"KAMAL_SERVICE_VERSION=hello@{commit[:7]}\n" in said
    assert "KAMAL_PERFORMER=ada@example.com\n" in said
    (project.folder / "local").unlink()
    (project.app / "new").touch()
    assert f"KAMAL_VERSION={commit}_uncommitted_c4a9e0\n" in run(project, settings, "post-deploy").stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [("#!/bin/sh\necho no >&2; exit 3\n", "hook pre-build: ended with exit code 3. The deploy stops here")],
)
def test_a_hook_that_fails_ends_the_step(project: Project, text: str, reason: str) -> None:
    """Give the hook's word and the reason; one that was taken away meanwhile is told as such."""
    settings = with_hook(project, "pre-build", text)
    done = run(project, settings, "pre-build")
    assert done.returncode == 1
    assert done.stderr.startswith("no\n")
    assert reason in done.stderr
    (project.folder / "local").unlink()
    (project.app / ".kamal" / "hooks" / "pre-build").unlink()
    assert "is not there, or not executable" in run(project, settings, "pre-build").stderr


def test_a_rollback_is_told_and_sets_no_server_up(project: Project) -> None:
    """Say to a hook that an older release is brought back; nothing is other for the one of the servers."""
    settings = with_hook(project, "pre-deploy", secrets={"SECRET_A": "zebra"})
    back = project.load(secrets={"SECRET_A": "another"}, rollback="previous")
    for hook in ("docker-setup", "pre-build", "pre-app-boot"):
        assert "SECRET_A" not in hook_variables(settings, hook, "dev")
    assert hook_variables(settings, "docker-setup", "dev") == hook_variables(back, "docker-setup", "dev")
    command = env_lines({"KAMAL_COMMAND": "rollback"})
    assert command in hook_variables(back, "pre-deploy", "dev")
    assert command not in hook_variables(settings, "pre-deploy", "dev")


def test_a_line_holds_no_place_of_this_machine(project: Project) -> None:
    """Run nothing again because another machine has the project in another folder."""
    settings = with_hook(project, "pre-deploy")
    assert hook_line(settings, "pre-deploy", project.folder, "c4", "r1") == (
        "bash local/run-hook.sh pre-deploy --app app --hooks .kamal/hooks --change c4 --release r1"
    )


def test_what_is_deployed_decides(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tell deploys apart by settings, variables and files, and not by who deploys from where."""
    (project.app / ".dockerignore").write_text("log\n.kamal\n")
    first = project.load()
    digest, build = change_digest(first), build_digest(first)
    (project.app / "log").write_text("ignored")
    with_hook(project, "pre-deploy")
    assert (change_digest(project.load()), build_digest(project.load())) == (digest, build)
    assert change_digest(project.load(ssh={"user": "ada"})) == digest

    assert change_digest(project.load(deploy_timeout=31)) != digest
    assert build_digest(project.load(deploy_timeout=31)) == build
    (project.app / ".env").write_text("A=b\n")
    assert change_digest(project.load()) != digest
    (project.app / ".env").unlink()
    (project.app / "app.py").write_text("1")
    assert change_digest(project.load()) != digest
    assert build_digest(project.load()) != build
    assert build_digest(project.load(image="ada/shop:v1")) == ""


def test_an_accessory_s_file_decides_too(project: Project) -> None:
    """Count a file that is no part of the image, but is deployed."""
    (project.app / ".dockerignore").write_text("db\n")
    (project.app / "db").write_text("1")
    accessories = {"db": {"image": "postgres:17", "files": ["db:/db"]}}
    digest = change_digest(project.load(accessories=accessories))
    (project.app / "db").write_text("2")
    assert change_digest(project.load(accessories=accessories)) != digest
