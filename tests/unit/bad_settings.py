"""Bad settings, each with all that is said about it, word for word."""

from __future__ import annotations

from typing import Any

from tests.unit.project import BASE, PASSWORD

FILE = "Pulumi.test.yaml"
KEY = f"{FILE}: backstaff:"
REGISTRY: dict[str, Any] = BASE["registry"]
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"


def change(path: str) -> str:
    """Write the remedy for a value that one command sets right."""
    return f"Change it: pulumi config set --path 'backstaff:{path}' VALUE."


def missing(path: str, option: str = "") -> str:
    """Write what is said about a key that is needed and not there."""
    key = path.removesuffix("[0]")
    return f"{KEY}{key}: is missing. Set it: pulumi config set {option}--path 'backstaff:{path}' VALUE."


IN_FILE = f"Correct it in {FILE}."
SERVICE = (
    "must be 1 to 36 lower-case letters, digits, dashes and underscores, with a letter or digit at both ends"
)
IMAGE = "must be a repository in lower-case letters, such as ada/hello; a tag if prebuilt"
HOST = "must be a host name or an address, without a user or a scheme"
DOMAIN = "must be a host name, such as www.example.org, without a scheme"
SERVER = "must be a host with an optional port, such as ghcr.io, without a scheme"
USER = "must be the name of a user: lower-case letters, digits, dashes and underscores"
URL_PATH = 'must start with "/" and hold no blank, backtick, brace or bracket'
HOST_KEY = "must be a public host key, such as ssh-ed25519 AAAA..., as ssh-keyscan prints it"
REFERENCE = "must be an image, such as docker.io/library/traefik:v3.7"
UNKNOWN = "is not a known key"
NO_IDEA = "Remove it, or see the README for the known keys."

