"""From what Kamal's users write to the model's keys: both generations, one inner meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from settings.accessory_keys import take_accessories
from settings.aws import ECR_ADDRESS
from settings.base import Registry
from settings.command_words import command_words
from settings.env_section import normal_env
from settings.errors import Problem
from settings.generations import leave_labels, take_first, take_first_of_role
from settings.kamal_keys import OF_AN_ACCESSORY, REFUSED, WARNED, Unhonoured
from settings.psych import Moment, ruby_text
from settings.servers import take_servers
from settings.tree import Node, Value, find, put, walk

# Groups and lists that Kamal's users leave empty by mistake.
SECTIONS = (
    *("servers", "env", "registry", "builder", "accessories", "ssh", "sshkit", "boot", "logging"),
    *("traefik", "healthcheck", "labels", "volumes", "aliases"),
)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "linux/amd64": "amd64", "linux/arm64": "arm64"}
# Settings whose values are text for something else: numbers and words stand there as Ruby writes them.
TEXTS = (("builder", "args"), ("labels",), ("logging", "options"), ("env", "clear"))
# What one role says for the whole service.
OF_THE_SERVICE = ("deploy_timeout", "traefik")


@dataclass
class Translation:
    """Settings in the model's keys.

    Attributes:
        tree: the root.
        problems: what is wrong.
        warnings: what has no effect here, a line each.
    """

    tree: Node
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def translate(tree: Node, *, is_first: bool = False) -> Translation:
    """Translate a root.

    Args:
        tree: as written.
        is_first: whether it is a file of Kamal 1.

    Returns:
        The root in the model's keys, what is wrong, and what has no effect.
    """
    done = Translation(tree.without(*(key for key in tree.items if key.startswith("x-"))))
    _refuse_empty(done)
    _take_env(done)
    done.tree = take_servers(done.tree, done.problems)
    _take_roles(done, is_first=is_first)
    if is_first:
        done.tree = take_first(done.tree, done.problems, done.warnings)
    done.tree = leave_labels(done.tree, done.warnings)
    _take_accessories(done)
    _take_proxy(done)
    _take_builder(done)
    _take_registry(done)
    _take_release_command(done)
    _leave(done, REFUSED, is_refused=True)
    _leave(done, WARNED, is_refused=False)
    _as_texts(done)
    return done


def _refuse_empty(done: Translation) -> None:
    for key in SECTIONS:
        node = done.tree.items.get(key)
        # An empty registry or list of servers of a stack is told by the model.
        if node and node.value is None and not node.place.source.prefix:
            done.problems.append(node.problem("is empty", "Write its keys below it, or take it away."))
            done.tree = done.tree.without(key)


def _take_env(done: Translation) -> None:
    if env := done.tree.items.get("env"):
        done.tree = done.tree.having({**done.tree.items, "env": normal_env(env, done.problems)})


def _take_roles(done: Translation, *, is_first: bool) -> None:
    """Do for each role what is done for the root."""
    servers = done.tree.items.get("servers")
    for name, role in servers.items.items() if servers else ():
        inner = Translation(role, done.problems, done.warnings)
        if is_first:
            inner.tree = take_first_of_role(inner.tree, done.problems)
        inner.tree = leave_labels(inner.tree, done.warnings)
        _take_proxy(inner)
        _leave(inner, REFUSED, is_refused=True)
        _leave(inner, WARNED, is_refused=False)
        _as_texts(inner)
        for key in OF_THE_SERVICE:
            if node := inner.tree.items.get(key):
                done.tree = put(done.tree, (key,), node)
        done.tree = _replaced(done.tree, ("servers", name), inner.tree.without(*OF_THE_SERVICE))


def _take_accessories(done: Translation) -> None:
    done.tree = take_accessories(done.tree, done.problems)
    accessories = done.tree.items.get("accessories")
    for name, accessory in accessories.items.items() if accessories else ():
        inner = Translation(accessory, done.problems, done.warnings)
        _take_proxy(inner)
        _leave(inner, OF_AN_ACCESSORY, is_refused=True)
        _leave(inner, [one for one in REFUSED if one.keys[0] == "proxy"], is_refused=True)
        _leave(inner, [one for one in WARNED if one.keys[0] == "proxy"], is_refused=False)
        done.tree = _replaced(done.tree, ("accessories", name), inner.tree)


def _take_proxy(done: Translation) -> None:
    proxy = done.tree.items.get("proxy")
    if proxy and proxy.value is None:
        done.tree = done.tree.without("proxy")
    if not proxy or not proxy.items:
        return
    _take_several(done, proxy, "host", "hosts")
    _take_several(done, proxy, "path_prefix", "path_prefixes")
    if port := find(done.tree, ("proxy", "run", "http_port")):
        done.tree = put(done.tree, ("traefik", "http_port"), port)
        done.tree = _without(done.tree, ("proxy", "run", "http_port"))
    run = find(done.tree, ("proxy", "run"))
    if run and run.value == {}:
        done.tree = _without(done.tree, ("proxy", "run"))


def _take_several(done: Translation, proxy: Node, one: str, several: str) -> None:
    """Take a key for one, or for some with commas between, as the list that it stands for."""
    node = proxy.items.get(one)
    if node is None:
        return
    if several in proxy.items:
        rule = f"stands beside proxy.{several}, and only one of them can"
        done.problems.append(node.problem(rule, f"Move it into the list of proxy.{several}."))
    texts = node.value.split(",") if isinstance(node.value, str) else [node.value]
    entries: list[Node] = [node.having(text.strip() if isinstance(text, str) else text) for text in texts]
    done.tree = _without(put(done.tree, ("proxy", several), node.having(entries)), ("proxy", one))


def _take_builder(done: Translation) -> None:
    arch = find(done.tree, ("builder", "arch"))
    if arch is None:
        return
    names = arch.entries or [arch]
    if len(names) > 1:
        rule = "is not honoured: the image is built for one architecture, that of the server"
        done.problems.append(arch.problem(rule, "Write the server's alone, such as arch: amd64."))
    name = names[0]
    if isinstance(name.value, str):
        name = name.having(ARCHITECTURES.get(name.value, name.value))
    done.tree = put(_without(done.tree, ("builder", "arch")), ("builder", "arch"), name)


def _take_registry(done: Translation) -> None:
    """Take `localhost:PORT` for Kamal's way to do without a registry, and a path for a part of the image."""
    server, image = find(done.tree, ("registry", "server")), done.tree.items.get("image")
    registry = done.tree.items.get("registry")
    if registry and (address := _ecr(registry)):
        done.tree = put(done.tree.without("registry"), ("ecr",), registry.having(address))
        return
    if not (server and registry and isinstance(server.value, str)):
        return
    if server.value == "localhost" or server.value.startswith("localhost:"):
        known = tuple(Registry.model_fields)
        done.problems += [node.unknown(known) for key, node in registry.items.items() if key not in known]
        done.tree = done.tree.having({**done.tree.items, "registry": registry.having("none")})
    if image and isinstance(image.value, str) and image.value.startswith(f"{server.value}/"):
        rule = f"begins with the registry's server, which stands in registry.server ({server.value})"
        rest = image.value.removeprefix(f"{server.value}/")
        done.problems.append(image.problem(rule, f"Write {rest}."))
        done.tree = done.tree.having({**done.tree.items, "image": image.having(rest)})


