"""An AWS account on this machine: moto in server mode, with what AWS gives everybody, and failures on demand.

with Account() as account:
    ...  run what is to use it with account.environment
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs

import boto3

from tools.offline_plugins.aws import machines, power
from tools.offline_plugins.aws.api import Api
from tools.toolchain import boxes

REGION: Final = "us-east-1"
CANONICAL: Final = "099720109477"
# Release, name, and the disk that Canonical's parameter of it names.
RELEASES: Final = (("22.04", "jammy", "gp2"), ("24.04", "noble", "gp3"), ("26.04", "resolute", "gp3"))
FOLDERS: Final = {"gp2": "hvm-ssd", "gp3": "hvm-ssd-gp3"}
PARAMETERS: Final = "/aws/service/canonical/ubuntu/server"
ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "arm64"}
# The tables that moto reads when it is imported.
AMIS: Final = "MOTO_AMIS_PATH"
ERROR: Final = "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
STS_ERROR: Final = f"<ErrorResponse>{ERROR}<RequestId>0</RequestId></ErrorResponse>"
EC2_ERROR: Final = f"<Response><Errors>{ERROR}</Errors><RequestID>0</RequestID></Response>"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def image_id(release: str, arch: str, edition: int = 1) -> str:
    """Return the id of an image of Canonical's, made up of what it is."""
    return f"ami-{release.replace('.', '')}{'a' if arch == 'amd64' else 'b'}{edition:04d}"


