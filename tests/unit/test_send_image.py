"""Sending an image without the layers that the server has."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from components.send_image import Layers, SendError, copy_without, read_layers

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
