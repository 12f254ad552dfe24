"""Kamal's `env`: flat, or in `clear`, `secret` and `tags`; of the root, of a role, of a host's tags."""

from __future__ import annotations

from collections.abc import Iterable

from settings.errors import Problem
from settings.tree import Node, merge

PARTS = ("clear", "secret", "tags")


def normal_env(env: Node, problems: list[Problem]) -> Node:
    """Give an `env` its full form.

    Args:
        env: flat or in parts.
        problems: takes what is wrong.

    Returns:
        A group of `clear`, and of `secret` and `tags` where they are written.
    """
    if not isinstance(env.value, dict):
        problems.append(env.problem("must be a group of variables", "Write `NAME: value` lines below it."))
        return env.having({})
    if not set(env.items) & set(PARTS):
        return env.having({"clear": env})
    for name, node in env.items.items():
        if name not in PARTS:
            rule = "stands beside clear, secret or tags, which hold variables once one of them is there"
            problems.append(node.problem(rule, f"Move {name} under env.clear."))
    _check_shapes(env, problems)
    return env.having({name: node for name, node in env.items.items() if name in PARTS})


def _check_shapes(env: Node, problems: list[Problem]) -> None:
    for part, kind, what in (
        ("clear", dict, "`NAME: value`"),
        ("secret", list, "`- NAME`"),
        ("tags", dict, "`tag:`"),
    ):
        node = env.items.get(part)
        if node and not isinstance(node.value, kind):
            problems.append(
                node.problem(
                    "must not be empty" if node.value is None else "has the wrong shape",
                    f"Write {what} lines below it, or take it away.",
                )
            )


def with_env(base: Node | None, over: Node) -> Node:
    """Add variables to others: clear ones by name, secret ones to the list.

    Args:
        base: the weaker ones, in full form, if any.
        over: the stronger ones, in full form.

    Returns:
        Both.
    """
    if base is None:
        return over
    merged = merge(base, over)
    secrets = [*_secrets(base), *_secrets(over)]
    if not secrets and "secret" not in merged.items:
        return merged
    named = {str(node.value): node for node in reversed(secrets)}
    return merged.having({**merged.items, "secret": merged.having(list(reversed(named.values())))})


def with_tags(env: Node | None, tags: Iterable[str], problems: list[Problem]) -> Node | None:
    """Add the variables that a server's tags give.

    Args:
        env: in full form, if any.
        tags: of the server; one without variables is fine, it can be meant for accessories.
        problems: takes what is wrong.

    Returns:
        Both.
    """
    known = env.items.get("tags") if env else None
    for tag in tags:
        if known and tag in known.items:
            env = with_env(env, normal_env(known.items[tag], problems))
    return env


def _secrets(env: Node) -> list[Node]:
    secret = env.items.get("secret")
    return secret.entries if secret else []
