"""Downloading Pulumi's release: checked, complete, or not used. From a web server on this machine."""

from __future__ import annotations

import hashlib
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.toolchain import download, release, space
from tools.toolchain.progress import step
from tools.toolchain.repository import engine_version

NAME = f"pulumi-v{engine_version()}-{release.platform_name()}.tar.gz"


class Site:
    """A web site of a few files; `cut` names one that breaks off in the middle."""

    def __init__(self) -> None:
        """Start serving on a free port."""
        self.files: dict[str, bytes] = {}
        self.cut = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Serve one file."""
                body = site.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body[: len(body) // 2] if site.cut == self.path else body)

            do_HEAD = do_GET  # noqa: N815 (named by http.server)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, cache_folder: Path) -> Iterator[Site]:
    """Return a site that stands for Pulumi's, with a good release on it."""
    assert not cache_folder.exists()
    site = Site()
    monkeypatch.setattr(release, "PROBE", site.url)
    monkeypatch.setattr(release, "ARCHIVES", (f"{site.url}/first/{NAME}", f"{site.url}/second/{NAME}"))
    monkeypatch.setattr(release, "CHECKSUMS", f"{site.url}/checksums.txt")
    monkeypatch.setattr(space, "need", lambda *_: None)
    archive = archive_of(
        {f"pulumi/{name}": f"#!{name}".encode() for name in (*release.PROGRAMS, "pulumi-watch")}
    )
    digest = hashlib.sha256(archive).hexdigest()
    site.files = {
        f"/first/{NAME}": archive,
        f"/second/{NAME}": archive,
        "/checksums.txt": f"{'0' * 64}  other.tar.gz\n{digest}  {NAME}\n".encode(),
    }
    yield site
    site.server.shutdown()
    site.server.server_close()


def archive_of(files: dict[str, bytes]) -> bytes:
    """Return a gzipped tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.usefixtures("site")
def test_what_is_needed_is_taken_from_the_release() -> None:
    """Three programs, executable, and nothing else; the archive is not kept."""
    assert release.get(step("engine"))
    assert {path.name for path in release.folder().iterdir()} == set(release.PROGRAMS)
    assert all(path.stat().st_mode & 0o111 for path in release.folder().iterdir())
    assert (release.folder() / "pulumi").read_bytes() == b"#!pulumi"


def test_the_second_place_is_asked_when_the_first_has_it_not(site: Site) -> None:
    """As Pulumi's installer does."""
    del site.files[f"/first/{NAME}"]
    assert release.get(step("engine"))


@pytest.mark.parametrize(
    "trouble", ["cut", "other file", "no checksum", "no checksums", "no archive", "no program"]
)
def test_a_release_that_is_not_whole_is_not_used(
    site: Site, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, nothing stays behind, and the next run gets it if it can."""
    good = dict(site.files)
    if trouble == "cut":
        site.cut = f"/first/{NAME}"
        del site.files[f"/second/{NAME}"]
    elif trouble == "other file":
        site.files = {path: b"\0" if NAME in path else body for path, body in good.items()}
    elif trouble == "no checksum":
        site.files["/checksums.txt"] = b"00  other.tar.gz\n"
    elif trouble == "no checksums":
        del site.files["/checksums.txt"]
    elif trouble == "no archive":
        site.files = {"/checksums.txt": good["/checksums.txt"]}
    else:
        archive = archive_of({"pulumi/pulumi": b"alone"})
        sums = f"{hashlib.sha256(archive).hexdigest()}  {NAME}\n".encode()
        site.files = {f"/first/{NAME}": archive, "/checksums.txt": sums}
    assert not release.get(step("engine"))
    assert "engine: the release is not used: " in capsys.readouterr().err
    assert list(release.folder().parent.iterdir()) == []
    site.files, site.cut = good, ""
    assert release.get(step("engine"))


def test_a_site_that_does_not_answer_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection refused says no at once; one that is silent says no when the time is out."""
    monkeypatch.setenv("no_proxy", "*")
    assert not download.is_reachable("http://127.0.0.1:1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert not download.is_reachable(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
        assert time.monotonic() - began < 2


def test_a_site_that_answers_with_an_error_is_there(site: Site) -> None:
    """Whatever it says, there is a network."""
    assert download.is_reachable(f"{site.url}/nothing-here")
