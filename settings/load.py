"""Put the settings together and check them, before anything is touched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from settings.accessory_check import check_accessories
from settings.app_env import named_env, role_envs
from settings.aws import Aws, check_aws, fill_in, name_servers
from settings.commands import Commands
from settings.complaints import complaints
from settings.errors import Problem, SettingsError
from settings.files import check_files, expanded
from settings.hooks import check_hooks, found_hooks
from settings.inherit import check_routes, lay_roles
from settings.kamal import translate
from settings.kamal_files import KamalFiles, destination_of, kamal_files
from settings.model import Builder, Settings, Ssh
from settings.secrets import Secrets
from settings.stack_config import stack_tree
from settings.tree import Node, find, merge, plain

# Keys that only the user's own stack can set: a file that comes with an app cannot.
OWN_KEYS = ("app", "allowCommands", "aws", "secrets")
TRUE = {"true", True}

Checked = TypeVar("Checked", bound=BaseModel)


@dataclass
class Loading:
    """Settings on their way from files to the model.

    Attributes:
        files: Kamal's.
        tree: all that was written, the stronger over the weaker, in the model's keys.
        values: the same, as the model takes it.
        secrets: where names were looked up.
        settings: the model, if it accepts the values.
        problems: all that is wrong.
        warnings: what has no effect.
    """

    files: KamalFiles
    tree: Node
    values: dict[str, Any] = field(default_factory=dict)
    secrets: Secrets | None = None
    settings: Settings | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load(
    stack: str, config: Mapping[str, str], project: Path, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Read the app's `config/deploy.yml`, the stack's configuration and the secrets of both.

    Args:
        stack: the stack's name; where the app's folder has a `config/deploy.<stack>.yml`, that is one of
            Kamal's destinations, and laid over `config/deploy.yml`.
        config: the keys under `backstaff:`, without that prefix; structured ones as JSON text, as Pulumi
            hands them over. They win over the files.
        project: the folder that relative paths start from.
        environment: where a secret that is named, as in `password: [NAME]`, is looked up.

    Returns:
        The settings, checked; their `warnings` say what has no effect.

    Raises:
        SettingsError: names all problems at once.
    """
    loading = read(stack, config, project, environment)
    if loading.problems or loading.settings is None:
        raise SettingsError(loading.problems)
    return loading.settings


def read(stack: str, config: Mapping[str, str], project: Path, environment: Mapping[str, str]) -> Loading:
    """Do the same as `load`, but return what is wrong beside what was read.

    Args:
        stack: as for `load`.
        config: as for `load`.
        project: as for `load`.
        environment: as for `load`.

    Returns:
        All of it.
    """
    own = stack_tree(stack, config, project)
    folder = _app_folder(own, project)
    allow = own.items.get("allowCommands")
    commands = Commands(folder or project, environment, are_allowed=bool(allow and allow.value in TRUE))
    loading = Loading(kamal_files(folder, stack), own)
    _merge_sources(loading, own, commands)
    loading.secrets = secrets = _secrets(loading, commands)
    loading.problems += secrets.problems
    loading.values = _values(loading.tree, folder)
    _name_accounts(loading, secrets)
    _fill_roles(loading, secrets)
    _fill_accessories(loading, secrets)
    _validate(loading)
    loading.problems += secrets.missing
    _check(loading, stack)
    # What is set for all roles is wrong in each of them.
    loading.problems = list(dict.fromkeys(loading.problems))
    if loading.settings:
        _fill_in(loading.settings, loading, secrets)
    return loading


def _fill_in(settings: Settings, loading: Loading, secrets: Secrets) -> None:
    """Give the settings what no key says."""
    settings._warnings = tuple(dict.fromkeys(loading.warnings))  # noqa: SLF001 - ours to fill
    if settings.app:
        settings._hooks = found_hooks(settings.app, settings.hooks_path)  # noqa: SLF001 - likewise
    settings._hook_secrets = {**secrets.files.values, **secrets.own}  # noqa: SLF001 - likewise


def _app_folder(own: Node, project: Path) -> Path | None:
    app = own.items.get("app")
    if app and isinstance(app.value, str):
        return (project / expanded(Path(app.value))).resolve()
    if app is None and (project / "config" / "deploy.yml").is_file():
        return project.resolve()
    return None


def _merge_sources(loading: Loading, own: Node, commands: Commands) -> None:
    """Lay the stack's configuration over Kamal's files, each in the model's keys first."""
    files = loading.files
    files.read(commands)
    loading.problems += files.problems
    for key in OWN_KEYS:
        if node := files.tree.items.get(key):
            rule = "belongs into the stack's configuration alone"
            loading.problems.append(
                node.problem(rule, f"Move it to {own.place.source.name}: backstaff:{key}.")
            )
    written = translate(files.tree.without(*OWN_KEYS), is_first=files.is_first)
    stack = translate(own)
    loading.problems += written.problems + stack.problems
    merged = merge(written.tree if files.exist else own.having({}), stack.tree)
    loading.tree = lay_roles(name_servers(merged), loading.problems)
    loading.warnings += files.warnings + written.warnings + stack.warnings