def _ecr(registry: Node) -> str | None:
    """Tell whether a registry is Amazon's and has no password, so that tokens are to be used."""
    if registry.value == "ecr":
        return "ecr"
    server = registry.items.get("server")
    has_account = {"username", "password"} & set(registry.items)
    is_ecr = server is not None and isinstance(server.value, str) and ECR_ADDRESS.fullmatch(server.value)
    return str(server.value) if server and is_ecr and not has_account else None


def _take_release_command(done: Translation) -> None:
    command = done.tree.items.get("release_command")
    if command and not isinstance(command.value, list):
        words = command_words(command, done.problems)
        done.tree = done.tree.having({**done.tree.items, "release_command": words})


def _leave(done: Translation, unhonoured: Iterable[Unhonoured], *, is_refused: bool) -> None:
    for one in unhonoured:
        keys = tuple(str(key) for key in one.keys)
        node = find(done.tree, keys)
        if node is None or (node.place.source.prefix and keys[0] == "traefik"):
            continue
        done.tree = _without(done.tree, keys)
        # Left empty it asks for nothing.
        if node.value is None:
            continue
        if any(node.value is value or (node.value == value and isinstance(value, str)) for value in one.fine):
            continue
        if is_refused:
            done.problems.append(node.problem(f"is not honoured: {one.why}", one.remedy))
        else:
            done.warnings.append(f"{node.where}: has no effect: {one.why}.")


def _without(tree: Node, keys: tuple[str, ...]) -> Node:
    """Take a key away, and the groups above it that are empty then."""
    if len(keys) == 1:
        return tree.without(keys[0])
    inner = _without(tree.items[keys[0]], keys[1:])
    return tree.having({**tree.items, keys[0]: inner}) if inner.items else tree.without(keys[0])


def _as_texts(done: Translation) -> None:
    for path in TEXTS:
        group = find(done.tree, path)
        if not group or not group.items:
            continue
        for node in walk(group):
            if isinstance(node.value, Moment):
                rule = "is a time, whose text depends on the machine that reads it"
                done.problems.append(node.problem(rule, "Put quotes around it."))
            elif node.value is None and path == ("env", "clear"):
                done.problems.append(node.problem("has no value", 'Write "" for an empty one.'))
        texts = group.having({name: node.having(_text(node)) for name, node in group.items.items()})
        done.tree = _replaced(done.tree, path, texts)


def _text(node: Node) -> Value:
    return node.value if isinstance(node.value, (list, dict)) else ruby_text(node.value)


def _replaced(tree: Node, path: tuple[str, ...], node: Node) -> Node:
    if len(path) > 1:
        node = _replaced(tree.items[path[0]], path[1:], node)
    return tree.having({**tree.items, path[0]: node})
