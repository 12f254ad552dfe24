"""The plugin itself."""

from __future__ import annotations

from tools.offline_plugins.aws import functions
from tools.offline_plugins.aws.api import Api
from tools.offline_plugins.aws.eip import Eip
from tools.offline_plugins.aws.instance import Instance
from tools.offline_plugins.aws.key_pair import KeyPair
from tools.offline_plugins.aws.registry import LifecyclePolicy, Repository
from tools.offline_plugins.aws.security_group import SecurityGroup
from tools.offline_plugins.plugin import Plugin, refuse_unknown
from tools.offline_plugins.serving import serve
from tools.offline_plugins.values import Properties, revealed

DEFAULTS = ("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation")


class AwsPlugin(Plugin):
    """The stand-in for `pulumi-resource-aws`. Endpoint and credentials come from AWS's own variables."""

    name = "aws"
    version = "7.51.1"

    def __init__(self) -> None:
        self._api = Api()
        types = (SecurityGroup, KeyPair, Instance, Eip, Repository, LifecyclePolicy)
        super().__init__(
            {one.token: one(self._api) for one in types},
            {
                functions.GET_INSTANCE: lambda _, given: functions.get_instance(self._api, given),
                functions.GET_TOKEN: lambda _, given: functions.get_authorization_token(self._api, given),
            },
        )

    def check_configuration(self, inputs: Properties) -> Properties:
        """Refuse options that the program has no use for; the SDK sets those of `DEFAULTS` by itself."""
        refuse_unknown(inputs, ("region", *DEFAULTS), "the provider aws")
        return inputs

    def configure(self, inputs: Properties) -> None:
        """Take over the region, and see that the credentials are accepted, as the real plugin does."""
        region = revealed(inputs).get("region")
        self._api.use(region if isinstance(region, str) else None)


def main() -> None:
    """Serve the plugin."""
    serve(AwsPlugin())
