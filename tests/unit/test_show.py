"""What `make config` shows: every value with its source, and no secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from settings.show import shown
from settings.tree import key_path
from tests.unit.cases import FOLDER, Case

ROOT = Path(__file__).parent.parent.parent
CASES = [Case.read(path) for path in sorted(FOLDER.glob("*.case"))]
ACCEPTED = [case for path in sorted(FOLDER.glob("*.case")) if "settings" in (case := Case.read(path)).parts]


def lines(case: Case, folder: Path) -> dict[str, str]:
    """Show a case's settings; give each line's value and source by its key."""
    case.write_app(folder)
    split = [line.partition(": ") for line in shown(case.load(folder))]
    return {key: " ".join(rest.split()) for key, _, rest in split}


def named(name: str) -> Case:
    """Read one case."""
    return Case.read(FOLDER / f"{name}.case")


def test_each_value_has_its_source(tmp_path: Path) -> None:
    """Name the file and line of what was written, the file of a secret, and what is a default."""
    found = lines(named("k2-all-that-is-honoured"), tmp_path)

    expected = {
        "service": "shop # config/deploy.yml:3:1",
        "registry.password": "(secret) # .kamal/secrets, named in config/deploy.yml:33:3",
        "builder.args.EMPTY": '"" # config/deploy.yml:68:5',
        "proxy.hosts[1]": "www.shop.example.com # config/deploy.yml:72:7",
        "proxy.healthcheck.successes": "1 # default",
        "proxy.healthcheck.status[0]": "200-299 # default",
        "servers.app.command[3]": "a b # config/deploy.yml:9:5",
        "servers.app.options.init": "none # config/deploy.yml:14:7",
        "servers.app.env.PORT": "8000 # config/deploy.yml:43:5",
        "servers.app.env.BIG_KEY": "(secret) # .kamal/secrets-common, named in config/deploy.yml:54:11",
    }
    assert {key: found[key] for key in expected} == expected


def test_the_stronger_source_is_named(tmp_path: Path) -> None:
    """Name the stack where its value won, and the destination's file."""
    found = lines(named("k2-stack-wins"), tmp_path / "stack")
    assert found["registry.server"] == "registry.example.com # Pulumi.dev.yaml"
    assert found["service"] == "hello # config/deploy.yml:1:1"

    found = lines(named("k1-destination"), tmp_path / "destination")
    assert found["servers.web.hosts[0]"] == "203.0.113.20 # config/deploy.staging.yml:2:5"
    assert found["servers.web.env.WORKERS"] == "1 # config/deploy.staging.yml:4:11"
    assert found["servers.web.env.RAILS_ENV"] == "production # config/deploy.yml:7:11"


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_no_secret_is_shown(case: Case, tmp_path: Path) -> None:
    """Show none of the values that are not clear, however they were given."""
    found = lines(case, tmp_path)
    settings = case.load(tmp_path).settings

    assert settings is not None
    accessories = settings.accessories
    registries = [settings.registry, *(one.registry for one in accessories.values())]
    passwords = [one.password.get_secret_value() for one in registries if one]
    envs: dict[tuple[str, ...], dict[str, SecretStr]] = {
        ("accessories", name, "env"): one.env for name, one in accessories.items()
    }
    for name, role in settings.servers.items():
        path, first = ("servers", name, "env"), role.env[role.hosts[0]]
        is_same = all(env == first for env in role.env.values())
        envs |= {path: first} if is_same else {(*path, host): env for host, env in role.env.items()}
    secret = [
        value.get_secret_value()
        for path, env in envs.items()
        for name, value in env.items()
        if found[key_path((*path, name))].startswith("(secret)")
    ]
    text = "\n".join(line.partition(" # ")[0] for line in found.values())
    assert not [value for value in (*passwords, *secret) if f" {value} " in f" {text} "]


def show(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make config` does."""
    return subprocess.run(
        [sys.executable, "-m", "settings", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_encrypted_secret_stays_encrypted(tmp_path: Path) -> None:
    """Show a stack without Pulumi's passphrase."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").touch()
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n"
        "  backstaff:app: app\n  backstaff:service: hello\n  backstaff:servers: [203.0.113.10]\n"
        "  backstaff:registry:\n    username: ada\n    password: {secure: v1:abc}\n"
        "  aws:region: us-east-1\n",
        encoding="utf-8",
    )
    found = show(tmp_path, "dev")

    assert (found.returncode, found.stderr) == (0, "")
    assert "registry.password: (secret)" in found.stdout
    assert "# Pulumi.dev.yaml:7:5\n" in found.stdout
    assert "v1:abc" not in found.stdout


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Tell all problems and show nothing; ask for a stack where none is named."""
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  backstaff:service: Hello\n", encoding="utf-8")
    found = show(tmp_path, "dev")
    assert (found.returncode, found.stdout) == (1, "")
    assert "error: Pulumi.dev.yaml:2:3: backstaff:service: must be" in found.stderr
    assert "error: Pulumi.dev.yaml: backstaff:servers: is missing" in found.stderr

    assert show(tmp_path, "prod").stderr == "Pulumi.prod.yaml: cannot be read: No such file or directory\n"
    assert show(tmp_path).stderr == "usage: python -m settings STACK\n"
