"""Kamal's keys that are not honoured here: refused, or told once where they only tune Kamal itself."""

from __future__ import annotations

from dataclasses import dataclass

from settings.tree import Path

# What a role can hold, in either generation.
ROLE_KEYS = (
    "hosts",
    "cmd",
    "options",
    "labels",
    "env",
    "logging",
    "proxy",
    "asset_path",
    "stop_timeout",
    "traefik",
    "healthcheck",
    # Known to this program alone.
    "stop_first",
    "schedule",
)
# What an accessory can hold: Kamal's keys, and those that only this program knows.
ACCESSORY_KEYS = (
    *(
        "service",
        "image",
        "host",
        "hosts",
        "role",
        "roles",
        "tag",
        "tags",
        "cmd",
        "port",
        "labels",
        "options",
    ),
    *("env", "files", "directories", "volumes", "network", "proxy", "registry"),
    *("healthcheck", "deploy_timeout", "stop_timeout", "refresh", "remove_data"),
)


@dataclass(frozen=True)
class Unhonoured:
    """A key that is known and not honoured.

    Attributes:
        path: the key.
        why: the reason, after `is not honoured: `.
        remedy: how to get the same, or how to go on.
        fine: values that ask for nothing but what happens anyway.
    """

    path: str
    why: str
    remedy: str = "Take it away to go on without."
    fine: tuple[object, ...] = ()

    @property
    def keys(self) -> Path:
        """The path, key by key."""
        return tuple(self.path.split("."))


TLS = "this program ends no TLS yet"
TLS_REMEDY = "Let what stands in front of the server end it, and take the key away."
NOT_HERE = "it is for kamal-proxy, and Traefik stands here in its place"
OWN_SSH = "the connection is made with Go's SSH client, which reads no such setting"

REFUSED = (
    Unhonoured("error_pages_path", "the proxy has no error pages of its own here"),
    Unhonoured("proxy.ssl", TLS, TLS_REMEDY, (False,)),
    Unhonoured(
        "proxy.forward_headers",
        "the proxy sets X-Forwarded-* itself, and does not trust what clients send",
        fine=(False,),
    ),
    Unhonoured("proxy.buffering", "the proxy passes requests and responses on as they come"),
    Unhonoured(
        "proxy.run.publish", "the proxy has to be reached from outside", "Take it away.", fine=(True,)
    ),
    Unhonoured("proxy.run.bind_ips", "the proxy listens on all addresses"),
    Unhonoured("proxy.run.https_port", TLS, TLS_REMEDY),
    Unhonoured("proxy.run.options", "they are options for kamal-proxy's container, which is not run"),
    Unhonoured("builder.remote", "the image is built on this machine", "Take it away; builder.arch stays."),
    Unhonoured("builder.local.host", "the image is built by this machine's own Docker"),
    Unhonoured("builder.pack", "the image is built from a Dockerfile", "Write a Dockerfile."),
    Unhonoured(
        "builder.secrets", "the build gets no secrets yet", "Build without, or name a prebuilt image."
    ),
    Unhonoured("builder.ssh", "the build gets no SSH agent yet", "Build without, or name a prebuilt image."),
    Unhonoured("builder.provenance", "the build attests nothing", fine=(False,)),
    Unhonoured("builder.sbom", "the build attests nothing", fine=(False,)),
    Unhonoured(
        "ssh.proxy", "there is no way over a jump host yet", "Run this program where the server is reached."
    ),
    Unhonoured(
        "ssh.proxy_command",
        "there is no way over a jump host yet",
        "Run this program where the server is reached.",
    ),
    Unhonoured("ssh.key_data", "keys are files here", "Write ssh.keys with the file's path."),
    Unhonoured(
        "healthcheck.cmd",
        "health is asked for over HTTP, through the proxy",
        "Write healthcheck.path, which has to answer with a status from 200 to 299.",
    ),
    Unhonoured("traefik.publish", "the proxy has to be reached from outside", "Take it away.", fine=(True,)),
    Unhonoured(
        "traefik.labels", "the proxy reads no labels", "Write the host under proxy.host, and take it away."
    ),
    Unhonoured("traefik.options", "the proxy's container is run by this program alone"),
    Unhonoured("traefik.env", "the proxy's container is run by this program alone"),
)

OF_AN_ACCESSORY = (
    Unhonoured(
        "proxy.healthcheck",
        "an accessory is routed to as soon as it is ready",
        "Write its own healthcheck.cmd, or take it away.",
    ),
    Unhonoured("proxy.run", "it is for all that a server runs", "Write it under the root's proxy."),
)

WARNED = (
    Unhonoured("sshkit", OWN_SSH),
    Unhonoured("minimum_version", "Kamal does not run"),
    Unhonoured("aliases", "Kamal does not run"),
    Unhonoured("hooks_output", "`pulumi up` prints what a hook says"),
    Unhonoured("output", "`pulumi up` prints what happens"),
    Unhonoured("run_directory", "files on the server lie in /var/lib/backstaff"),
    Unhonoured("boot.parallel_roles", "a server's roles are started side by side anyway", fine=(True,)),
    Unhonoured("proxy.ssl_redirect", "it means something with proxy.ssl only", fine=(True,)),
    Unhonoured("proxy.logging", NOT_HERE),
    Unhonoured("proxy.run.metrics_port", NOT_HERE),
    Unhonoured("proxy.run.debug", NOT_HERE, fine=(False,)),
    Unhonoured("proxy.run.log_max_size", NOT_HERE),
    Unhonoured("proxy.run.registry", NOT_HERE),
    Unhonoured("proxy.run.repository", NOT_HERE),
    Unhonoured("proxy.run.version", NOT_HERE),
    Unhonoured("builder.cache", "this machine's own build cache is used"),
    Unhonoured("builder.driver", "this machine's own Docker builds", fine=("docker",)),
    Unhonoured("builder.local", "the image is built on this machine anyway", fine=(True,)),
    Unhonoured("builder.multiarch", "the image is built for builder.arch alone", fine=(False,)),
    Unhonoured(
        "ssh.config", "~/.ssh/config is not read: ssh.user, .port and .keys say it all", fine=(False,)
    ),
    Unhonoured("ssh.log_level", OWN_SSH),
    Unhonoured("ssh.keys_only", OWN_SSH),
    Unhonoured("ssh.forward_agent", OWN_SSH, fine=(False,)),
    Unhonoured("healthcheck.cord", "a release is cut over by the proxy's route, not by a file"),
    Unhonoured("healthcheck.log_lines", "the last lines of a failed release's log are always shown"),
    Unhonoured("traefik.image", "this program runs the version that it was tried with"),
    Unhonoured("traefik.args", "this program writes the proxy's configuration itself"),
)
# Arguments of Traefik that the app's visitors would miss.
MEANT_TRAEFIK_ARGS = (
    "certificatesresolvers",
    "certificatesResolvers",
    "entryPoints",
    "entrypoints",
    "providers",
)
