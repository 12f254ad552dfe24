"""Sending an image without the layers that the server has."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from local.send_image import Layers, SendError, copy_without, read_layers

ROOT = Path(__file__).parent.parent.parent
LAYERS = Layers(["a/layer.tar", "b/layer.tar", "c/layer.tar"], ["sha256:1", "sha256:2", "sha256:3"])


def write(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> tarfile.TarFile:
    """Write an archive and open it."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return tarfile.open(path)


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ([], 0),
        ([["sha256:9"]], 0),
        ([["sha256:2", "sha256:3"]], 0),
        ([["sha256:9"], ["sha256:1", "sha256:2", "sha256:8"], ["sha256:1"]], 2),
        ([["sha256:1", "sha256:2", "sha256:3", "sha256:4"]], 3),
    ],
)
def test_only_layers_from_the_lowest_on_count(others: list[list[str]], count: int) -> None:
    """Count what an image of the server shares from the bottom up: a layer is what lies below it, too."""
    assert LAYERS.already(others) == count


def test_a_layer_that_comes_again_higher_up_is_sent() -> None:
    """Leave out no member that a layer above the shared ones uses."""
    twice = Layers(["a", "b", "a"], ["sha256:1", "sha256:2", "sha256:1"])

    assert twice.left_out(2) == {"b"}


def test_the_layers_are_read_from_manifest_and_config(tmp_path: Path) -> None:
    """Read members and digests in the image's order, and refuse what is no image."""
    manifest = json.dumps([{"Config": "c.json", "Layers": LAYERS.paths}]).encode()
    config = json.dumps({"rootfs": {"diff_ids": LAYERS.digests}}).encode()

    assert read_layers(write(tmp_path / "1", {"manifest.json": manifest, "c.json": config})) == LAYERS
    for number, files in enumerate([{}, {"manifest.json": b"[]"}, {"manifest.json": b"no"}]):
        with pytest.raises(SendError, match="cannot be read"):
            read_layers(write(tmp_path / f"bad-{number}", files))


FAKE_SSH = """#!/bin/bash
if [[ ${*: -1} == *list-layers* ]]; then echo sha256:1; exit; fi
count=$(($(cat count 2>/dev/null) + 1)); echo "$count" >count
if ((count <= REFUSALS)); then exit 1; fi
cat >received
"""


@pytest.mark.parametrize(("refusals", "status", "tries"), [(0, 0, 1), (1, 0, 2), (2, 1, 2)])
def test_a_server_that_wants_all_layers_gets_them(
    tmp_path: Path, refusals: int, status: int, tries: int
) -> None:
    """Send everything to a server that does not take less, and end in words if it refuses that too."""
    manifest = json.dumps([{"Config": "c.json", "Layers": ["a", "b"]}]).encode()
    config = json.dumps({"rootfs": {"diff_ids": ["sha256:1", "sha256:2"]}}).encode()
    big = os.urandom(3_000_000)  # more than a pipe holds, compressed or not
    write(tmp_path / "image", {"manifest.json": manifest, "c.json": config, "a": b"lowest", "b": big}).close()
    for name, text in {"ssh": FAKE_SSH, "docker": "#!/bin/sh\ncat image\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    words = ["--image", "sha256:0", "--name", "hello:0", "--host", "h", "--port", "22"]
    words += ["--user", "root", "--scripts", "/s"]

    done = subprocess.run(
        [sys.executable, "-m", "local.send_image", *words],
        input="ssh-ed25519 AAAA", text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}", "REFUSALS": str(refusals)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip

    assert done.returncode == status, done.stdout
    assert (tmp_path / "count").read_text() == f"{tries}\n"
    if status:
        assert done.stdout.splitlines()[-1] == (
            "step 5, send: h did not take the image; what it said is above"
        )
    else:
        with tarfile.open(tmp_path / "received") as received:
            assert ("a" in received.getnames()) is (tries == 2)
            assert "b" in received.getnames()


def test_the_copy_lacks_what_is_left_out_but_for_what_is_linked_to(tmp_path: Path) -> None:
    """Copy all other members byte for byte, compressed."""
    files = {"a/layer.tar": b"1" * 10, "b/layer.tar": b"22", "c/layer.tar": b"333", "manifest.json": b"[]"}
    archive = write(tmp_path / "image", files, {"d/layer.tar": "../b/layer.tar"})
    into = io.BytesIO()

    copied = copy_without(archive, frozenset({"a/layer.tar", "b/layer.tar"}), into)

    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(into.getvalue()))) as copy:
        assert copy.getnames() == ["b/layer.tar", "c/layer.tar", "manifest.json", "d/layer.tar"]
        layer = copy.extractfile("c/layer.tar")
        assert layer is not None
        assert layer.read() == b"333"
    assert copied == len("22" + "333" + "[]")
