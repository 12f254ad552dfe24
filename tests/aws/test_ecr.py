"""Amazon's registry: its repository, and tokens instead of a password."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws.program import config
from tests.mocks.conftest import configured
from tests.mocks.graph import Graph, run_program
from tools.offline_plugins.aws.account import Account

REPOSITORY = "aws:ecr/repository:Repository"
SERVER, TOKEN = "123456789012.dkr.ecr.us-east-1.amazonaws.com", "token-6c2d"


@pytest.fixture(autouse=True)
def registry(in_account: Account) -> Account:
    """An account whose registry gives tokens."""
    in_account.registry = (SERVER, "AWS", TOKEN)
    return in_account


def run(folder: Path, registry: Any = "ecr", **changes: Any) -> Graph:  # noqa: ANN401 - settings are of any shape
    """Run the program with a server on AWS and a registry there."""
    return run_program(config(folder) | {"registry": registry} | changes)


def test_the_repository_is_made_and_kept_small(tmp_path: Path) -> None:
    """Make it with the app's name, deleted with its images, and let all but the newest of them expire."""
    graph = run(tmp_path, image="ada/hello", retain_containers=7)
    (repository,) = graph.of_type(REPOSITORY)
    (policy,) = graph.of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy")

    assert (repository.plain("name"), repository.plain("forceDelete")) == ("ada/hello", True)
    (rule,) = json.loads(policy.plain("policy"))["rules"]
    assert (rule["selection"]["countNumber"], rule["action"]) == (12, {"type": "expire"})
    assert {"hello-repository", "hello-expiry"} <= graph.before("hello-image")


def test_the_push_takes_this_runs_token_and_the_pull_one_of_its_own(tmp_path: Path) -> None:
    """Sign the push in with a token that is an input of nothing else; ask anew for each release's pull."""
    graph = run(tmp_path)
    account = graph.named("hello-image").plain("registry")
    token, login = graph.named("hello-hello-1-token"), graph.named("hello-hello-1-login")

    assert account == {"server": SERVER, "username": "AWS", "password": TOKEN}
    assert TOKEN not in str([one.inputs for one in graph.resources if one.name != "hello-image"])
    assert token.plain("create").startswith("bash local/ecr-token.sh us-east-1 ")
    assert token.plain("logging") == "stderr"
    assert "hello-hello-1-token" in graph.before("hello-hello-1-login")
    assert f"--server {SERVER} --username AWS" in login.plain("create")
    assert "hello-hello-1-login" in graph.before("hello-web-hello-1-candidate")


def test_a_new_token_alone_changes_nothing(tmp_path: Path, registry: Account) -> None:
    """Register the same inputs with another token, but for the push's, which the plugin leaves alone."""
    before = run(tmp_path)
    registry.registry = (SERVER, "AWS", "token-of-the-next-day")
    after = run(tmp_path)

    inputs = {one.name: one.inputs for one in before.resources}
    assert [one.name for one in after.resources if one.inputs != inputs[one.name]] == ["hello-image"]


def test_an_address_without_a_password_is_meant_too(tmp_path: Path) -> None:
    """Take the address of the account's registry, on a server that is not Amazon's, in its own region."""
    settings = configured(tmp_path, registry={"server": SERVER})
    graph = run_program(settings)
    assert graph.of_type("aws:ec2/instance:Instance") == []
    assert len(graph.of_type(REPOSITORY)) == 1


def test_another_accounts_registry_is_told(tmp_path: Path) -> None:
    """Say whose registry the credentials are for, before anything."""
    other = SERVER.replace("1234", "9999")
    settings = configured(tmp_path, registry={"server": other})
    with pytest.raises(Exception, match=f"the credentials on this machine are for {SERVER}"):
        run_program(settings)


def test_a_password_is_used_where_there_is_one(tmp_path: Path) -> None:
    """Treat the registry as any other, if it has a user and a password."""
    account = {"server": SERVER, "username": "AWS", "password": "given"}
    graph = run_program(configured(tmp_path, registry=account))
    assert graph.of_type(REPOSITORY) == []
    assert graph.named("hello-image").plain("registry")["password"] == "given"


def test_a_prebuilt_images_tag_is_looked_up(tmp_path: Path, registry: Account) -> None:
    """Deploy the image that the tag stands for now, by its digest, and make no repository for it."""
    ecr = registry.client("ecr")
    ecr.create_repository(repositoryName="tools/app")
    manifest = json.dumps({"schemaVersion": 2, "layers": []})
    ecr.put_image(
        repositoryName="tools/app",
        imageManifest=manifest,
        imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
        imageTag="v1",
    )
    (image,) = ecr.describe_images(repositoryName="tools/app")["imageDetails"]

    graph = run(tmp_path, image="tools/app:v1")
    assert graph.of_type(REPOSITORY) == []
    line = graph.named("hello-web-hello-1-candidate").plain("create")
    assert f"{SERVER}/tools/app@{image['imageDigest']}" in line


def test_an_account_without_the_right_is_told(tmp_path: Path, registry: Account) -> None:
    """Tell a refusal in the user's words."""
    registry.failures["GetAuthorizationToken"] = ("AccessDeniedException", "not allowed")
    settings = config(tmp_path) | {"registry": "ecr"}
    with pytest.raises(Exception, match="the account may not do that"):
        run_program(settings)
