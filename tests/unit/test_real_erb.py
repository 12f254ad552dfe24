"""ERB that Ruby itself renders where the stack allows it, and ERB that is read without, compared with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml

from settings.load import Loading, read

pytestmark = pytest.mark.skipif(not shutil.which("erb"), reason="needs Ruby's erb, which .ci/run installs")

LOOPS = """\
<% hosts = %w[203.0.113.10] -%>
service: <%= File.read("name").strip %>
servers:
<% hosts.each do |host| -%>
  - <%= host %>
<% end -%>
builder: {arch: amd64}
labels: {sum: <%= `echo $((3 + 4))`.strip %>}
"""
LOOK_UPS = """\
service: <%= ENV["NAME"] || "nobody" %>
image: <%= ENV.fetch("OWNER", "ada") %>/<%= ENV.fetch('NAME') { "x" } -%>

servers: [<%= ENV["NOT_SET"] || (ENV.fetch("HOST")) %>]
builder: {arch: amd64} # <%= ENV["NOT_SET"] %>
<%# a comment %>
labels: {port: <%= ENV.fetch("PORT", 80).to_i %>, blank: "<%= ENV["NOT_SET"].to_s %>"}
"""
ENVIRONMENT = {"PATH": os.environ["PATH"], "NAME": "hello", "HOST": "203.0.113.10", "PORT": "8000"}


def load(folder: Path, text: str, *, is_allowed: bool) -> Loading:
    """Read a file as the program does."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "deploy.yml").write_text(text, encoding="utf-8")
    (folder / "Dockerfile").touch()
    (folder / "name").write_text("hello\n", encoding="utf-8")
    config = {"app": str(folder), "allowCommands": "true" if is_allowed else "false"}
    return read("dev", config, folder, ENVIRONMENT)


def test_ruby_renders_what_the_stack_allows(tmp_path: Path) -> None:
    """Run loops, files and commands in the app's folder, and only with the stack's leave."""
    refused = load(tmp_path, LOOPS, is_allowed=False)
    assert "config/deploy.yml:1:1: is ERB that only Ruby can run" in str(refused.problems[0])

    allowed = load(tmp_path, LOOPS, is_allowed=True)
    assert (allowed.problems, allowed.settings and allowed.settings.service) == ([], "hello")
    assert allowed.settings is not None
    assert (allowed.settings.hosts, allowed.settings.labels) == (("203.0.113.10",), {"sum": "7"})


def test_what_ruby_cannot_run_is_told(tmp_path: Path) -> None:
    """Name the file and how to try it by hand; show nothing of what it printed."""
    (problem,) = load(tmp_path, 'a: <%= raise "secret-9" %>', is_allowed=True).problems
    assert str(problem) == (
        "config/deploy.yml: is ERB that could not be run: it ended with status 1. "
        "Try it by hand: erb -T - config/deploy.yml"
    )


def test_look_ups_mean_what_they_mean_to_ruby(tmp_path: Path) -> None:
    """Read look-ups without Ruby, and come to the same settings as with it."""
    # The loop makes Ruby necessary and changes nothing.
    with_ruby = load(tmp_path, LOOK_UPS + "<% 1.times { } -%>\n", is_allowed=True).settings
    without = load(tmp_path, LOOK_UPS, is_allowed=False).settings

    assert without is not None
    assert with_ruby is not None
    exclude = {"allow_commands"}
    assert without.model_dump(exclude=exclude) == with_ruby.model_dump(exclude=exclude)
    assert yaml.safe_load(without.labels["port"]) == 8000
