"""Rules for what is made on AWS, whatever the settings are; the account is looked up for real."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from components.aws_account import look_up
from components.aws_server import AwsServers, AwsServersArgs
from settings import Aws, Ssh
from tests.aws.program import CALLER, OFFICE, new_key, run
from tests.mocks.graph import ELASTIC_ADDRESS, OWN_ADDRESS, Graph, Resource, run_function
from tools.offline_plugins.aws.account import Account, image_id

INSTANCE = "aws:ec2/instance:Instance"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
pytestmark = pytest.mark.usefixtures("in_account")


def one(graph: Graph, token: str) -> Resource:
    """Return the only resource of a type."""
    (found,) = graph.of_type(token)
    return found


def open_to(group: Resource, port: int) -> set[str]:
    """Name the networks that a group lets in at a port."""
    return {
        network
        for rule in group.plain("ingress")
        if rule["fromPort"] <= port <= rule["toPort"]
        for network in [*rule.get("cidrBlocks", []), *rule.get("ipv6CidrBlocks", [])]
    }


@pytest.mark.parametrize(
    ("ssh_from", "expected"),
    [
        (None, {f"{CALLER}/32"}),
        ([OFFICE, "2001:db8::1"], {OFFICE, "2001:db8::1/128"}),
        (["0.0.0.0/0"], {"0.0.0.0/0"}),
    ],
    ids=["nothing set", "networks", "everywhere, written down"],
)
def test_ssh_is_open_to_whom_the_settings_name(
    tmp_path: Path, ssh_from: list[str] | None, expected: set[str]
) -> None:
    """Let in the caller's own address, or what is written, and never everybody unless that is written."""
    group = one(run(tmp_path, ssh_from=ssh_from), GROUP)

    assert open_to(group, 22) == expected


def test_nothing_is_open_but_ssh_and_the_web(tmp_path: Path) -> None:
    """Let anybody in at port 80 and nowhere else."""
    group = one(run(tmp_path), GROUP)

    assert open_to(group, 80) == {"0.0.0.0/0", "::/0"}
    ports = [(rule["protocol"], rule["fromPort"], rule["toPort"]) for rule in group.plain("ingress")]
    assert sorted(ports) == [("tcp", 22, 22), ("tcp", 80, 80)]
    for rule in group.plain("ingress"):
        for network in [*rule["cidrBlocks"], *rule["ipv6CidrBlocks"]]:
            ipaddress.ip_network(network)


def test_the_ssh_port_of_the_settings_is_the_one_that_is_open(tmp_path: Path) -> None:
    """Open another port where SSH listens at another."""
    key = str(new_key(tmp_path))
    group = one(run(tmp_path, ssh={"keys": [key], "port": 2222}), GROUP)

    assert open_to(group, 2222) == {f"{CALLER}/32"}
    assert open_to(group, 22) == set()


def test_the_metadata_service_wants_a_token_and_no_container_reaches_it(tmp_path: Path) -> None:
    """Ask for IMDSv2, one hop away at most."""
    options = one(run(tmp_path), INSTANCE).plain("metadataOptions")

    assert options == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


def test_the_disk_is_encrypted_and_goes_with_the_server(tmp_path: Path) -> None:
    """Make a gp3 disk of the size that is set, encrypted, which costs nothing once the server is gone."""
    disk = one(run(tmp_path, disk_gib=30), INSTANCE).plain("rootBlockDevice")

    assert (disk["volumeType"], disk["volumeSize"], disk["encrypted"]) == ("gp3", 30, True)
    assert disk["deleteOnTermination"] is True


def test_everything_is_tagged(tmp_path: Path) -> None:
    """Say of everything that can be tagged whose it is, with the user's own tags beside."""
    graph = run(tmp_path, tags={"course": "devops", "backstaff:service": "liar"})
    own = {"course": "devops", "backstaff:service": "hello", "backstaff:stack": "test"}

    tagged = [one for one in graph.resources if one.type.startswith("aws:")]
    assert len(tagged) == 4
    for resource in tagged:
        assert own.items() <= resource.plain("tags").items(), resource.name
        assert resource.plain("tags")["Name"]
    disk = one(graph, INSTANCE).plain("rootBlockDevice")
    assert own.items() <= disk["tags"].items()


def test_a_named_key_pair_is_used_and_none_is_made(tmp_path: Path, account: Account) -> None:
    """Take a key pair that is there by its name, if the private key is its other half."""
    key = new_key(tmp_path)
    public = key.with_suffix(".pub").read_bytes()
    account.client("ec2").import_key_pair(KeyName="mine", PublicKeyMaterial=public)
    graph = run(tmp_path, key_name="mine", public_key=None)

    assert graph.of_type("aws:ec2/keyPair:KeyPair") == []
    assert one(graph, INSTANCE).plain("keyName") == "mine"


def test_a_public_key_becomes_a_key_pair(tmp_path: Path) -> None:
    """Make a key pair from the user's public key; the private one goes to AWS in no form."""
    graph = run(tmp_path)
    pair = one(graph, "aws:ec2/keyPair:KeyPair")

    assert pair.plain("publicKey") == (tmp_path / "id.pub").read_text().strip()
    assert one(graph, INSTANCE).plain("keyName") == pair.plain("keyName") == "backstaff-hello-test"


@pytest.mark.parametrize(
    ("aws", "image"),
    [
        ({}, image_id("24.04", "amd64")),
        ({"instance_type": "t4g.small"}, image_id("24.04", "arm64")),
        ({"ubuntu": "22.04"}, image_id("22.04", "amd64")),
        ({"ubuntu": "26.04", "instance_type": "m7g.large"}, image_id("26.04", "arm64")),
        ({"ami": "ami-0123456789"}, "ami-0123456789"),
    ],
)
def test_a_new_server_gets_the_current_image(tmp_path: Path, aws: dict[str, Any], image: str) -> None:
    """Start it from Canonical's current image of the release, for the instance type's architecture."""
    assert one(run(tmp_path, **aws), INSTANCE).plain("ami") == image


