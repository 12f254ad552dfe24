"""Kamal's `servers`: a list of hosts, or roles with hosts and settings of their own."""

from __future__ import annotations

import shlex
from difflib import get_close_matches

from settings.env_section import normal_env, with_env
from settings.errors import Problem
from settings.kamal_keys import ROLE_KEYS
from settings.psych import ruby_text
from settings.tree import Node, merge

DEFAULT_ROLE = "web"
# What a shell would have taken for itself outside of quotes.
SHELL_SIGNS = set("();<>|&")


def take_servers(tree: Node, problems: list[Problem]) -> Node:
    """Replace roles by the hosts of the primary one, and lay its settings over those of all.

    Args:
        tree: the root.
        problems: takes what is wrong.

    Returns:
        A root with a list of hosts.
    """
    servers = tree.items.get("servers")
    primary = tree.items.get("primary_role")
    name = str(primary.value) if primary and primary.value else DEFAULT_ROLE
    if servers is None:
        return tree
    if not isinstance(servers.value, dict):
        if isinstance(servers.value, list) and name != DEFAULT_ROLE and primary:
            rule = f"names {name}, and a plain list of servers is the role {DEFAULT_ROLE}"
            problems.append(primary.problem(rule, f"Write servers.{name}, or take the key away."))
        return _with_hosts(tree, servers, problems)
    roles = dict(servers.items)
    for key in [key for key in roles if key in ROLE_KEYS]:
        misplaced = roles.pop(key)
        rule = "stands where the names of roles stand, so that it would be one"
        problems.append(misplaced.problem(rule, f"Move it under a role: servers.{name}.{key}."))
    _refuse_others(tree, roles, name, problems)
    if name not in roles:
        if len(roles) == len(servers.items):
            near = get_close_matches(name, roles, n=1)
            remedy = (
                f"Did you mean {near[0]}?"
                if near
                else f"Write servers.{name}, or name a role in primary_role."
            )
            problems.append(servers.problem(f"has no role {name}, which is the one that serves", remedy))
        return tree.having({**tree.items, "servers": servers.having([])})
    return _with_role(tree, roles[name], name, problems)


def _refuse_others(tree: Node, roles: dict[str, Node], primary: str, problems: list[Problem]) -> None:
    allowed = tree.items.get("allow_empty_roles")
    for name, role in roles.items():
        hosts = role.items.get("hosts", role) if isinstance(role.value, dict) else role
        if name == primary:
            continue
        if hosts.value or (isinstance(role.value, dict) and "hosts" not in role.items and role.value):
            rule = f"is not honoured: this program deploys one role yet, {primary}"
            problems.append(role.problem(rule, "Take the role away to go on without."))
        elif not (allowed and allowed.value is True):
            rule = "has no hosts"
            problems.append(
                role.problem(rule, "Name some, take the role away, or set allow_empty_roles to true.")
            )


def _with_role(tree: Node, role: Node, name: str, problems: list[Problem]) -> Node:
    if not isinstance(role.value, dict):
        return _with_hosts(tree, role, problems)
    hosts = role.items.get("hosts")
    if hosts is None:
        problems.append(role.problem("has no hosts", f"List them under servers.{name}.hosts."))
        hosts = role.having([])
    for key, node in role.items.items():
        tree = tree if key == "hosts" else _with_setting(tree, key, node, problems)
    return _with_hosts(tree, hosts, problems)


def _with_setting(tree: Node, key: str, node: Node, problems: list[Problem]) -> Node:
    """Lay one setting of the role over that of all roles."""
    match key:
        case "cmd":
            return tree.having({**tree.items, "command": _command(node, problems)})
        case "env":
            env = with_env(tree.items.get("env"), normal_env(node, problems))
            return tree.having({**tree.items, "env": env})
        case "proxy" | "traefik" if isinstance(node.value, bool):
            if not node.value:
                rule = "must be true: the primary role is the one that the proxy serves"
                problems.append(node.problem(rule, "Take it away."))
            return tree
        case "traefik":
            problems.append(node.problem("must be true or false", "Take it away."))
            return tree
        case _ if key in ROLE_KEYS:
            return merge(tree, tree.having({key: node}))
    problems.append(node.unknown(ROLE_KEYS))
    return tree


def _command(node: Node, problems: list[Problem]) -> Node:
    """Split a command as the shell would that Kamal gives it to."""
    if isinstance(node.value, (list, dict)) or node.value is None:
        problems.append(node.problem("must be text", "Write the command on one line."))
        return node.having([])
    text = ruby_text(node.value)
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        signs = [word for word in lexer if word and set(word) <= SHELL_SIGNS]
        words = shlex.split(text)
    except ValueError:
        problems.append(node.problem("holds an open quote", "Close it."))
        return node.having([])
    if signs and not any(sign in words and f"'{sign}'" in text for sign in signs):
        rule = f"holds {signs[0]}, which the server's own shell would take, not the container's"
        problems.append(node.problem(rule, "Write sh -c '...' around the command."))
    return node.having([node.having(word) for word in words])


def _with_hosts(tree: Node, hosts: Node, problems: list[Problem]) -> Node:
    """Take the hosts, and the variables that their tags give."""
    if isinstance(hosts.value, str):
        rule = f'must be a list (got "{hosts.value}")'
        first = hosts.value.split(",")[0].strip()
        if hosts.place.source.prefix:
            return tree.having({**tree.items, "servers": hosts})
        problems.append(hosts.problem(rule, f"Write it on a line below: - {first}."))
        return tree.having({**tree.items, "servers": hosts.having([hosts.having(first)])})
    entries: list[Node] = []
    for entry in hosts.entries:
        if not isinstance(entry.value, dict):
            entries.append(entry)
            continue
        if len(entry.items) != 1:
            problems.append(entry.problem("must be a host, or a host and its tags", "Write `- host: tag`."))
            continue
        ((host, tags),) = entry.items.items()
        entries.append(entry.having(host))
        tree = _with_tags(tree, tags, problems)
    servers = hosts.having(entries) if isinstance(hosts.value, list) else hosts
    return tree.having({**tree.items, "servers": servers})


def _with_tags(tree: Node, tags: Node, problems: list[Problem]) -> Node:
    env = tree.items.get("env")
    known = env.items.get("tags") if env else None
    for tag in tags.entries or [tags]:
        name = ruby_text(tag.value) if not isinstance(tag.value, (list, dict)) else ""
        # A tag without variables is fine: it can be meant for accessories.
        if known and name in known.items:
            env = with_env(env, normal_env(known.items[name], problems))
            tree = tree.having({**tree.items, "env": env})
    return tree