class Account:
    """One account, empty but for a default network, Canonical's images, and the lab's key pair if asked for.

    Attributes:
        failures: operations that fail, such as `RunInstances`, with AWS's code and message.
        registry: address, user and password of what stands in for ECR's, behind which moto has nothing.
        environment: the variables by which AWS's SDKs find the account.
    """

    def __init__(self) -> None:
        """Start its server, on a port of its own."""
        self.failures: dict[str, tuple[str, str]] = {}
        self.registry: tuple[str, str, str] | None = None
        self._folder = tempfile.TemporaryDirectory()
        _describe_images(Path(self._folder.name) / "amis.json")
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - reads the tables at import
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import make_server  # noqa: PLC0415 - comes with moto

        application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._failing(application), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_SESSION_TOKEN": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self) -> Self:
        """Serve."""
        # It would write a line for each request.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._thread.start()
        _publish_images()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what still runs, forget all, and serve no longer."""
        for instance in self.instances():
            machines.remove(instance["InstanceId"])
        machines.clean()
        self.forget()
        self._server.shutdown()
        self._thread.join()
        self._folder.cleanup()

    def client(self, service: str, region: str = REGION) -> Any:  # noqa: ANN401 - made as it runs
        """Return a client of boto3 for the account."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nobody asks for it
        )

    def forget(self) -> None:
        """Empty the account."""
        from moto.backends import get_backend  # noqa: PLC0415 - as above

        for service in ("ec2", "ecr", "ssm"):
            get_backend(service).reset()  # type: ignore[call-overload, unused-ignore]
        _publish_images()

    def make_lab_key(self, file: Path) -> None:
        """Make the lab's key pair, as the lab does.

        Args:
            file: the private half is written there, mode 0600, as one downloads `labsuser.pem`.
        """
        made = self.client("ec2").create_key_pair(KeyName="vockey", KeyType="rsa")
        file.touch(mode=0o600)
        file.write_text(made["KeyMaterial"], encoding="utf-8")

    def instances(self, region: str = REGION) -> list[dict[str, Any]]:
        """List all instances that are not gone."""
        return [one for one in self._all(region) if one["State"]["Name"] != "terminated"]

    def left(self) -> list[str]:
        """Name all that the account has and did not have when it was empty."""
        ec2, ecr = self.client("ec2"), self.client("ecr")
        groups = ec2.describe_security_groups()["SecurityGroups"]
        volumes = ec2.describe_volumes()["Volumes"]
        return [
            *(one["InstanceId"] for one in self.instances()),
            *(one["AllocationId"] for one in ec2.describe_addresses()["Addresses"]),
            *(one["GroupId"] for one in groups if one["GroupName"] != "default"),
            *(one["VolumeId"] for one in volumes),
            *(one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"] if one["KeyName"] != "vockey"),
            *(one["repositoryName"] for one in ecr.describe_repositories()["repositories"]),
            # Others are those of another account on this machine.
            *sorted(self._numbers() & set(boxes.names())),
        ]

    def end_lab(self) -> None:
        """Stop all instances, as the lab does when its hours are over."""
        for instance in self.instances():
            power.stop(self._api(), instance["InstanceId"])

    def start_lab(self) -> None:
        """Start all instances, as the lab does when it is started."""
        for instance in self.instances():
            power.start(self._api(), instance["InstanceId"])

    def _all(self, region: str = REGION) -> list[dict[str, Any]]:
        """List all instances, also those that are gone."""
        groups = self.client("ec2", region).describe_instances()["Reservations"]
        return [instance for group in groups for instance in group["Instances"]]

    def _numbers(self) -> set[str]:
        """Give the ids of all instances, also those that are gone."""
        return {one["InstanceId"] for one in self._all()}

    def _api(self) -> Api:
        os.environ.update(self.environment)
        api = Api()
        api.use(REGION)
        return api

    def _failing(self, application: Wsgi) -> Wsgi:
        """Put the failures that are asked for before what moto answers."""

        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            # Newer services name the operation in a header, older ones in the body.
            target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            action = target or parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
            if action == "GetAuthorizationToken" and self.registry and action not in self.failures:
                start("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
                return [_token(*self.registry)]
            if action not in self.failures:
                return application({**environ, "wsgi.input": io.BytesIO(body)}, start)
            code, message = self.failures[action]
            start(
                "400 Bad Request", [("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")]
            )
            if target:
                return [json.dumps({"__type": code, "message": message}).encode()]
            form = STS_ERROR if action == "GetCallerIdentity" else EC2_ERROR
            return [form.format(code=code, message=message).encode()]

        return answer


def _token(server: str, user: str, password: str) -> bytes:
    """Answer as ECR does when it is asked for a token."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    expires = time.time() + 12 * 3600
    data = {"authorizationToken": token, "proxyEndpoint": f"https://{server}", "expiresAt": expires}
    return json.dumps({"authorizationData": [data]}).encode()


def _describe_images(file: Path) -> None:
    """Write Canonical's images down as moto reads them."""
    images = [
        {
            "ami_id": image_id(release, arch),
            "name": f"ubuntu/images/{FOLDERS[disk]}/ubuntu-{name}-{release}-{arch}-server-1",
            "description": f"Canonical, Ubuntu, {release}, {arch}",
            "owner_id": CANONICAL,
            "architecture": own_arch,
            "public": True,
            "state": "available",
            "virtualization_type": "hvm",
            "hypervisor": "xen",
            "root_device_type": "ebs",
            "root_device_name": "/dev/sda1",
            "image_location": "amazon/ubuntu",
            "image_type": "machine",
            "platform": "linux",
            "sriov": "simple",
            "creation_date": "2026-10-01T00:00:00.000Z",
        }
        for release, name, disk in RELEASES
        for arch, own_arch in ARCHITECTURES.items()
    ]
    file.write_text(json.dumps(images), encoding="utf-8")
    os.environ[AMIS] = str(file)
    os.environ["MOTO_ENABLE_AMI_VALIDATION"] = "true"
    os.environ["MOTO_ENABLE_KEYPAIR_VALIDATION"] = "true"


def _publish_images() -> None:
    """Set Canonical's public parameters, which no caller may set."""
    from moto.core import DEFAULT_ACCOUNT_ID  # noqa: PLC0415 - reads the tables at import
    from moto.ssm.models import Parameter, ssm_backends  # noqa: PLC0415 - as above

    for region in ("us-east-1", "us-west-2"):
        for release, _, disk in RELEASES:
            for arch in ARCHITECTURES:
                name = f"{PARAMETERS}/{release}/stable/current/{arch}/hvm/ebs-{disk}/ami-id"
                parameter = Parameter(
                    account_id=DEFAULT_ACCOUNT_ID,
                    name=name,
                    value=image_id(release, arch),
                    parameter_type="String",
                    description=None,
                    allowed_pattern=None,
                    keyid=None,
                    last_modified_date=0,
                    version=1,
                    data_type="aws:ec2:image",
                )
                ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters[name] = [parameter]  # noqa: SLF001
