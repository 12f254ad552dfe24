"""What the app finds in its environment: clear variables, and secret ones by name, or else all of `.env`."""

from __future__ import annotations

from pydantic import SecretStr

from settings.dotenv import PROCESS_BYTES, VARIABLE, fits_a_line
from settings.errors import Problem
from settings.psych import ruby_text
from settings.secrets import Secrets
from settings.tree import Node


def app_env(tree: Node, secrets: Secrets, problems: list[Problem]) -> dict[str, SecretStr]:
    """Put the app's variables together.

    Args:
        tree: the root, with `env` in its full form if there is one.
        secrets: where names are looked up; what was looked up before for others is kept from the app.
        problems: takes what is wrong.

    Returns:
        The variables.
    """
    env = tree.items.get("env")
    clear, named = (env.items.get("clear"), env.items.get("secret")) if env else (None, None)
    kept = set(secrets.used)
    variables = {} if named else {name: value for name, value in secrets.dotenv.items() if name not in kept}
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
            # Clear ones win, as they do for Docker.
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
