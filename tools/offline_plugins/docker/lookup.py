"""The look-up `docker:index/getRegistryImage:getRegistryImage`: the digest that a registry has for a name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException

from tools.offline_plugins.docker.registry_auth import RegistryAuth, find
from tools.offline_plugins.plugin import PluginError

HTTP_OK, HTTP_UNAUTHORIZED = 200, 401
REQUEST_SECONDS = 60

_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
_OLD_MANIFEST = "application/vnd.docker.distribution.manifest.v1+prettyjws"
_BEARER_HOSTS = re.compile(
    r"(ghcr\.io|gcr\.io|public\.ecr\.aws|.*\.azurecr\.io|.*dkr\.ecr\..*\.amazonaws\.com)"
)
_ECR_HOSTS = re.compile(r".*dkr\.ecr\..*\.amazonaws\.com")


class LookupFailure(PluginError):
    """Why a registry told no digest."""


@dataclass(frozen=True)
class Place:
    """Where an image is, as the look-up takes a name apart.

    Attributes:
        registry: Host of the registry.
        repository: The repository on it.
        tag: Tag or digest.
    """

    registry: str
    repository: str
    tag: str


def place_of(image: str) -> Place:
    """Take an image's name apart.

    Args:
        image: The name; without a registry it is on Docker Hub, without a tag it is `latest`.

    Returns:
        Where the image is. A digest wins over a tag.
    """
    first = image.partition("/")[0]
    has_registry = image.count("/") > 1 or (
        "/" in image and (bool(set(".:") & set(first)) or first == "localhost")
    )
    registry = first if has_registry else ""
    repository, _, tag = image[len(registry) :].partition(":")
    repository = repository.removeprefix("/") if registry else repository
    if "@" in tag:
        tag = tag.partition("@")[2]
    if not registry:
        registry = "registry-1.docker.io"
        repository = repository if "/" in repository else f"library/{repository}"
    return Place(registry, repository, tag or "latest")


def registry_digest(image: str, auths: Mapping[str, RegistryAuth], *, trusts_anyone: bool) -> str:
    """Ask a registry for the digest of an image.

    Args:
        image: The image's name.
        auths: The provider's `registryAuth`.
        trusts_anyone: Whether the registry's certificate does not matter.

    Returns:
        The digest with its algorithm.

    Raises:
        LookupFailure: When the registry does not tell it.
    """
    place = place_of(image)
    auth = find(auths, place.registry)
    try:
        return _digest(place, auth, _MANIFESTS, trusts_anyone=trusts_anyone)
    except LookupFailure:
        pass  # an old registry may know only the old form of a manifest
    try:
        return _digest(place, auth, (_OLD_MANIFEST,), trusts_anyone=trusts_anyone)
    except LookupFailure as error:
        raise LookupFailure(
            f"Got error when attempting to fetch image version {place.repository}:{place.tag} "
            f"from registry: {error}"
        ) from error


def _digest(place: Place, auth: RegistryAuth, forms: tuple[str, ...], *, trusts_anyone: bool) -> str:
    url = f"{auth.address}/v2/{place.repository}/manifests/{place.tag}"
    headers = {"Accept": ", ".join(forms), **_authorization(place.registry, auth)}
    context = ssl._create_unverified_context() if trusts_anyone else None  # noqa: S323, SLF001 - what was asked for
    status, answer, body = _ask("HEAD", url, headers, context)
    if status == HTTP_UNAUTHORIZED:
        challenge = answer.get("www-authenticate", "")
        if not challenge.startswith("Bearer "):
            raise LookupFailure(f"bad credentials: {status} Unauthorized")
        headers["Authorization"] = f"Bearer {_token(challenge, auth, place.repository, context)}"
        status, answer, body = _ask("HEAD", url, headers, context)
        if status == HTTP_OK and "docker-content-digest" not in answer:
            status, answer, body = _ask("GET", url, headers, context)
    if status != HTTP_OK:
        raise LookupFailure(f"got bad response from registry: {_status_text(status)}")
    if answer.get("docker-content-digest"):
        return str(answer["docker-content-digest"])
    if not body:
        raise LookupFailure("error reading registry response body: <nil>")
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _authorization(registry: str, auth: RegistryAuth) -> dict[str, str]:
    if not auth.username:
        return {}
    if not _BEARER_HOSTS.fullmatch(registry):
        return {"Authorization": f"Basic {_encoded(f'{auth.username}:{auth.password}')}"}
    if _ECR_HOSTS.fullmatch(registry):
        return {"Authorization": "Basic " + _encoded("AWS:" + auth.password.removeprefix("AWS:"))}
    return {"Authorization": f"Bearer {_encoded(auth.password)}"}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _token(challenge: str, auth: RegistryAuth, repository: str, context: ssl.SSLContext | None) -> str:
    """Get a token from the server that a registry refers to; without credentials where it refuses these."""
    options = dict(re.findall(r'(\w+)="(.*?)"', challenge))
    wanted = {
        "scope": options.get("scope") or f"repository:{repository}:push,pull",
        "service": options.get("service", ""),
    }
    url = f"{options.get('realm', '')}?{urllib.parse.urlencode(wanted)}"
    basic = (
        {"Authorization": f"Basic {_encoded(f'{auth.username}:{auth.password}')}"} if auth.username else {}
    )
    status, _, body = _ask("GET", url, {"Accept": "application/json", **basic}, context)
    if basic and status in (HTTP_UNAUTHORIZED, 403):
        status, _, body = _ask("GET", url, {"Accept": "application/json"}, context)
    if status != HTTP_OK:
        raise LookupFailure(f"got bad response from registry: {_status_text(status)}")
    try:
        answer = json.loads(body)
        token: str = answer.get("token") or answer["access_token"]
    except (ValueError, KeyError) as error:
        raise LookupFailure("error unsupported OAuth response") from error
    return token


def _ask(
    method: str, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None
) -> tuple[int, Message[str, str], bytes]:
    if not url.startswith(("https://", "http://")):
        raise LookupFailure(f'Error during registry request: "{url}" is not an address of a registry')
    request = urllib.request.Request(url, headers=dict(headers), method=method)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS, context=context) as answer:  # noqa: S310
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()
    except urllib.error.URLError as error:
        raise LookupFailure(
            f'Error during registry request: {method.title()} "{url}": {_reason(error)}'
        ) from error
    except (OSError, HTTPException) as error:
        raise LookupFailure(f'Error during registry request: {method.title()} "{url}": {error}') from error


def _reason(error: urllib.error.URLError) -> object:
    """Say what went wrong; most often a registry without TLS was addressed without `http://`."""
    is_plain = isinstance(error.reason, ssl.SSLError) and error.reason.reason in _PLAIN_HTTP
    return "http: server gave HTTP response to HTTPS client" if is_plain else error.reason


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
