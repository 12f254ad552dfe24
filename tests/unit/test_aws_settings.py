"""The server on AWS: what the Learner Lab allows, and what is told before AWS is asked."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Settings
from settings.aws import arch_of
from tests.unit.project import Project

AWS: dict[str, Any] = {"key_name": "vockey"}
SIZES = "nano, micro, small, medium, large"
ORDINARY = "Or is it an ordinary account? Then set backstaff:aws.learner_lab to false."
KEY = "Pulumi.test.yaml: backstaff:"


def complaints(project: Project, **aws: Any) -> list[str]:  # noqa: ANN401 - settings are of any shape
    """Load a stack on AWS that cannot be used; what is None is left out."""
    section = {key: value for key, value in (AWS | aws).items() if value is not None}
    return project.complaints(servers=None, aws=section)


def load(project: Project, **changes: Any) -> Settings:  # noqa: ANN401 - as above
    """Load a stack on AWS."""
    return project.load(**{"servers": None, "aws": AWS, **changes})


@pytest.mark.parametrize(
    ("aws", "said"),
    [
        ({"region": "eu-west-1"}, "region: the Learner Lab has us-east-1 and us-west-2 only (got eu-west-1)"),
        (
            {"instance_type": "t3.xlarge"},
            f"instance_type: the Learner Lab has sizes up to large only: {SIZES} (got t3.xlarge)",
        ),
        ({"disk_gib": 101}, "disk_gib: the Learner Lab has disks of up to 100 GiB (got 101)"),
    ],
    ids=["region", "size", "disk"],
)
def test_the_labs_limits_hold_before_aws_is_asked(project: Project, aws: dict[str, Any], said: str) -> None:
    """Refuse what the lab refuses, or closes the account for; take it where its limits are off."""
    assert complaints(project, **aws) == [f"{KEY}aws.{said}. {ORDINARY}"]

    assert load(project, aws=AWS | aws | {"learner_lab": False}).aws is not None


@pytest.mark.parametrize(
    "aws",
    [
        {"region": "us-west-2", "key_name": "mine"},
        {"instance_type": "t3.large"},
        {"disk_gib": 100},
    ],
)
def test_what_is_just_within_the_labs_limits_is_taken(project: Project, aws: dict[str, Any]) -> None:
    """Refuse no more than the lab does."""
    assert load(project, aws=AWS | aws).aws is not None


def test_more_servers_than_the_lab_bears_are_refused(project: Project) -> None:
    """Stay below the nine that the lab ends, one being left for a replacement."""
    said = complaints(project, count=9)

    assert (
        f"{KEY}aws.count: at most 8: the Learner Lab ends what is above 9, and empties the account at 20 "
        f"(got 9). {ORDINARY}" in said
    )
    assert not [line for line in complaints(project, count=8) if "at most 8" in line]


def test_the_labs_key_pair_is_looked_for_where_it_is(project: Project) -> None:
    """Say that the other region does not have it, and what to do there."""
    (said,) = complaints(project, region="us-west-2")

    rule = "the Learner Lab has the key pair vockey in us-east-1 only (got region us-west-2)"
    remedy = "Remove it and set backstaff:aws.public_key, or change the region."
    assert said == f"{KEY}aws.key_name: {rule}. {remedy}"


def test_a_public_key_is_a_file_with_one(project: Project) -> None:
    """Take no private key for a public one, and show nothing of it."""
    file = project.folder / "id"
    file.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")

    (said,) = complaints(project, key_name=None, public_key=str(file))
    assert "aws.public_key: must be the file of a public SSH key (got " in said
    assert "c2VjcmV0" not in said


@pytest.mark.parametrize(
    ("aws", "said"),
    [
        (
            {"reboot_time": "4:30"},
            'aws.reboot_time: must be a time of day in UTC, such as 04:30 (got "4:30")',
        ),
        ({"ubuntu": "20.04"}, "aws.ubuntu: must be '22.04', '24.04' or '26.04' (got \"20.04\")"),
        (
            {"ami": "ubuntu"},
            'aws.ami: must be the id of an image, such as ami-0123456789abcdef0 (got "ubuntu")',
        ),
        ({"ssh_from": ["anywhere"]}, "aws.ssh_from[0]: "),
        ({"elastic": False}, "aws.elastic: is not a known key. Did you mean elastic_ip?"),
        ({"subnet": "subnet-0a"}, "aws.subnet: needs the network that it is in. Set backstaff:aws.vpc too."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_value_is_told_by_its_key(project: Project, aws: dict[str, Any], said: str) -> None:
    """Name the key, the rule and what was found, as for every other setting."""
    (line,) = complaints(project, **aws)
    assert line.startswith(f"{KEY}{said}")


def test_a_problem_has_its_line_and_column(project: Project) -> None:
    """Point at the place in the stack's file, as for every other setting."""
    (project.folder / "Pulumi.test.yaml").write_text(
        "config:\n  backstaff:aws:\n    key_name: vockey\n    instance_type: t3.2xlarge\n", encoding="utf-8"
    )
    (line,) = complaints(project, instance_type="t3.2xlarge")
    assert line.startswith("Pulumi.test.yaml:4:5: backstaff:aws.instance_type: the Learner Lab has sizes")


def test_what_follows_from_the_section_need_not_be_written(project: Project) -> None:
    """Name the server, log in as Canonical's images let in, and build for the instance type's processor."""
    settings = load(project, aws=AWS | {"instance_type": "t4g.small"})

    assert settings.hosts == ("hello-1",)
    assert (settings.ssh.user, settings.builder.arch) == ("ubuntu", "arm64")
    assert load(project, ssh={"user": "admin"}).ssh.user == "admin"
    assert load(project, aws=AWS | {"ami": "ami-0a"}).ssh.user == "root"


@pytest.mark.parametrize(
    ("instance_type", "arch"),
    [
        ("t3.small", "amd64"),
        ("t4g.nano", "arm64"),
        ("a1.medium", "arm64"),
        ("m7g.large", "arm64"),
        ("c7gn.large", "arm64"),
        ("g4dn.xlarge", "amd64"),
        ("g5g.xlarge", "arm64"),
        ("m7i-flex.large", "amd64"),
        ("x2gd.large", "arm64"),
        ("r6id.large", "amd64"),
    ],
)
def test_the_processor_is_told_from_the_instance_types_name(instance_type: str, arch: str) -> None:
    """Know AWS's own processor by the g behind the number, and not by any g."""
    assert arch_of(instance_type) == arch
