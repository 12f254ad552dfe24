"""What the app finds in its environment: clear variables, and secret ones by name, or else all of `.env`."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import SecretStr

from settings.dotenv import PROCESS_BYTES, VARIABLE, fits_a_line
from settings.env_section import with_tags
from settings.errors import Problem
from settings.psych import ruby_text
from settings.secrets import Secrets
from settings.tree import Node, find

Envs = dict[str, dict[str, SecretStr]]


def role_envs(
    tree: Node, role: Node, secrets: Secrets, problems: list[Problem], kept: Collection[str]
) -> Envs:
    """Put the variables together that a role's servers get.

    Args:
        tree: the root, with `env` in its full form if there is one, and with the servers' tags.
        role: with its servers, and with its `env`, that of the root under it.
        secrets: where names are looked up.
        problems: takes what is wrong.
        kept: names that others have used, which the app has no need of.

    Returns:
        The variables by server.
    """
    envs: Envs = {}
    by_tags: dict[tuple[str, ...], dict[str, SecretStr]] = {}
    hosts = role.items.get("hosts")
    for host in hosts.entries if hosts else ():
        names = find(tree, ("host_tags", str(host.value)))
        tags = tuple(str(tag.value) for tag in names.entries) if names else ()
        if tags not in by_tags:
            env = with_tags(role.items.get("env"), tags, problems)
            by_tags[tags] = _app_env(env, secrets, problems, kept)
        envs[str(host.value)] = by_tags[tags]
    return envs


def _app_env(
    env: Node | None, secrets: Secrets, problems: list[Problem], kept: Collection[str]
) -> dict[str, SecretStr]:
    all_of_it = {} if env and "secret" in env.items else secrets.dotenv
    named = named_env(env, secrets, problems)
    return {name: value for name, value in all_of_it.items() if name not in kept} | named


def named_env(env: Node | None, secrets: Secrets, problems: list[Problem]) -> dict[str, SecretStr]:
    """Put the variables together that an `env` names.

    Args:
        env: in its full form, if there is one.
        secrets: where names are looked up.
        problems: takes what is wrong.

    Returns:
        The variables; clear ones win, as they do for Docker.
    """
    clear, named = (env.items.get("clear"), env.items.get("secret")) if env else (None, None)
    variables: dict[str, SecretStr] = {}
    for node in named.entries if named else []:
        if not isinstance(node.value, str) or not node.value:
            problems.append(node.problem("must be the name of a variable", "Write NAME, or NAME:SOURCE."))
            continue
        name, _, source = node.value.partition(":")
        value = secrets.look_up(source or name, node, is_name=bool(VARIABLE.fullmatch(source or name)))
        if value is not None and _is_usable(name, value.get_secret_value(), node, problems):
            variables[name] = value
    for name, node in clear.items.items() if clear else ():
        if isinstance(node.value, (list, dict)):
            problems.append(node.problem("must be text, a number, true or false", "Write it on one line."))
        elif _is_usable(name, ruby_text(node.value), node, problems):
            variables[name] = SecretStr(ruby_text(node.value))
    return variables


def _is_usable(name: str, value: str, node: Node, problems: list[Problem]) -> bool:
    """Check what a process can receive, and Docker can bring there."""
    before = len(problems)
    if not VARIABLE.fullmatch(name):
        remedy = "Use letters, digits and underscores; dots and dashes are possible."
        problems.append(node.problem("does not begin with a name for a variable", remedy))
    elif "\0" in value:
        problems.append(
            node.problem("holds a NUL byte, which no process can receive", "Encode it, as base64 say.")
        )
    elif len(f"{name}={value}".encode(errors="surrogatepass")) >= PROCESS_BYTES:
        rule = f"is longer than {PROCESS_BYTES} bytes, the most that Linux gives a process in one variable"
        problems.append(node.problem(rule, "Put it into a file of the image, or shorten it."))
    elif not name.isidentifier() and not fits_a_line(value):
        rule = "is of several lines or very long, which Docker takes only under a plain name"
        problems.append(node.problem(rule, "Rename it: letters, digits and underscores."))
    return len(problems) == before
