"""Rules that hold for every resource, however the program is configured."""

from __future__ import annotations

import re

from pulumi.runtime import rpc

from render.scripts import REMOTE as SCRIPTS
from render.scripts import bundle
from tests.mocks.conftest import HOST, PASSWORD, PINNED, PRIVATE_KEY, VARIABLES
from tests.mocks.graph import HOST_KEY, ROOT, SECRET_MARK, SECRET_VALUE, Graph, plain_texts

REMOTE = "command:remote:Command"
LOCAL = "command:local:Command"
SECRETS = [PASSWORD, *VARIABLES.values(), "env-line-88bb", "env-line-99cc", "key-text-55ee"]


def test_the_steps_are_all_there(graph: Graph) -> None:
    """See to it that no rule holds for want of resources."""
    assert len(graph.of_type(REMOTE)) == 7
    assert len(graph.of_type("docker:index/image:Image")) == 1
    assert len([resource for resource in graph.resources if not resource.is_custom]) == 10


def test_every_resource_has_a_parent(graph: Graph) -> None:
    """Hang every custom resource under a component, and every component under the stack."""
    components = {resource.urn for resource in graph.resources if not resource.is_custom}
    for resource in graph.resources:
        if resource.is_custom:
            assert resource.parent in components, resource.name
        else:
            assert "pulumi:pulumi:Stack" in resource.parent, resource.name


def test_logical_names_are_made_of_stable_parts(learnt: Graph) -> None:
    """Keep digests, releases and addresses out of names, but for the configured server's own address."""
    for resource in learnt.resources:
        rest = resource.name.replace(HOST, "")
        assert not re.search(r"\d|sha256|[0-9a-f]{6,}", rest), resource.name


def test_logical_names_are_the_same_in_a_preview(learnt: Graph, preview: Graph) -> None:
    """Name every resource before anything is known of it."""
    assert {resource.urn for resource in preview.resources} == {resource.urn for resource in learnt.resources}


def test_what_is_sent_is_read(graph: Graph) -> None:
    """Have a script read all that its step sends, in a teardown too: else it may end meanwhile."""
    checked = set()
    for step in graph.of_type(REMOTE):
        lines = [step.plain(key) for key in ("create", "delete") if step.plain("stdin") and step.plain(key)]
        for name in re.findall(r"/bin/[0-9a-f]+/([a-z-]+)", " ".join(lines)):
            text = (SCRIPTS / f"{name}.sh").read_text()
            assert re.search(r"^  (receive|discard)$", text, re.MULTILINE), name
            checked.add(name)
    assert {"login-registry", "logout-registry", "remove-releases"} <= checked


def test_another_checkout_changes_nothing(learnt: Graph) -> None:
    """Name no folder of this machine in a step, so that a colleague's `up` runs none of them again."""
    steps = [*learnt.of_type(LOCAL), *learnt.of_type(REMOTE)]
    assert not [one.name for one in steps if str(ROOT) in str(one.inputs)]


def test_logical_names_are_taken_once(graph: Graph) -> None:
    """Give no two resources of a type the same name."""
    pairs = [(resource.type, resource.name) for resource in graph.resources]

    assert len(set(pairs)) == len(pairs)


def test_type_tokens_name_a_component(graph: Graph) -> None:
    """Spell the type of a component `backstaff:components:<Noun>`."""
    for resource in graph.resources:
        if not resource.is_custom:
            assert re.fullmatch(r"backstaff:components:[A-Z][A-Za-z]+", resource.type)


def test_no_secret_stands_in_a_plain_input(graph: Graph) -> None:
    """Mark password, variables and private key as secret in every input of every resource."""
    for resource in graph.resources:
        shown = "\n".join(plain_texts(resource.inputs))
        for secret in SECRETS:
            assert secret not in shown, (resource.name, secret)


def test_no_secret_stands_in_an_output_of_the_stack(learnt: Graph) -> None:
    """Export only what may be shown."""
    assert set(learnt.outputs) == {
        "url", "host", "image", "release", "previous_release", "ssh", "docker_host", "servers",
    }  # fmt: skip
    assert learnt.outputs["url"] == "http://shop.example"
    assert learnt.outputs["host"] == HOST


def test_the_secrets_arrive_where_they_are_needed(learnt: Graph) -> None:
    """See to it that the rule on secrets holds because they are marked, not because they are not there."""
    on_host = f"hello-{HOST}"

    assert learnt.named("hello-image").plain("registry")["password"] == PASSWORD
    assert learnt.named(f"{on_host}-login").plain("stdin") == PASSWORD
    assert learnt.named("hello-login-here").plain("stdin") == PASSWORD
    assert learnt.named(f"hello-web-{HOST}-env").plain("stdin").startswith("LINES ")
    assert learnt.named(f"hello-web-{HOST}-env").plain("connection")["privateKey"] == PRIVATE_KEY
    assert learnt.named(f"hello-web-{HOST}-env").inputs["stdin"][SECRET_MARK] == SECRET_VALUE


