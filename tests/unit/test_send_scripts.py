"""Putting the scripts on a server by this machine's SSH client, here one that does as it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from render.scripts import bundle

ROOT = Path(__file__).parent.parent.parent
# Fails as often as it is told to, with the words that it is told; keeps what it was given.
FAKE_SSH = """#!/bin/bash
printf '%s\\n' "$@" >arguments
for word in "$@"; do
  case $word in
  UserKnownHostsFile=*) cp "${word#*=}" known_hosts ;;
  */key) cp --preserve=mode "$word" key ;;
  esac
done
count=$(($(cat count 2>/dev/null) + 1))
echo "$count" >count
cat >received
if ((count <= FAILURES)); then echo "$WORDS" >&2; exit "$STATUS"; fi
echo 'step 1, connect: done'
"""
KEYS = "ssh-ed25519 AAAAhost\n-----BEGIN KEY-----\nsecret-5a\n-----END KEY-----\n"
SCRIPTS = f"/var/lib/backstaff/bin/{bundle().digest}"


def send(
    folder: Path, *flags: str, failures: int = 0, words: str = "", status: int = 255, keys: str = KEYS
) -> subprocess.CompletedProcess[str]:
    """Run the program against an SSH client that fails so many times."""
    (folder / "ssh").write_text(FAKE_SSH)
    (folder / "ssh").chmod(0o755)
    where = ["--host", "203.0.113.9", "--port", "2222", "--user", "ubuntu", "--scripts", SCRIPTS]
    told = {"FAILURES": str(failures), "WORDS": words, "STATUS": str(status)}
    return subprocess.run(
        [sys.executable, "-m", "local.send_scripts", *where, *flags],
        input=keys, text=True, check=False, capture_output=True, cwd=folder, timeout=30,
        env=told | {"PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip


def test_the_scripts_arrive_with_keys_in_files_of_this_users_alone(tmp_path: Path) -> None:
    """Send what unpacks them; check the server's key; name the private key's file and never show it."""
    done = send(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "step 1, connect: done\n", "")
    assert (tmp_path / "received").read_text() == bundle().program
    arguments = (tmp_path / "arguments").read_text()
    assert arguments.endswith(f"ubuntu@203.0.113.9\nbash -s -- {bundle().digest}\n")
    assert "StrictHostKeyChecking=yes\n" in arguments
    assert "secret-5a" not in arguments
    assert (tmp_path / "known_hosts").read_text() == "[203.0.113.9]:2222 ssh-ed25519 AAAAhost\n"
    assert (tmp_path / "key").read_text() == KEYS.partition("\n")[2]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_without_a_key_the_agent_is_asked(tmp_path: Path) -> None:
    """Name no file where the settings name none."""
    assert send(tmp_path, keys="ssh-ed25519 AAAAhost\n").returncode == 0
    assert "-i\n" not in (tmp_path / "arguments").read_text()


def test_they_are_taken_away_as_root(tmp_path: Path) -> None:
    """Run the script that removes them, with nothing to read."""
    assert send(tmp_path, "--remove").returncode == 0
    assert (tmp_path / "arguments").read_text().endswith(f"\nsudo -n {SCRIPTS}/remove-scripts\n")
    assert (tmp_path / "received").read_text() == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "ssh: connect to host 203.0.113.9 port 2222: Connection refused"),
        (("--fresh",), "ubuntu@203.0.113.9: Permission denied (publickey)."),
    ],
)
def test_a_server_that_may_yet_answer_is_tried_again(
    tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    """Wait for one that starts, and where it was just made also for its keys; tell no first try."""
    done = send(tmp_path, *flags, failures=1, words=words)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "count").read_text() == "2\n"


@pytest.mark.parametrize(
    "words", ["ubuntu@h: Permission denied (publickey).", "Host key verification failed."]
)
def test_what_will_not_change_is_told_at_once(tmp_path: Path, words: str) -> None:
    """Say who could not log in where, why, and what to check."""
    done = send(tmp_path, failures=9, words=f"something before\n{words}")
    assert done.returncode == 1
    assert (tmp_path / "count").read_text() == "1\n"
    assert done.stderr == (
        f"step 1, connect: cannot log in as ubuntu at 203.0.113.9, port 2222: {words.rstrip('.')}. "
        "Check servers, ssh.user, ssh.port and ssh.keys, and that the port is open.\n"
    )


def test_what_the_server_refuses_is_its_own_word(tmp_path: Path) -> None:
    """Pass on why the server cannot be used, and try no more."""
    done = send(tmp_path, failures=1, status=1, words="step 1, connect: the server runs Fedora")
    assert (done.returncode, done.stderr) == (1, "step 1, connect: the server runs Fedora\n")
    assert (tmp_path / "count").read_text() == "1\n"
