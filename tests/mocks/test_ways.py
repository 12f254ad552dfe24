"""The ways to name what is deployed: a Dockerfile, a prebuilt image, a release that is brought back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from render.outputs import ssh_command
from settings import Ssh
from tests.mocks.conftest import HOST, PASSWORD, PRIVATE_KEY, configured
from tests.mocks.graph import DIGEST, HOST_KEY, ROOT, Graph, plain_texts, run_program

CANDIDATE = f"hello-web-{HOST}-candidate"
CUTOVER = f"hello-web-{HOST}-cutover"
IMAGE = "docker:index/image:Image"


def run(folder: Path, **changes: Any) -> Graph:  # noqa: ANN401 - of any shape
    """Run the program with a configuration that differs in some keys."""
    return run_program(configured(folder, **changes))


WITHOUT_SDK = """\
import json, os, sys
sys.modules.update(dict.fromkeys(["pulumi_aws", "boto3", "botocore"]))
import pulumi
from tests.mocks.graph import run_program
try:
    print(len(run_program(json.load(sys.stdin)).resources))
except pulumi.RunError as error:
    print(error)
# The SDK's mocks leave event loops open, and some of them say so when they are taken down.
sys.stdout.flush()
os._exit(0)
"""


def run_without_sdk(config: dict[str, Any]) -> str:
    """Run the program where AWS's SDK cannot be imported; return how many resources, or why not."""
    line = [sys.executable, "-c", WITHOUT_SDK]
    text = json.dumps(config)
    done = subprocess.run(line, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_stack_without_aws_imports_nothing_of_it(tmp_path: Path) -> None:
    """Do without the SDK, as it is big and brings a plugin; say what to install where it is needed."""
    assert int(run_without_sdk(configured(tmp_path))) > 15

    aws = configured(tmp_path, aws={"public_key": str(tmp_path / "id.pub")}, registry="none")
    (tmp_path / "id.pub").write_text("ssh-ed25519 AAAA")
    del aws["servers"]
    remedy = ".venv/bin/pip install --require-hashes -r requirements-aws.txt"
    assert run_without_sdk(aws) == f"This stack uses AWS, whose SDK is not installed. Run: {remedy}\n"
    assert "whose SDK is not installed" in run_without_sdk(configured(tmp_path, registry="ecr"))


def test_a_rollback_builds_nothing_and_logs_in_as_before(tmp_path: Path) -> None:
    """Bring back the image, env and port that the server has kept, through the same gate and switch."""
    graph = run(tmp_path, rollback="previous", proxy={"app_port": 8000})

    assert graph.of_type(IMAGE) == []
    find = graph.named(f"hello-web-{HOST}-rollback")
    assert find.inputs["create"].endswith("find-release --service hello --role web --release previous")
    line = graph.named(CANDIDATE).inputs["create"]
    assert f" --release 9e52547c5edd-0d1e2f --image old@sha256:{DIGEST} --env 0ff1ce --app-port 7000 " in line
    assert "hello-web-9e52547c5edd-0d1e2f:7000" in graph.named(CANDIDATE).plain("stdin")
    assert "hello-web-9e52547c5edd-0d1e2f:7000" in graph.named(CUTOVER).plain("stdin")
    assert f"hello-web-{HOST}-rollback" in graph.before(CANDIDATE)


def test_a_rollback_keeps_the_env_of_the_settings(tmp_path: Path) -> None:
    """Keep the variables of `.env` on the server while an older release serves: they are the way forward."""
    graph = run(tmp_path, rollback="9e52547c5edd-0d1e2f")
    written = graph.named(f"hello-web-{HOST}-env").inputs["create"].rpartition(" ")[2]

    assert f" --env {written} " in graph.named(f"hello-web-{HOST}-retire").inputs["create"]
    assert written != "0ff1ce"


def test_an_image_with_a_tag_is_looked_up_and_not_built(tmp_path: Path) -> None:
    """Deploy what the tag stands for now, by its digest; the account is no plain input."""
    graph = run(tmp_path, image="ada/shop:v1.2")

    assert graph.of_type(IMAGE) == []
    assert (
        f" --image registry.example:5000/ada/shop@sha256:{DIGEST} " in graph.named(CANDIDATE).inputs["create"]
    )
    (provider,) = graph.of_type("pulumi:providers:docker")
    assert PASSWORD not in "".join(plain_texts(provider.inputs))
    assert PASSWORD in str(provider.plain("registryAuth"))


@pytest.mark.parametrize("tag", ["", ":v1"])
def test_an_image_with_a_digest_is_deployed_as_it_is(tmp_path: Path, tag: str) -> None:
    """Ask nobody what a digest stands for."""
    graph = run(tmp_path, image=f"ada/shop{tag}@sha256:{DIGEST}")

    assert graph.of_type(IMAGE) == graph.of_type("pulumi:providers:docker") == []
    assert f"ada/shop{tag}@sha256:{DIGEST}" in graph.named(CANDIDATE).inputs["create"]


def test_no_registry_needs_no_login(tmp_path: Path) -> None:
    """Log in nowhere and push nothing; the image is sent to a server whose key is checked."""
    graph = run(tmp_path, registry="none")

    sent = graph.named(f"hello-{HOST}-transfer")
    assert f" --image sha256:{DIGEST} --name ada/shop:9e52547c5edd" in sent.inputs["create"]
    assert sent.plain("stdin") == f"{HOST_KEY}\n{PRIVATE_KEY}"
    assert sent.name in graph.before(CANDIDATE)
    assert f"{HOST}-docker" in graph.before(sent.name)
    assert " --image ada/shop:9e52547c5edd " in graph.named(CANDIDATE).inputs["create"]

    assert not [one.name for one in graph.resources if "login" in one.name]
    assert graph.of_type(IMAGE)[0].inputs["skipPush"] is True


def test_run_options_reach_docker_run(tmp_path: Path) -> None:
    """Pass volumes, labels and logging on, quoted, behind the script's own arguments."""
    graph = run(
        tmp_path,
        volumes=["data:/data"],
        labels={"note": "two words"},
        logging={"driver": "local", "options": {}},
    )

    line = graph.named(CANDIDATE).inputs["create"]
    assert line.endswith(" -- --log-driver local --volume data:/data --label 'note=two words'")


def test_options_and_a_command_of_kamals_reach_docker_run(tmp_path: Path) -> None:
    """Write a role's options as `docker run` takes them, and its command behind the image."""
    web = {"hosts": [HOST], "cmd": "bin/serve --all 'two words'", "options": {"memory": "1g", "init": True}}
    graph = run(tmp_path, servers={"web": web}, proxy={"app_port": 8000, "response_timeout": 7})

    line = graph.named(CANDIDATE).inputs["create"]
    assert line.endswith(" --init --memory=1g -- bin/serve --all 'two words'")
    assert "responseHeaderTimeout: 7s" in graph.named(CUTOVER).plain("stdin")


def test_only_the_gate_of_a_port_of_its_own_differs_in_public(tmp_path: Path) -> None:
    """Ask the gate's port in private, and the app's in public, where any answer of the app's will do."""
    proxy = {"app_port": 8000, "hosts": ["shop.example"]}
    own = run(tmp_path, proxy=proxy | {"healthcheck": {"port": 9000, "host": "probe.example", "body": "ok"}})

    assert ":9000" in own.named(CANDIDATE).plain("stdin")
    assert ":8000" in own.named(CUTOVER).plain("stdin")
    line = own.named(CUTOVER).inputs["create"]
    assert " --public-host shop.example --public-path /up --public-check answers " in line
    assert " --health-host probe.example " in line
    assert " --health-body ok " in line
    same = run(tmp_path, proxy=proxy).named(CUTOVER).inputs["create"]
    assert " --public-host shop.example --public-path /up --public-check healthy " in same
    assert "--health-body" not in same


def test_the_outputs_are_ready_to_paste(tmp_path: Path) -> None:
    """Name the server's SSH command and its Docker engine as the two programs take them."""
    key = str(tmp_path / "key")
    graph = run(tmp_path, ssh={"user": "ubuntu", "port": 2222, "keys": [key]}, traefik={"http_port": 8080})

    assert graph.outputs["ssh"] == f"ssh -i {key} -p 2222 ubuntu@{HOST}"
    assert graph.outputs["docker_host"] == f"ssh://ubuntu@{HOST}:2222"
    assert graph.outputs["url"] == "http://shop.example:8080"


def test_the_key_of_the_ssh_output_can_be_pasted() -> None:
    """Expand the home folder, which a shell would not do in a quoted word."""
    ssh = Ssh(keys=(Path("~/.ssh/id"),))

    assert ssh_command(ssh, HOST) == f"ssh -i {Path.home()}/.ssh/id root@{HOST}"
