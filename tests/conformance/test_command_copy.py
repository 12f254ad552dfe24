"""`remote.CopyToRemote`: files, folders and texts on a server."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pulumi
import pytest
from pulumi_command import remote

from tests.conformance.ssh_server import Server
from tests.conformance.stacks import Program, Stack, is_secret


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with a file and, below another folder, a second one."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "sub" / "two.txt").write_text("two")
    return folder


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Return a folder on the server, with a folder and a file in it."""
    folder = tmp_path / "there"
    (folder / "dir").mkdir(parents=True)
    (folder / "file").write_text("old and longer than the new content")
    return folder


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def _copy(server: Server, name: str, source: pulumi.Asset | pulumi.Archive, path: Path) -> None:
    remote.CopyToRemote(name, connection=server.connection(), source=source, remote_path=str(path))


def test_where_a_copy_lands(stack: Stack, server: Server, source: Path, there: Path) -> None:
    """A folder lands below its name unless its path ends in a slash; a file in a folder, or as named."""

    def program() -> None:
        _copy(server, "folder-to-folder", pulumi.FileArchive(str(source)), there / "dir")
        _copy(server, "folder-to-new", pulumi.FileArchive(str(source)), there / "new" / "deep")
        _copy(server, "content-to-new", pulumi.FileArchive(f"{source}/"), there / "content")
        _copy(server, "file-to-folder", pulumi.FileAsset(str(source / "one.txt")), there / "dir")
        _copy(server, "file-to-new", pulumi.FileAsset(str(source / "one.txt")), there / "far" / "away.txt")
        _copy(server, "file-to-file", pulumi.FileAsset(str(source / "one.txt")), there / "file")
        _copy(server, "text-to-new", pulumi.StringAsset("text"), there / "by" / "text.txt")

    done = stack.up(program)

    assert not done.failed, done.text
    assert _files(there) == {
        "dir/source/one.txt": "one",
        "dir/source/sub/two.txt": "two",
        "new/deep/source/one.txt": "one",
        "new/deep/source/sub/two.txt": "two",
        "content/one.txt": "one",
        "content/sub/two.txt": "two",
        "dir/one.txt": "one",
        "far/away.txt": "one",
        "file": "one",
        "by/text.txt": "text",
    }
    assert re.fullmatch("[0-9a-f]{8}", stack.export()["file-to-new"]["id"])
    assert is_secret(stack.export()["file-to-new"]["inputs"]["connection"])


def test_what_cannot_be_copied_is_an_error(stack: Stack, server: Server, source: Path, there: Path) -> None:
    """A folder onto a file, a text onto a folder or below a file fail, each naming the path."""
    (there / "dir" / "source").write_text("in the way")

    def program() -> None:
        _copy(server, "folder-to-file", pulumi.FileArchive(str(source)), there / "file")
        _copy(server, "folder-blocked", pulumi.FileArchive(str(source)), there / "dir")
        _copy(server, "text-to-folder", pulumi.StringAsset("text"), there / "dir")
        _copy(server, "below-a-file", pulumi.StringAsset("text"), there / "file" / "text")

    done = stack.up(program, continue_on_error=True)

    assert f"{there}/file" in done.error("folder-to-file")
    assert f"remote path {there}/dir/source exists but is not a directory" in done.error("folder-blocked")
    assert (
        f"remote path {there}/dir is a directory; when using a text asset, remotePath must be a file path"
        in done.error("text-to-folder")
    )
    assert f"{there}/file" in done.error("below-a-file")
    assert (there / "file").read_text().startswith("old")


def test_a_copy_is_made_again_when_content_or_path_changes(
    stack: Stack, server: Server, source: Path, there: Path
) -> None:
    """New content or another path copies, as an update; a touched file does not; deletion leaves the copy."""
    path = source / "one.txt"

    def program(name: str, user: str = "root") -> Program:
        return lambda: remote.CopyToRemote(
            "copy",
            connection=server.connection(user=user),
            source=pulumi.FileAsset(str(path)),
            remote_path=str(there / name),
        )

    stack.up(program("a"))
    os.utime(path, (0, 0))
    assert stack.up(program("a")).steps["copy"] == ["same"]

    path.write_text("1")
    assert stack.preview(program("a")).steps["copy"] == ["update"]
    assert (there / "a").read_text() == "one"
    assert stack.up(program("a")).steps["copy"] == ["update"]
    assert (there / "a").read_text() == "1"

    assert stack.up(program("b")).steps["copy"] == ["update"]
    assert _files(there) | {"file": ""} == {"a": "1", "b": "1", "file": ""}

    connections = server.connections
    assert stack.up(program("b", user="other")).steps["copy"] == ["update"]
    assert stack.destroy().steps["copy"] == ["delete"]
    assert (there / "b").exists()
    assert server.connections == connections


def test_a_changed_trigger_copies_again_as_a_new_resource(stack: Stack, server: Server, there: Path) -> None:
    """A changed trigger replaces the resource, which copies whether or not the content changed."""

    def program(trigger: str) -> Program:
        return lambda: remote.CopyToRemote(
            "copy",
            connection=server.connection(),
            source=pulumi.StringAsset("text"),
            remote_path=str(there / "a"),
            triggers=[trigger],
        )

    stack.up(program("1"))
    (there / "a").unlink()

    assert "create-replacement" in stack.up(program("2")).steps["copy"]
    assert (there / "a").read_text() == "text"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            pulumi.RemoteAsset("file:///etc/hostname"),
            "asset must be a path-based file asset or a text asset",
        ),
        (
            pulumi.AssetArchive({"a": pulumi.StringAsset("text")}),
            "archive must be a path to a file or directory",
        ),
        (None, "Missing required field 'source' on 'remote.CopyToRemoteInputs'"),
    ],
    ids=["elsewhere", "parts", "nothing"],
)
def test_a_source_that_cannot_be_copied_is_refused(
    stack: Stack, server: Server, source: pulumi.Asset | pulumi.Archive | None, reason: str
) -> None:
    """A source must be a file, a folder or a text of this machine; a preview says so already."""
    inputs = {"connection": server.connection(), "remotePath": "/nowhere", "source": source}

    done = stack.preview(lambda: pulumi.CustomResource("command:remote:CopyToRemote", "copy", inputs))

    assert done.failed
    assert reason in done.text
