"""Image names: what Docker's reference library takes for a registry, a repository, a tag, a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tools.offline_plugins.plugin import PluginError

HUB = "docker.io"
HUB_SIGN_IN = "https://index.docker.io/v1/"
"""The key under which credentials for Docker Hub are kept."""

_HUB_NAMES = frozenset({"index.docker.io", HUB, "registry-1.docker.io"})
_LONGEST_REPOSITORY = 255

_PART = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
    rf"(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")
_SHA256 = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")


class ImageNameError(PluginError):
    """A text that is no image name."""


@dataclass(frozen=True)
class ImageName:
    """A normalized image name.

    Attributes:
        domain: The registry, e.g. `docker.io` or `127.0.0.1:5000`.
        path: The repository on it, e.g. `library/nginx`.
        tag: The tag, empty when there is none.
        digest: The digest with its algorithm, empty when there is none.
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.domain}/{self.path}"

    @property
    def tag_or_latest(self) -> str:
        """The tag, `latest` when neither tag nor digest is given."""
        return self.tag or ("" if self.digest else "latest")

    def with_digest(self, digest: str) -> ImageName:
        """Name the same repository by digest."""
        return replace(self, tag="", digest=digest)

    def __str__(self) -> str:
        """Write the whole name."""
        tag = f":{self.tag}" if self.tag else ""
        return self.name + tag + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> ImageName:
    """Read an image name, and fill in Docker Hub where it names no registry.

    Args:
        text: The name as written.

    Raises:
        ImageNameError: When it is no image name.
    """
    if _IMAGE_ID.fullmatch(text):
        raise ImageNameError(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    domain, rest = _split_domain(text)
    repository = rest.partition(":")[0]
    if repository != repository.lower():
        raise ImageNameError(f"invalid reference format: repository name ({repository}) must be lowercase")
    match = _REFERENCE.fullmatch(f"{domain}/{rest}")
    if match is None:
        lowered = _REFERENCE.fullmatch(f"{domain}/{rest}".lower())
        raise ImageNameError("repository name must be lowercase" if lowered else "invalid reference format")
    if len(match["path"]) > _LONGEST_REPOSITORY:
        raise ImageNameError(f"repository name must not be more than {_LONGEST_REPOSITORY} characters")
    return ImageName(match["domain"] or "", match["path"], match["tag"] or "", match["digest"] or "")


def parse_qualified(text: str) -> ImageName:
    """Read an image name that says everything itself, its registry too.

    Args:
        text: The name as written.

    Raises:
        ImageNameError: When it is no image name, or its registry has to be guessed.
    """
    name = parse(text)
    if str(name) != text:
        raise ImageNameError("repository name must be canonical")
    return name


def is_digest(text: str) -> bool:
    """Tell whether a text is a content digest of a known algorithm."""
    return _SHA256.fullmatch(text) is not None


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash:
        return HUB, f"library/{text}"
    if first == "index.docker.io":
        first = HUB
    elif first != "localhost" and not set(".:") & set(first) and first == first.lower():
        first, rest = HUB, text
    if first == HUB and "/" not in rest:
        rest = f"library/{rest}"
    return first, rest


def host_of(address: str) -> str:
    """Take scheme and path off a registry's address.

    Args:
        address: For example `https://registry.example.com/v2/`.

    Returns:
        Host and port, e.g. `registry.example.com`.
    """
    if "://" in address:
        host = urlsplit(address).netloc.rpartition("@")[2]
        if host:
            return host
    return address.partition("/")[0]


def registry_address(server: str, image: str) -> str:
    """Say for which registry an image needs credentials.

    Args:
        server: The registry as the user gave it; empty means the one in the image's name.
        image: The image's name.

    Returns:
        The registry's host, or the key that stands for Docker Hub.

    Raises:
        ImageNameError: When there is no server and the image's name is not fully qualified.
    """
    if server:
        host = host_of(server)
    else:
        try:
            host = parse_qualified(image).domain
        except ImageNameError as error:
            raise ImageNameError(
                f'"{image}": {error}.\nThis resource requires all image names to be fully qualified.\n'
                "For example, if you are attempting to push to Dockerhub, prefix your image name with "
                "`docker.io`:\n\n`docker.io/repository/image:tag`"
            ) from error
    return HUB_SIGN_IN if host in _HUB_NAMES else host
