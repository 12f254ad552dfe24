"""What several of the model's sections are made of: types, patterns, and how a section behaves."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from settings import rules

# What Docker's object names accept and its DNS resolves, so that a service can name containers and hosts;
# short enough for a DNS label of 63 characters together with a role and a release.
NAME = r"^[a-z0-9]([a-z0-9_-]{0,34}[a-z0-9])?$"
# A host, an IPv4 or an IPv6 address: what SSH connects to.
HOST = r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$"
# A registry: a host with an optional port, and no scheme.
SERVER = r"^[A-Za-z0-9.-]+(:[0-9]+)?$"
# An image that can be pulled: a repository with tag, digest or neither.
REFERENCE = r"^[a-z0-9][A-Za-z0-9._/:@-]*$"
# A volume's name or a folder of the server, a path in the container, and Docker's options for the two.
VOLUME = r"^[A-Za-z0-9/][A-Za-z0-9_./-]*:/[^:,]*(:[A-Za-z,]+)?$"
# An option of `docker run`, without its dashes.
OPTION = r"^[a-z][a-z0-9-]*$"

Count = Annotated[int, BeforeValidator(rules.number)]
Port = Annotated[Count, Field(ge=1, le=65535)]
Seconds = Annotated[int, BeforeValidator(rules.seconds), Field(ge=0, le=3600)]
Host = Annotated[str, Field(pattern=HOST), AfterValidator(rules.host)]
Labels = Annotated[dict[str, str], AfterValidator(rules.labels)]


class Section(BaseModel):
    """A group of settings: frozen, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Registry(Section):
    """Where the app's image is pushed to and pulled from.

    Attributes:
        server: host and port; Docker Hub if not set.
        username: the account's name.
        password: its password or access token.
    """

    server: str = Field(default="docker.io", pattern=SERVER)
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