def test_every_remote_command_checks_a_host_key(learnt: Graph, pinned: Graph) -> None:
    """Give every connection a host key: without one, the server would not be checked at all."""
    for graph, key in ((learnt, HOST_KEY), (pinned, PINNED)):
        for command in graph.of_type(REMOTE):
            assert command.plain("connection")["hostKey"] == key, command.name


def test_a_server_that_dies_under_way_is_soon_given_up(learnt: Graph) -> None:
    """Dial for a minute at first, for it may boot; for ten seconds where others wait for the switch."""
    for name, limit in (("candidate", 20), ("cutover", 10), ("retire", 10)):
        step = learnt.named(f"hello-web-{HOST}-{name}")
        assert step.plain("connection")["dialErrorLimit"] == limit, name


def test_a_host_key_that_is_not_yet_learnt_is_waited_for(preview: Graph) -> None:
    """Connect with an unknown key to be learnt, and not with none, in the preview of a first `up`."""
    for command in preview.of_type(REMOTE):
        assert command.plain("connection") == rpc.UNKNOWN, command.name


def test_a_pinned_host_key_is_not_learnt(pinned: Graph) -> None:
    """Ask no server for a key that the user has given."""
    assert {command.name for command in pinned.of_type(LOCAL)} == {f"{HOST}-scripts", "hello-login-here"}


def test_no_command_takes_what_warns_or_replaces(graph: Graph) -> None:
    """Pass nothing by the environment, which sshd refuses, and force no replacement by triggers."""
    for command in [*graph.of_type(REMOTE), *graph.of_type(LOCAL)]:
        assert command.inputs["addPreviousOutputInEnv"] is False, command.name
        assert not {"environment", "triggers"} & command.inputs.keys(), command.name


def test_every_remote_line_is_short_and_calls_a_script(learnt: Graph, pinned: Graph) -> None:
    """Keep what an error quotes to one readable line, which starts with the script's path."""
    digest = bundle().digest
    for graph, prefix in ((learnt, "sudo -n "), (pinned, "")):
        for command in graph.of_type(REMOTE):
            for key in {"create", "update", "delete"} & command.inputs.keys():
                line = command.inputs[key]
                assert isinstance(line, str), (command.name, key)
                assert "\n" not in line
                assert len(line) < 1000
                assert line.startswith(f"{prefix}/var/lib/backstaff/bin/{digest}/")


def test_the_scripts_are_named_and_not_kept_in_the_state(learnt: Graph, pinned: Graph) -> None:
    """Send them by a program that has them, and tell it keys on its standard input alone."""
    where = f"--host {HOST} --port 22 --user"
    scripts = f"--scripts /var/lib/backstaff/bin/{bundle().digest}"
    for graph, user, keys in (
        (learnt, "ubuntu", f"{HOST_KEY}\n{PRIVATE_KEY}"),
        (pinned, "root", f"{PINNED}\n"),
    ):
        sent = graph.named(f"{HOST}-scripts")
        assert sent.inputs["create"] == f"python3 -m local.send_scripts {where} {user} {scripts}"
        assert sent.inputs["delete"] == f"{sent.inputs['create']} --remove"
        assert sent.inputs["stdin"][SECRET_MARK] == SECRET_VALUE
        assert sent.plain("stdin") == keys
        assert len(str(sent.inputs)) < 1000


def test_every_script_that_is_called_is_in_the_bundle(learnt: Graph) -> None:
    """Call no script that is not brought to the server."""
    there = {path.stem for path in SCRIPTS.glob("*.sh")}
    for command in learnt.of_type(REMOTE):
        for key in {"create", "delete"} & command.inputs.keys():
            found = re.search(r"/bin/[0-9a-f]{8}/(\S+)", command.inputs[key])
            assert found is None or found[1] in there, command.inputs[key]


def test_every_argument_is_known_to_its_script(learnt: Graph) -> None:
    """Pass each script exactly the arguments that it reads, which it would otherwise refuse on the server."""
    for command in learnt.of_type(REMOTE):
        for key in {"create", "delete"} & command.inputs.keys():
            found = re.search(r"/bin/[0-9a-f]{8}/(\S+)(.*)", command.inputs[key])
            if found:
                text = (SCRIPTS / f"{found[1]}.sh").read_text().replace("\\\n", " ")
                reads = re.search(r"read_arguments (.*)-- \"\$@\"", text)
                known = set(reads[1].split()) if reads else set()
                needed = {name for name in known if not name.endswith("=")}
                own, _, _ = found[2].partition(" -- ")
                given = {name.replace("-", "_") for name in re.findall(r" --(\S+)", own)}
                assert needed <= given <= {name.removesuffix("=") for name in known}, command.inputs[key]


def test_nothing_known_depends_on_what_a_preview_cannot_know(preview: Graph) -> None:
    """Show every line of a first preview, but for the three that name the image's digest."""
    unknown = {one.name for one in preview.of_type(REMOTE) if one.inputs["create"] == rpc.UNKNOWN}

    assert unknown == {f"hello-web-{HOST}-{step}" for step in ("candidate", "cutover", "retire")}
