"""Apps that come with files for Kamal, deployed with no settings but those of the machine they go to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.unit.cases import FOLDER as CORPUS
from tests.unit.cases import Case
from tools.demo.parts import PASSWORD_VARIABLE

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

pytestmark = pytest.mark.slow


def write(deployment: Deployment, files: dict[str, Any]) -> None:
    """Write files of the app; what is no text is written as YAML."""
    for name, content in files.items():
        path = deployment.app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")


def variables(deployment: Deployment, service: str) -> set[str]:
    """Give what the live container finds in its environment."""
    release = deployment.stack.outputs()["release"].value
    return set(json.loads(deployment.root(f"docker inspect {service}-web-{release}"))[0]["Config"]["Env"])


def test_what_rails_generates(deployment: Deployment) -> None:
    """The file of `rails new`, its four values filled in, its key in a file of its own, and nothing else."""
    registry = deployment.config["registry"]
    password = deployment.workspace.environment[PASSWORD_VARIABLE]
    deployment.workspace.environment["KAMAL_REGISTRY_PASSWORD"] = password
    stacks_own = {
        key: value
        for key, value in deployment.config.items()
        if key not in {"service", "image", "servers", "proxy", "registry", "deploy_timeout"}
    }
    deployment.workspace.configure(stacks_own)
    template = Case.read(CORPUS / "k2-rails-template.case").parts
    filled_in = {
        "203.0.113.10": deployment.server.host,
        "image: ada/shop_front": "image: shop_front",
        "# server: registry.digitalocean.com / ghcr.io / ...": f"server: {registry['server']}",
        "username: ada": f"username: {registry['username']}",
    }
    file = template["config/deploy.yml"]
    for placeholder, value in filled_in.items():
        assert placeholder in file
        file = file.replace(placeholder, value)
    dockerfile = (deployment.app / "Dockerfile").read_text(encoding="utf-8")
    write(
        deployment,
        {
            "config/deploy.yml": file,
            ".kamal/secrets": template[".kamal/secrets"],
            "config/master.key": template["config/master.key"],
            # As in the image that Rails builds.
            "Dockerfile": f"{dockerfile}ENV PORT=80\nCOPY VERSION /rails/public/assets/app.js\n",
        },
    )
    deployment.up()

    assert "version 1.0 " in deployment.get()
    found = variables(deployment, "shop_front")
    assert {"RAILS_MASTER_KEY=4dbf1d4a", "SOLID_QUEUE_IN_PUMA=true"} <= found
    assert not [line for line in found if line.startswith(("KAMAL_REGISTRY", "GREETING"))]
    release = deployment.stack.outputs()["release"].value
    mounts = deployment.root(f"docker inspect --format '{{{{json .Mounts}}}}' shop_front-web-{release}")
    assert sorted((one.get("Name", ""), one["Destination"]) for one in json.loads(mounts)) == [
        ("", "/rails/public/assets"),
        ("shop_front_storage", "/rails/storage"),
    ]
    for name in ("config/deploy.yml", ".kamal/secrets"):
        (deployment.app / name).unlink()
    write(deployment, {"Dockerfile": dockerfile})


def test_kamal_2_and_then_kamal_1(deployment: Deployment) -> None:
    """A `deploy.yml` with secrets, then an older one with `.env`, say all of the app."""
    registry, args = deployment.config["registry"], deployment.config["builder"]["args"]
    servers = deployment.config["servers"]
    # Another service is refused what the one before is routed to.
    deployment.stack.destroy()
    password = deployment.workspace.environment[PASSWORD_VARIABLE]
    for key in ("service", "image", "proxy", "deploy_timeout", "registry", "builder", "servers"):
        deployment.config.pop(key)
    deployment.configure()
    account = {"server": registry["server"], "username": registry["username"]}
    (deployment.app / ".env").unlink()
    write(
        deployment,
        {
            "config/deploy.yml": {
                "service": "shop",
                "image": "shop",
                "servers": {
                    "web": {"hosts": servers, "cmd": "python3 -u app.py", "options": {"memory": "200m"}}
                },
                "proxy": {"app_port": 8000, "healthcheck": {"path": "/up", "interval": 1}},
                "registry": account | {"password": ["KAMAL_REGISTRY_PASSWORD"]},
                "builder": {"arch": "amd64", "args": args},
                "env": {"clear": {"GREETING": "Ahoy", "N": 10_000_000}, "secret": ["TOKEN"]},
            },
            ".kamal/secrets": f"KAMAL_REGISTRY_PASSWORD=${PASSWORD_VARIABLE}\nTOKEN=zebra-9\nUNUSED=1\n",
        },
    )
    deployment.up()
    assert "<h1>Ahoy</h1>" in deployment.get()
    assert {"GREETING=Ahoy", "N=10000000", "TOKEN=zebra-9"} <= variables(deployment, "shop")
    release = deployment.stack.outputs()["release"].value
    names = [line for line in variables(deployment, "shop") if line.startswith(("UNUSED", "KAMAL"))]
    assert sorted(names) == [f"KAMAL_CONTAINER_NAME=shop-web-{release}", f"KAMAL_VERSION={release}"]
    shown = deployment.root(f"docker inspect --format '{{{{.HostConfig.Memory}}}}' shop-web-{release}")
    assert shown == f"{200 * 1024 * 1024}\n"

    (deployment.app / ".kamal" / "secrets").unlink()
    write(
        deployment,
        {
            "config/deploy.yml": {
                "service": "shop",
                "image": "shop",
                "servers": servers,
                "registry": account | {"password": ["KAMAL_REGISTRY_PASSWORD"]},
                "builder": {"args": args, "multiarch": False},
                "env": {"clear": {"GREETING": "Hi"}, "secret": ["TOKEN"]},
                "healthcheck": {"port": 8000, "interval": "1s"},
            },
            ".env": f"KAMAL_REGISTRY_PASSWORD='{password}'\nTOKEN=gnu-8\n",
        },
    )
    deployment.up()
    assert "<h1>Hi</h1>" in deployment.get()
    assert {"GREETING=Hi", "TOKEN=gnu-8"} <= variables(deployment, "shop")