# What differs from the base, and all that is said about it.
BAD: list[tuple[dict[str, Any], list[str]]] = [
    # Keys that are not known, with the nearest one of the same section.
    ({"servce": "x"}, [f"{KEY}servce: {UNKNOWN}. Did you mean service?"]),
    ({"deploy_timout": "9"}, [f"{KEY}deploy_timout: {UNKNOWN}. Did you mean deploy_timeout?"]),
    ({"zzzz": "x"}, [f"{KEY}zzzz: {UNKNOWN}. {NO_IDEA}"]),
    ({"proxy": {"app_prt": 1}}, [f"{KEY}proxy.app_prt: {UNKNOWN}. Did you mean app_port?"]),
    ({"proxy": {"service": "x"}}, [f"{KEY}proxy.service: {UNKNOWN}. {NO_IDEA}"]),
    (
        {"proxy": {"healthcheck": {"pth": "/"}}},
        [f"{KEY}proxy.healthcheck.pth: {UNKNOWN}. Did you mean path?"],
    ),
    (
        {"registry": REGISTRY | {"pasword": PASSWORD}},
        [f"{KEY}registry.pasword: {UNKNOWN}. Did you mean password?"],
    ),
    ({"builder": {"contxt": "."}}, [f"{KEY}builder.contxt: {UNKNOWN}. Did you mean context?"]),
    ({"envs": "x"}, [f"{KEY}envs: {UNKNOWN}. Did you mean env?"]),
    # The app's variables: no value is shown.
    (
        {"env": PASSWORD},
        [f"{KEY}env: must be a group of variables. Write `NAME: value` lines below it."],
    ),
    (
        {"env": {"A": [PASSWORD]}},
        [f"{KEY}env.A: must be text, a number, true or false. Write it on one line."],
    ),
    (
        {"env": {"clear": {}, "A": PASSWORD}},
        [
            (
                f"{KEY}env.A: stands beside clear, secret or tags, which hold variables "
                "once one of them is there. Move A under env.clear."
            )
        ],
    ),
    # Keys that are needed.
    (
        {"app": None},
        [
            (
                f"{KEY}app: is missing. Set it: pulumi config set --path 'backstaff:app' VALUE; "
                "or name a prebuilt image by a tag or digest."
            )
        ],
    ),
    ({"service": None}, [missing("service")]),
    ({"servers": None}, [missing("servers[0]")]),
    ({"registry": {}}, [missing("registry.username"), missing("registry.password", "--secret ")]),
    ({"registry": {"username": "ada"}}, [missing("registry.password", "--secret ")]),
    ({"registry": {"password": PASSWORD}}, [missing("registry.username")]),
    # Names.
    ({"service": "HelloApp"}, [f'{KEY}service: {SERVICE} (got "HelloApp"). {change("service")}']),
    ({"service": "-hello"}, [f'{KEY}service: {SERVICE} (got "-hello"). {change("service")}']),
    ({"service": "hello-"}, [f'{KEY}service: {SERVICE} (got "hello-"). {change("service")}']),
    ({"service": "hello\n"}, [f'{KEY}service: {SERVICE} (got "hello\\n"). {change("service")}']),
    ({"service": "a" * 37}, [f'{KEY}service: {SERVICE} (got "{"a" * 37}"). {change("service")}']),
    ({"service": ""}, [f'{KEY}service: {SERVICE} (got ""). {change("service")}']),
    ({"service": "hell\u00f6"}, [f'{KEY}service: {SERVICE} (got "hell\u00f6"). {change("service")}']),
    ({"service": ["a"]}, [f'{KEY}service: must be text, in quotes (got ["a"]). {IN_FILE}']),
    ({"image": "Hello"}, [f'{KEY}image: {IMAGE} (got "Hello"). {change("image")}']),
    ({"image": "hello:"}, [f'{KEY}image: {IMAGE} (got "hello:"). {change("image")}']),
    ({"image": "hello@sha256:1"}, [f'{KEY}image: {IMAGE} (got "hello@sha256:1"). {change("image")}']),
    # The gate, releases to bring back, and how the container runs.
    (
        {"proxy": {"healthcheck": {"status": ["2xx"]}}},
        [
            (
                f"{KEY}proxy.healthcheck.status[0]: must be a status such as 200, "
                f'or a range such as "200-399" (got "2xx"). {change("proxy.healthcheck.status[0]")}'
            )
        ],
    ),
    (
        {"proxy": {"healthcheck": {"successes": 0}}},
        [
            (
                f"{KEY}proxy.healthcheck.successes: must be at least 1 (got 0). "
                f"{change('proxy.healthcheck.successes')}"
            )
        ],
    ),
    (
        {"rollback": "yesterday"},
        [
            (
                f'{KEY}rollback: must be "previous" or the id of a release, such as 9e52547c5edd-a1b2c3 '
                f'(got "yesterday"). {change("rollback")}'
            )
        ],
    ),
    (
        {"volumes": ["data"]},
        [
            (
                f"{KEY}volumes[0]: must be NAME:PATH or FOLDER:PATH with absolute paths, such as "
                f'data:/var/lib/data (got "data"). {change("volumes[0]")}'
            )
        ],
    ),
    # Servers.
    (
        {"servers": []},
        [f"{KEY}servers: has no hosts. Name some: it is the role that goes before the others."],
    ),
    (
        {"servers": ["a", "A"]},
        [f'{KEY}servers: must name each host once (a stands twice) (got ["a", "A"]). {IN_FILE}'],
    ),
    ({"servers": "192.0.2.1"}, [f'{KEY}servers: must be a list (got "192.0.2.1"). {change("servers[0]")}']),
    ({"servers": ["ubuntu@a"]}, [f'{KEY}servers[0]: {HOST} (got "ubuntu@a"). {change("servers[0]")}']),
    ({"servers": ["-oProxy"]}, [f'{KEY}servers[0]: {HOST} (got "-oProxy"). {change("servers[0]")}']),
    ({"servers": [203]}, [f"{KEY}servers[0]: must be text, in quotes (got 203). {IN_FILE}"]),
    # The registry: what may hold the password is not shown.
    ({"registry": f"ada:{PASSWORD}"}, [f"{KEY}registry: must be a group of keys. {IN_FILE}"]),
    ({"registry": ["ada", PASSWORD]}, [f"{KEY}registry: must be a group of keys. {IN_FILE}"]),
    ({"registry": f'{{"password": "{PASSWORD}"'}, [f"{KEY}registry: must be a group of keys. {IN_FILE}"]),
    (
        {"registry": REGISTRY | {"username": ""}},
        [f'{KEY}registry.username: must not be empty (got ""). {change("registry.username")}'],
    ),
    (
        {"registry": REGISTRY | {"password": ""}},
        [
            (
                f"{KEY}registry.password: must not be empty. "
                "Change it: pulumi config set --secret --path 'backstaff:registry.password' VALUE."
            )
        ],
    ),
    (
        {"registry": REGISTRY | {"password": 4711}},
        [f"{KEY}registry.password: must be text, in quotes. {IN_FILE}"],
    ),
    (
        {"registry": REGISTRY | {"password": ["A", PASSWORD]}},
        [f"{KEY}registry.password: must be text, in quotes. {IN_FILE}"],
    ),
    (
        {"registry": REGISTRY | {"password": ["NOWHERE"]}},
        [
            (
                f"{KEY}registry.password: names NOWHERE, which has no value. "
                "Set NOWHERE in the environment or in .env."
            )
        ],
    ),
    (
        {"registry": REGISTRY | {"password": [PASSWORD]}},
        [
            (
                f"{KEY}registry.password: names a variable, which has no value. "
                "Set it in the environment or in .env."
            )
        ],
    ),
    (
        {"registry": {"username": ["NOBODY"], "password": ["NOWHERE"]}},
        [
            (
                f"{KEY}registry.username: names NOBODY, which has no value. "
                "Set NOBODY in the environment or in .env."
            ),
            (
                f"{KEY}registry.password: names NOWHERE, which has no value. "
                "Set NOWHERE in the environment or in .env."
            ),
        ],
    ),
    (
        {"registry": REGISTRY | {"server": "https://ghcr.io"}},
        [f'{KEY}registry.server: {SERVER} (got "https://ghcr.io"). {change("registry.server")}'],
    ),
    (
        {"registry": REGISTRY | {"server": "ghcr.io/ada"}},
        [f'{KEY}registry.server: {SERVER} (got "ghcr.io/ada"). {change("registry.server")}'],
    ),
    # The proxy.
    ({"proxy": "x"}, [f'{KEY}proxy: must be a group of keys (got "x"). {IN_FILE}']),
    (
        {"proxy": {"app_port": 0}},
        [f"{KEY}proxy.app_port: must be at least 1 (got 0). {change('proxy.app_port')}"],
    ),
    (
        {"proxy": {"app_port": 65536}},
        [f"{KEY}proxy.app_port: must be at most 65535 (got 65536). {change('proxy.app_port')}"],
    ),
    (
        {"proxy": {"app_port": "http"}},
        [f'{KEY}proxy.app_port: must be a whole number (got "http"). {change("proxy.app_port")}'],
    ),
    (
        {"proxy": {"app_port": 80.5}},
        [f"{KEY}proxy.app_port: must be a whole number (got 80.5). {change('proxy.app_port')}"],
    ),
    (
        {"proxy": {"hosts": ["a.example", "https://b.example"]}},
        [f'{KEY}proxy.hosts[1]: {DOMAIN} (got "https://b.example"). {change("proxy.hosts[1]")}'],
    ),
    (
        {"proxy": {"hosts": ["{{ env }}"]}},
        [f'{KEY}proxy.hosts[0]: {DOMAIN} (got "{{{{ env }}}}"). {change("proxy.hosts[0]")}'],
    ),
    ({"proxy": {"hosts": "a"}}, [f'{KEY}proxy.hosts: must be a list (got "a"). {IN_FILE}']),
    (
        {"proxy": {"healthcheck": {"path": "up"}}},
        [f'{KEY}proxy.healthcheck.path: {URL_PATH} (got "up"). Write "/up".'],
    ),
    *[
        (
            {"proxy": {"healthcheck": {"path": path}}},
            [f'{KEY}proxy.healthcheck.path: {URL_PATH} (got "{path}"). {change("proxy.healthcheck.path")}'],
        )
        for path in ("/up now", "/`up`", "/{a,b}", "/[1-9]")
    ],
    (
        {"proxy": {"healthcheck": {"interval": 0}}},
        [
            (
                f"{KEY}proxy.healthcheck.interval: must be more than 0 (got 0). "
                f"{change('proxy.healthcheck.interval')}"
            )
        ],
    ),
    (
        {"proxy": {"healthcheck": {"timeout": 61}}},
        [
            (
                f"{KEY}proxy.healthcheck.timeout: must be at most 60 (got 61). "
                f"{change('proxy.healthcheck.timeout')}"
            )
        ],
    ),
    (
        {"proxy": {"healthcheck": {"timeout": "5 s."}}},
        [
            (
                f'{KEY}proxy.healthcheck.timeout: must be a number (got "5 s."). '
                f"{change('proxy.healthcheck.timeout')}"
            )
        ],
    ),
    # SSH: the text of a key is not shown, wherever it was put.
    ({"ssh": {"user": "Root"}}, [f'{KEY}ssh.user: {USER} (got "Root"). {change("ssh.user")}']),
    ({"ssh": {"port": 70000}}, [f"{KEY}ssh.port: must be at most 65535 (got 70000). {change('ssh.port')}"]),
    (
        {"ssh": {"keys": ["a", "b"]}},
        [f'{KEY}ssh.keys: must have no more entries than 1 (got ["a", "b"]). {IN_FILE}'],
    ),
    ({"ssh": {"keys": "~/.ssh/id"}}, [f'{KEY}ssh.keys: must be a list (got "~/.ssh/id"). {IN_FILE}']),
    ({"ssh": {"keys": PRIVATE_KEY}}, [f"{KEY}ssh.keys: must be a list. {IN_FILE}"]),
    (
        {"ssh": {"keys": [PRIVATE_KEY + "x" * 300]}},
        [f"{KEY}ssh.keys: names a file, and is not the key itself. Write the key's path."],
    ),
    (
        {"ssh": {"keys": ["no-such-key"]}},
        [f"{KEY}ssh.keys: no such file: no-such-key. Name the private key of the server's user."],
    ),
    (
        {"ssh": {"keys": ["~nobody-here/key"]}},
        [f"{KEY}ssh.keys: no such file: ~nobody-here/key. Name the private key of the server's user."],
    ),
    (
        {"ssh": {"keys": ["k" * 300]}},
        [f"{KEY}ssh.keys: no such file: {'k' * 300}. Name the private key of the server's user."],
    ),
    *[
        (
            {"ssh": {"host_keys": {"203.0.113.10": key}}},
            [
                f'{KEY}ssh.host_keys["203.0.113.10"]: {HOST_KEY} (got "{key}"). '
                + change('ssh.host_keys["203.0.113.10"]')
            ],
        )
        for key in ("AAAAC3Nz", "203.0.113.10 ssh-ed25519 AAAAC3Nz", "ssh-ed25519", "SHA256:abc")
    ],
    (
        {"ssh": {"host_keys": {"203.0.113.11": "ssh-ed25519 AAAAC3Nz"}}},
        [
            (
                f'{KEY}ssh.host_keys["203.0.113.11"]: is not one of the servers. '
                "Write the address as in backstaff:servers (203.0.113.10)."
            )
        ],
    ),
    # The build.
    (
        {"builder": {"arch": "arm"}},
        [f"{KEY}builder.arch: must be 'amd64' or 'arm64' (got \"arm\"). {change('builder.arch')}"],
    ),
    (
        {"builder": {"args": {"A": [1]}}},
        [f"{KEY}builder.args.A: must be text, in quotes (got [1]). {IN_FILE}"],
    ),
    (
        {"builder": {"dockerfile": "Dockerfile.prod"}},
        [
            (
                f"{KEY}builder.dockerfile: there is no Dockerfile.prod in /project/app. "
                "Write one, or name it in builder.dockerfile."
            )
        ],
    ),
    (
        {"builder": {"context": "web"}},
        [(f"{KEY}builder.context: there is no folder web in /project/app. Name the build's context.")],
    ),
    # The app.
    ({"app": "nowhere"}, [f"{KEY}app: no such folder: /project/nowhere. Name the app's folder."]),
    (
        {"app": "app/Dockerfile"},
        [f"{KEY}app: no such folder: /project/app/Dockerfile. Name the app's folder."],
    ),
    ({"app": ["app"]}, [f'{KEY}app: must be a path (got ["app"]). {IN_FILE}']),
    # Traefik, times and counts.
    (
        {"traefik": {"http_port": -1}},
        [f"{KEY}traefik.http_port: must be at least 1 (got -1). {change('traefik.http_port')}"],
    ),
    (
        {"traefik": {"image": "--privileged"}},
        [f'{KEY}traefik.image: {REFERENCE} (got "--privileged"). {change("traefik.image")}'],
    ),
    (
        {"deploy_timeout": "0"},
        [f'{KEY}deploy_timeout: must be at least 1 (got "0"). {change("deploy_timeout")}'],
    ),
    (
        {"deploy_timeout": "30 parsecs"},
        [f'{KEY}deploy_timeout: must be a whole number (got "30 parsecs"). {change("deploy_timeout")}'],
    ),
    (
        {"drain_timeout": "-1"},
        [f'{KEY}drain_timeout: must be at least 0 (got "-1"). {change("drain_timeout")}'],
    ),
    (
        {"stop_timeout": "3601"},
        [f'{KEY}stop_timeout: must be at most 3600 (got "3601"). {change("stop_timeout")}'],
    ),
    (
        {"retain_containers": "0"},
        [f'{KEY}retain_containers: must be at least 1 (got "0"). {change("retain_containers")}'],
    ),
    # All at once, files too.
    (
        {"app": "nowhere", "service": "A", "servers": None, "ssh": {"keys": ["nokey"]}, "zzzz": "1"},
        [
            f'{KEY}service: {SERVICE} (got "A"). {change("service")}',
            missing("servers[0]"),
            f"{KEY}zzzz: {UNKNOWN}. {NO_IDEA}",
            f"{KEY}app: no such folder: /project/nowhere. Name the app's folder.",
            f"{KEY}ssh.keys: no such file: nokey. Name the private key of the server's user.",
        ],
    ),
    ({"service": None, "zzzz": "1"}, [missing("service"), f"{KEY}zzzz: {UNKNOWN}. {NO_IDEA}"]),
]
