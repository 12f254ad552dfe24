"""Lay what is set for all roles under what each role sets itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations

from settings.env_section import with_env
from settings.errors import Problem
from settings.roles import Role
from settings.servers import ALL_HOSTS, primary_name
from settings.tree import Node, find, merge

# What a role takes from the root, key by key.
INHERITED = ("labels", "logging", "stop_timeout", "asset_path")


def lay_roles(tree: Node, problems: list[Problem]) -> Node:
    """Give each role its servers, and what the root sets for all.

    Args:
        tree: the root of all that was written, in the model's keys.
        problems: takes what is wrong.

    Returns:
        A root whose roles hold all that is set for them.
    """
    primary, everywhere = primary_name(tree), tree.items.get(ALL_HOSTS)
    servers = tree.items.get("servers") or (
        everywhere and everywhere.having({primary: everywhere.having({})})
    )
    tree = tree.without(ALL_HOSTS)
    if servers is None or not isinstance(servers.value, dict):
        return tree
    roles = {
        name: role.having({**role.items, "hosts": _hosts(role, everywhere)}) if everywhere else role
        for name, role in servers.items.items()
    }
    laid = {
        name: _laid(tree, role, is_primary=name == primary)
        for name, role in roles.items()
        if _has_hosts(tree, name, role, problems)
    }
    if primary not in roles:
        near = get_close_matches(primary, roles, n=1)
        remedy = (
            f"Did you mean {near[0]}?"
            if near
            else f"Write servers.{primary}, or name a role in primary_role."
        )
        problems.append(
            servers.problem(f"has no role {primary}, the one that goes before the others", remedy)
        )
    return tree.having({**tree.items, "servers": servers.having(laid if primary in laid else {})})


def _hosts(role: Node, everywhere: Node) -> Node:
    """Give a role all servers, or the first one if its jobs are to run once."""
    return everywhere.having(everywhere.entries[:1]) if "schedule" in role.items else everywhere


def check_routes(roles: Mapping[str, Role], tree: Node) -> Iterator[Problem]:
    """Check that no two roles on one server are served for the same requests.

    Args:
        roles: by their names.
        tree: what they were made of, for messages.

    Yields:
        What is wrong, told of the later one.
    """
    for (first, one), (second, other) in combinations(roles.items(), 2):
        shared = [host for host in one.hosts if host in other.hosts]
        if not (shared and one.proxy and other.proxy):
            continue
        if same := sorted(set(one.proxy.routes) & set(other.proxy.routes)):
            rule = f"is served for {same[0]}, as is the role {first}, both on {shared[0]}"
            node = find(tree, ("servers", second)) or tree
            yield node.problem(rule, f"Give it a host or a path_prefix of its own: servers.{second}.proxy.")


def _has_hosts(tree: Node, name: str, role: Node, problems: list[Problem]) -> bool:
    hosts, allowed = role.items.get("hosts"), tree.items.get("allow_empty_roles")
    if hosts and hosts.entries:
        return True
    if hosts is None:
        problems.append(role.problem("has no hosts", f"List them under servers.{name}.hosts."))
    elif name == primary_name(tree):
        problems.append(
            role.problem("has no hosts", "Name some: it is the role that goes before the others.")
        )
    elif not (allowed and (allowed.value is True or allowed.value == "true")):
        remedy = "Name some, take the role away, or set allow_empty_roles to true."
        problems.append(role.problem("has no hosts", remedy))
    return False


def _laid(tree: Node, role: Node, *, is_primary: bool) -> Node:
    keys = INHERITED + (("proxy",) if _is_proxied(role, is_primary=is_primary) else ())
    base = {key: node for key, node in tree.items.items() if key in keys}
    rest = role.without("has_proxy", "env", *(() if "proxy" in keys else ("proxy",)))
    if "proxy" in keys and "proxy" not in base and "proxy" not in rest.items:
        # All of the proxy's settings have a default.
        base["proxy"] = role.having({})
    laid = merge(role.having(base), rest)
    env = _env(tree.items.get("env"), role.items.get("env"))
    return laid.having({**laid.items, "env": env}) if env else laid


def _is_proxied(role: Node, *, is_primary: bool) -> bool:
    said = role.items.get("has_proxy")
    return is_primary if said is None else said.value is True


def _env(root: Node | None, own: Node | None) -> Node | None:
    return with_env(root, own) if own else root