def test_without_canonicals_parameter_the_image_is_found_by_its_owner(
    tmp_path: Path, account: Account
) -> None:
    """Fall back to a look-up by owner and name where the parameters cannot be had."""
    account.failures["GetParameter"] = ("AccessDeniedException", "not here")

    assert one(run(tmp_path, ubuntu="22.04"), INSTANCE).plain("ami") == image_id("22.04", "amd64")


def start_server(account: Account, image: str, line: str) -> None:
    """Put a server into the account as an earlier run would have made it."""
    tags = {
        "Name": "hello-1",
        "backstaff:service": "hello",
        "backstaff:stack": "test",
        "backstaff:image": line,
    }
    account.client("ec2").run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
        ],
    )


def test_a_newer_image_never_replaces_a_running_server(tmp_path: Path, account: Account) -> None:
    """Keep the image that the stack's server was made from, whatever is current now."""
    start_server(account, image_id("26.04", "amd64"), "ubuntu-24.04-amd64")

    assert one(run(tmp_path), INSTANCE).plain("ami") == image_id("26.04", "amd64")


def test_another_release_or_architecture_is_another_image(tmp_path: Path, account: Account) -> None:
    """Take the current image where the running server is of another line than the one that is wanted."""
    start_server(account, image_id("26.04", "amd64"), "ubuntu-26.04-amd64")

    assert one(run(tmp_path), INSTANCE).plain("ami") == image_id("24.04", "amd64")


def test_everything_on_the_server_goes_and_comes_with_it(tmp_path: Path) -> None:
    """Reach no server that is being deleted, and do every step anew on one that replaces it."""
    graph = run(tmp_path)
    instance = one(graph, INSTANCE).urn

    commands = graph.of_type("command:remote:Command")
    assert len(commands) == 8
    for command in [*commands, graph.named("hello-1-host-key"), graph.named("hello-1-scripts")]:
        assert command.deleted_with == instance, command.name
        assert command.replace_with == [instance], command.name


def test_the_server_is_reached_only_once_it_can_be(tmp_path: Path) -> None:
    """Wait for the address and the way in before the first connection."""
    graph = run(tmp_path)

    assert {"hello-1-address", "hello-1-instance", "hello-firewall"} <= graph.before("hello-1-host-key")
    assert graph.named("hello-1-docker").plain("connection")["host"] == ELASTIC_ADDRESS
    assert "hello-1-prepared" in graph.before("hello-web-hello-1-candidate")
    assert "hello-1-instance" not in graph.before("hello-image")


def test_without_an_elastic_ip_the_address_is_looked_up(tmp_path: Path) -> None:
    """Make no Elastic IP where it is turned off, and go where the server is now."""
    graph = run(tmp_path, elastic_ip=False)

    assert graph.of_type("aws:ec2/eip:Eip") == []
    assert graph.named("hello-1-docker").plain("connection")["host"] == OWN_ADDRESS


def test_a_protected_server_is_not_taken_away(tmp_path: Path) -> None:
    """Protect what holds the server's data and its address, and nothing unless that is set."""
    protected = run(tmp_path, protect=True)

    assert {one.name for one in protected.resources if one.protect} == {"hello-1-instance", "hello-1-address"}
    assert not any(one.protect for one in run(tmp_path).resources)


def test_a_network_that_is_named_is_used(tmp_path: Path, account: Account) -> None:
    """Put the server into a public subnet of the network that is named."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    public = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.2.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=public, MapPublicIpOnLaunch={"Value": True})

    graph = run(tmp_path, vpc=vpc)
    assert one(graph, GROUP).plain("vpcId") == vpc
    assert one(graph, INSTANCE).plain("subnetId") == public
    assert one(run(tmp_path, vpc=vpc, subnet=private), INSTANCE).plain("subnetId") == private


def test_another_network_gets_its_group_before_the_old_one_goes(tmp_path: Path) -> None:
    """Have no group deleted that still has a server in it, as the plugin would with one that has a name."""
    assert one(run(tmp_path), GROUP).deletes_first is False


def test_a_server_without_an_address_just_now_is_not_replaced(tmp_path: Path) -> None:
    """Ask for an address when the server is made, and make no new one of it when a stopped one has none."""
    instance = one(run(tmp_path), INSTANCE)

    assert instance.plain("associatePublicIpAddress") is True
    assert instance.ignore_changes == ["associatePublicIpAddress"]


def test_two_servers_of_a_stack_share_group_and_key(tmp_path: Path) -> None:
    """Make as many servers as are asked for, each with a name, a disk and an address of its own."""
    key = new_key(tmp_path)
    wanted, ssh = Aws(public_key=key.with_suffix(".pub"), count=2), Ssh(keys=(key,))
    names = ("hello-1", "hello-2")

    def program() -> None:
        account = look_up(wanted, ssh, names, {})
        AwsServers("hello", AwsServersArgs("hello", "test", names, wanted, ssh, account, (OFFICE,), (80,)))

    graph = run_function(program)
    assert {one.name for one in graph.of_type(INSTANCE)} == {"hello-1-instance", "hello-2-instance"}
    assert len(graph.of_type("aws:ec2/eip:Eip")) == 2
    assert len(graph.of_type(GROUP)) == len(graph.of_type("aws:ec2/keyPair:KeyPair")) == 1
