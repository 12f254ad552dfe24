"""The digest of a build context: what counts, and exactly what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.docker_app import App

FILES = {
    "Dockerfile": "FROM scratch\nCOPY . /\n",
    "a.log": "log",
    "docs/guide.md": "guide",
    "docs/draft/idea.md": "idea",
    "src/main.py": "main",
    "src/lib/part.py": "part",
    "src/lib/part.pyc": "compiled",
    "~x": "tilde",
    "é": "accent",
}


def _lay_out(folder: Path, ignored: str | None) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    (folder / "src/main.py").chmod(0o755)
    (folder / "src/lib/part.py").chmod(0o4711)
    (folder / "docs/link.md").symlink_to("draft/idea.md")
    if ignored is not None:
        (folder / ".dockerignore").write_text(ignored)
        (folder / ".dockerignore").chmod(0o600)


@pytest.mark.parametrize(
    ("ignored", "digest"),
    [
        pytest.param(
            None, "e2b03f2ff7dc8f230d2c27041bd1e160ef2005309dde919e2355d73346463d4d", id="no ignore file"
        ),
        pytest.param(
            "", "76762dfaecf7d0f02673cb789092764e6d2a806a01105c82e6f83a983b64dd35", id="an empty ignore file"
        ),
        pytest.param(
            "# all logs\n\n  *.log  \n",
            "65776c29943a113b72f5989f2aa7bb811e6250a138997e7fd7b3f76f65882359",
            id="comments and spaces",
        ),
        pytest.param(
            "**/*.pyc\n/docs/../docs/draft\n",
            "8d80607a23651b330776c03fd3bf8135cd4fbe73821cfb0eb616e6f51807fa53",
            id="any depth and odd paths",
        ),
        pytest.param(
            "docs\n!docs/draft/idea.md\n",
            "eda82929a7a015396c6174cf545973e0e7d46cdb57d376458e902832a3253601",
            id="an exception in a folder",
        ),
        pytest.param(
            "docs\n!**/idea.md\n",
            "e4d258ed87a8cd9d5cc3b7b7b24148b79ddd4744aab3dfeae04aef523a072189",
            id="an exception with a wildcard",
        ),
        pytest.param(
            "*\n!src\nsrc/lib/*.py[cx]\n",
            "6682351dc7b7ef523dec5b4944a8c6a673374c5f74172a3f103ae36244f3eaf7",
            id="all but a folder",
        ),
        pytest.param(
            "src/**/part.py\n**/dr?ft/**\n[é~]*\n",
            "83ed0508124de32e813203fb21804cfdcb5e740a76fe621b6dab3699d6b878f5",
            id="wildcards",
        ),
        pytest.param(
            "Dockerfile\n.dockerignore\n",
            "471c4c8bf5191f534b33d16a4e7a63dc5422b52678e70f6fce9915bc1ded6a9e",
            id="the build's own files",
        ),
    ],
)
def test_the_digest_is_the_official_one(app: App, ignored: str | None, digest: str) -> None:
    """The digest agrees to the letter with the official plugin's, so that changing plugins builds nothing."""
    _lay_out(app.folder / "tree", ignored)
    outcome = app.stack.preview(app.program(build={"context": "tree"}))
    new = outcome.step("app").new
    assert new is not None
    assert new.inputs is not None
    assert new.inputs["build"]["contextDigest"] == digest


def test_an_ignore_file_of_the_dockerfile_wins(app: App) -> None:
    """`<Dockerfile>.dockerignore` takes the place of the one in the context."""
    app.write(".dockerignore", "page.txt\n")
    app.write("Dockerfile.dockerignore", "other.txt\n")
    app.write("other.txt", "x")
    app.up(skip_push=True)
    assert "page.txt" in app.files()
    assert "other.txt" not in app.files()


def test_a_loop_of_links_is_an_error(app: App) -> None:
    """A link that leads to itself is named."""
    Path(app.folder, "app", "loop").symlink_to("loop")
    error = app.stack.preview(app.program()).error("app")
    assert error == (
        'unable to hash build context: error while hashing "loop": '
        "could not evaluate symlink at app/loop: EvalSymlinks: too many links"
    )


def test_a_dangling_link_is_none(app: App) -> None:
    """A link to nothing is built in as it is."""
    Path(app.folder, "app", "dangling").symlink_to("nowhere")
    app.up(skip_push=True)
    assert app.files()["dangling"].linkname == "nowhere"


def test_a_bad_pattern_is_an_error(app: App) -> None:
    """A pattern without meaning is shown with its neighbours."""
    app.write(".dockerignore", "*.log\nsrc/[a-\n")
    error = app.stack.preview(app.program()).error("app")
    assert (
        error
        == "unable to hash build context: invalid excludepatterns: [*.log src/[a-]: syntax error in pattern"
    )
