"""Kamal's `servers`: a list of hosts, or roles with hosts and settings of their own."""

from __future__ import annotations

from collections.abc import Callable

from settings.command_words import command_words
from settings.env_section import normal_env
from settings.errors import Problem
from settings.kamal_keys import ROLE_KEYS
from settings.psych import Scalar
from settings.run_words import option_lists
from settings.tree import Node, put, walk

DEFAULT_ROLE = "web"
# Servers that a stack lists without roles: it says where the app runs, the app's files say what runs there.
ALL_HOSTS = "all_hosts"


def primary_name(tree: Node) -> str:
    """Name the primary role.

    Args:
        tree: the root.

    Returns:
        What `primary_role` says, or Kamal's default.
    """
    primary = tree.items.get("primary_role")
    return str(primary.value) if primary and primary.value else DEFAULT_ROLE


def take_servers(tree: Node, problems: list[Problem]) -> Node:
    """Give `servers` one form.

    Args:
        tree: the root.
        problems: takes what is wrong.

    Returns:
        A root with roles, each of them a group of keys in the model's form; or for a stack that lists its
        servers alone, with the list of them, for all roles.
    """
    servers = tree.items.get("servers")
    if servers is None:
        return tree
    rest = tree.without("servers")
    if isinstance(servers.value, dict):
        roles = {name: _role(role, problems) for name, role in _named(servers, problems).items()}
        tree = rest.having({**rest.items, "servers": servers.having(roles)})
        return _take_tags(
            tree, [hosts for role in roles.values() if (hosts := role.items.get("hosts"))], problems
        )
    hosts = _listed(servers, problems)
    if servers.place.source.prefix:
        return _take_tags(rest.having({**rest.items, ALL_HOSTS: hosts}), [hosts], problems)
    primary = tree.items.get("primary_role")
    if primary and primary_name(tree) != DEFAULT_ROLE:
        rule = f"names {primary.value}, and a plain list of servers is the role {DEFAULT_ROLE}"
        problems.append(primary.problem(rule, f"Write servers.{primary.value}, or take the key away."))
    role = servers.having({primary_name(tree): servers.having({"hosts": hosts})})
    return _take_tags(rest.having({**rest.items, "servers": role}), [hosts], problems)


def _named(servers: Node, problems: list[Problem]) -> dict[str, Node]:
    """Take the roles, without keys of a role that stand where names of roles do."""
    roles = dict(servers.items)
    for key in [key for key in roles if key in ROLE_KEYS]:
        rule = "stands where the names of roles stand, so that it would be one"
        problems.append(roles.pop(key).problem(rule, f"Move it under a role: servers.{DEFAULT_ROLE}.{key}."))
    return roles


def _role(role: Node, problems: list[Problem]) -> Node:
    """Write a role in the model's keys."""
    if not isinstance(role.value, dict):
        return role.having({"hosts": _listed(role, problems)})
    taken: dict[str, Node] = {}
    for key, node in role.items.items():
        if key in FORMS:
            name, form = FORMS[key]
            taken[name] = form(node, problems)
        elif key in {"proxy", "traefik"}:
            taken |= _proxy(key, node, problems)
        elif key in ROLE_KEYS:
            taken[key] = node
        else:
            problems.append(node.unknown(ROLE_KEYS))
    return role.having(taken)


def _proxy(key: str, node: Node, problems: list[Problem]) -> dict[str, Node]:
    """Tell whether the proxy serves the role, beside what is set for it there."""
    if isinstance(node.value, bool):
        return {"has_proxy": node}
    if key == "traefik":
        problems.append(node.problem("must be true or false", "Take it away."))
        return {}
    has_proxy: Scalar = True
    return {} if node.value is None else {"proxy": node, "has_proxy": node.having(has_proxy)}


def _listed(hosts: Node, problems: list[Problem]) -> Node:
    """Take a list of hosts; what is no list is told of, and its first word stands for one."""
    if isinstance(hosts.value, list) or hosts.value is None:
        return hosts.having(list(hosts.entries))
    first = str(hosts.value).split(",")[0].strip()
    command = "pulumi config set --path 'backstaff:servers[0]' VALUE"
    remedy = (
        f"Change it: {command}." if hosts.place.source.prefix else f"Write it on a line below: - {first}."
    )
    problems.append(hosts.problem(f'must be a list (got "{hosts.value}")', remedy))
    return hosts.having([hosts.having(first)] if first else [])


def _take_tags(tree: Node, lists: list[Node], problems: list[Problem]) -> Node:
    """Move the tags that stand beside hosts into a group of their own."""
    for hosts in lists:
        entries: list[Node] = []
        for entry in hosts.entries:
            if not isinstance(entry.value, dict):
                entries.append(entry)
                continue
            if len(entry.items) != 1:
                problems.append(
                    entry.problem("must be a host, or a host and its tags", "Write `- host: tag`.")
                )
                continue
            ((host, tags),) = entry.items.items()
            entries.append(entry.having(host))
            names: list[Node] = [tag.having(str(tag.value)) for tag in walk(tags)]
            tree = put(tree, ("host_tags", host), tags.having(names))
        # The list is the tree's own, made by `_listed`.
        hosts.entries[:] = entries
    return tree


def _jobs(schedule: Node, problems: list[Problem]) -> Node:
    """Write each job's command in words."""
    taken: dict[str, Node] = {}
    for name, job in schedule.items.items():
        keys = dict(job.items)
        if "cmd" in keys:
            keys["cmd"] = command_words(keys["cmd"], problems)
        taken[name] = job.having(keys) if job.items else job
    return schedule.having(taken) if schedule.items else schedule


# Keys with a form of their own, and what they are called in the model.
FORMS: dict[str, tuple[str, Callable[[Node, list[Problem]], Node]]] = {
    "hosts": ("hosts", _listed),
    "cmd": ("command", command_words),
    "env": ("env", normal_env),
    "options": ("options", option_lists),
    "schedule": ("schedule", _jobs),
}