def _secrets(loading: Loading, commands: Commands) -> Secrets:
    path = find(loading.tree, ("secrets_path",))
    own = find(loading.tree, ("secrets",))
    values = {name: SecretStr(str(node.value)) for name, node in own.items.items()} if own else {}
    name = str(path.value) if path and isinstance(path.value, str) else ".kamal/secrets"
    return Secrets(loading.files, commands, name, values)


def _values(tree: Node, folder: Path | None) -> dict[str, Any]:
    values: dict[str, Any] = plain(tree.without("env"))
    if folder:
        values["app"] = folder
    fill_in(values)
    return values


def _name_accounts(loading: Loading, secrets: Secrets) -> None:
    """Replace Kamal's `[NAME]` under each `registry` by what NAME stands for.

    A name that was used for a registry is kept from the app: it has no need of it.
    """
    accessories = loading.values.get("accessories")
    above: list[tuple[str, ...]] = [()]
    if isinstance(accessories, dict):
        above += [("accessories", name) for name in accessories]
    for path in above:
        registry = _inner(loading.values, (*path, "registry"))
        if not isinstance(registry, dict):
            continue
        for key in ("username", "password"):
            node = find(loading.tree, (*path, "registry", key))
            match node.entries if node else []:
                case [Node(value=str(name)) as entry]:
                    value = secrets.look_up(name, Node(None, entry.place, entry.path[:-1]))
                    # An empty one is told like one that is not there.
                    registry[key] = value.get_secret_value() if value else "missing"


def _fill_roles(loading: Loading, secrets: Secrets) -> None:
    """Give each role's servers their variables."""
    kept = set(secrets.used)
    servers = loading.tree.items.get("servers")
    for name, role in servers.items.items() if servers else ():
        envs = role_envs(loading.tree, role, secrets, loading.problems, kept)
        loading.values["servers"][name]["env"] = envs


def _fill_accessories(loading: Loading, secrets: Secrets) -> None:
    """Give each accessory the variables that it names; it gets no others."""
    accessories = find(loading.tree, ("accessories",))
    for name, accessory in accessories.items.items() if accessories else ():
        if accessory.items:
            values = loading.values["accessories"][name]
            values["env"] = named_env(accessory.items.get("env"), secrets, loading.problems)


def _inner(values: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - of any shape
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _validate(loading: Loading) -> None:
    try:
        loading.settings = Settings.model_validate(loading.values)
    except ValidationError as error:
        is_whole = not loading.files.is_unreadable
        loading.problems += complaints(error, loading.tree, is_whole=is_whole)


def _check(loading: Loading, stack: str) -> None:
    """Check what the settings say about files, and about each other."""
    settings, values, files = loading.settings, loading.values, loading.files
    builder = None if settings and settings.is_prebuilt else _section(Builder, values, "builder")
    loading.problems += check_files(loading.tree, values.get("app"), builder, _section(Ssh, values, "ssh"))
    if "aws" in values and (aws := _section(Aws, values, "aws")):
        loading.problems += check_aws(loading.tree, values, aws)
    if (node := destination_of(loading.tree)) and not files.destination:
        rule = "is true, and there is no file for this stack"
        loading.problems.append(node.problem(rule, f"Write config/deploy.{stack}.yml."))
    if not settings:
        return
    loading.problems += _check_host_keys(settings, loading.tree)
    loading.problems += check_routes(settings.servers, loading.tree)
    loading.problems += check_accessories(settings, loading.tree)
    if settings.app is None and not settings.is_prebuilt:
        command = "pulumi config set --path 'backstaff:app' VALUE"
        remedy = f"Set it: {command}; or name a prebuilt image by a tag or digest."
        loading.problems.append(Problem(f"Pulumi.{stack}.yaml: backstaff:app", "is missing", remedy))
    if settings.app:
        problems, warnings = check_hooks(settings.app, settings.hooks_path)
        loading.problems += problems
        loading.warnings += warnings


def _check_host_keys(settings: Settings, tree: Node) -> list[Problem]:
    """Refuse a host key that pins no server: its server would be trusted at first sight."""
    return [
        node.problem(
            "is not one of the servers",
            f"Write the address as in backstaff:servers ({', '.join(settings.hosts)}).",
        )
        for address in settings.ssh.host_keys
        if address not in settings.hosts and (node := find(tree, ("ssh", "host_keys", address)))
    ]


def _section(model: type[Checked], values: Mapping[str, Any], key: str) -> Checked | None:
    """Take one section by itself, so that its files are checked whatever is wrong elsewhere."""
    try:
        return model.model_validate(values.get(key, {}))
    except ValidationError:
        return None
