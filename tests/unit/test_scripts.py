"""The scripts' bundle: the same bytes for the same scripts, and unpacked by a real bash."""

from __future__ import annotations

import base64
import gzip
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from render.scripts import REMOTE, Bundle, bundle

LINE = "readonly PACKED_SCRIPTS="


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Copy the scripts to where they can be changed.

    Args:
        tmp_path: where.

    Returns:
        Their folder.
    """
    return Path(shutil.copytree(REMOTE, tmp_path / "remote"))


def archive(packed: Bundle) -> tarfile.TarFile:
    """Open the archive that a bundle's program carries."""
    first = packed.program.split("\n")[0]
    assert first.startswith(LINE)
    content = gzip.decompress(base64.b64decode(first.removeprefix(LINE), validate=True))
    return tarfile.open(fileobj=io.BytesIO(content))


def test_the_same_scripts_give_the_same_bytes(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depend neither on the day, nor on when the files were written, nor on their folder or mode."""
    before = bundle(remote)
    monkeypatch.setattr("time.time", lambda: 1_000_000_000.0)
    for script in remote.iterdir():
        os.utime(script, (1, 1))
        script.chmod(0o644)

    assert bundle(remote) == before == bundle()


@pytest.mark.parametrize("name", sorted(script.name for script in REMOTE.glob("*.sh")))
def test_one_byte_gives_another_digest(remote: Path, name: str) -> None:
    """Bring a changed script to the server: every one counts, the one that unpacks the others too."""
    before = bundle(remote).digest
    with (remote / name).open("a") as script:
        script.write("\n")

    assert bundle(remote).digest != before


def test_a_new_name_gives_another_digest(remote: Path) -> None:
    """Count names, not only contents."""
    before = bundle(remote).digest
    (remote / "write-env.sh").rename(remote / "write-envs.sh")

    assert bundle(remote).digest != before


def test_the_archive_holds_all_scripts_but_the_first() -> None:
    """Pack steps by their name alone, libraries by their file names, and not what does the unpacking."""
    scripts = {script.stem: script for script in REMOTE.glob("*.sh")}
    for library in (name for name in list(scripts) if name.startswith("lib")):
        scripts[f"{library}.sh"] = scripts.pop(library)
    del scripts["connect"]

    with archive(bundle()) as packed:
        entries = {entry.name: entry for entry in packed}
        contents = {name: packed.extractfile(entry) for name, entry in entries.items()}

        assert entries.keys() == scripts.keys()
        for name, stream in contents.items():
            assert stream is not None
            assert stream.read() == scripts[name].read_bytes()
            assert entries[name].mode == 0o500
            assert (entries[name].uid, entries[name].gid, entries[name].mtime) == (0, 0, 0)


def test_the_digest_can_name_a_folder() -> None:
    """Name the folder on the server by 8 hex digits."""
    digest = bundle().digest

    assert len(digest) == 8
    assert set(digest) <= set("0123456789abcdef")


def unpack(folder: Path, system: str) -> subprocess.CompletedProcess[str]:
    """Run the program as on a server whose state lies in a folder and whose system is as given."""
    (folder / "os-release").write_text(system)
    sudo = folder / "bin" / "sudo"
    sudo.parent.mkdir(exist_ok=True)
    sudo.write_text('#!/bin/sh\nshift\nexec "$@"\n')
    sudo.chmod(0o755)
    packed = bundle()
    program = packed.program
    for there, here in {
        "readonly STATE=/var/lib/backstaff\n": f"readonly STATE='{folder}/state'\n",
        "/etc/os-release": f"'{folder}/os-release'",
        "command -v cloud-init": "command -v no-such-cloud-init",
    }.items():
        assert there in program
        program = program.replace(there, here)
    return subprocess.run(
        ["bash", "-s", "--", packed.digest],
        input=program,
        text=True,
        capture_output=True,
        env={**os.environ, "PATH": f"{sudo.parent}:{os.environ['PATH']}"},
        check=False,
        timeout=20,
    )


def test_a_real_bash_unpacks_the_scripts(tmp_path: Path) -> None:
    """Put every script on the server, for its owner only, and find them there the second time."""
    digest = bundle().digest

    first = unpack(tmp_path, "ID=debian\n")
    second = unpack(tmp_path, "ID=debian\n")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout.endswith(f"step 1, connect: scripts {digest} put on the server\n")
    assert second.stdout.endswith(f"step 1, connect: scripts {digest} are already there\n")
    folder = tmp_path / "state" / "bin" / digest
    assert (folder / "lib.sh").read_bytes() == (REMOTE / "lib.sh").read_bytes()
    assert (folder / "start-candidate").read_bytes() == (REMOTE / "start-candidate.sh").read_bytes()
    assert {script.stat().st_mode & 0o777 for script in folder.iterdir()} == {0o500}
    assert folder.stat().st_mode & 0o777 == 0o700
    # Nothing half made is left behind.
    assert [entry.name for entry in folder.parent.iterdir()] == [digest]


def test_nothing_is_unpacked_on_another_system(tmp_path: Path) -> None:
    """Refuse a server that the steps cannot work on, by name, before anything is put there."""
    done = unpack(tmp_path, 'ID=fedora\nPRETTY_NAME="Fedora 42"\n')

    assert done.returncode == 1
    assert done.stderr == "step 1, connect: the server runs Fedora 42; Ubuntu or Debian is needed\n"
    assert not (tmp_path / "state").exists()
