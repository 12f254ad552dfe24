"""A small web app: a page with its version and the public part of its env, and its health on /up.

The standard library alone, so that the image is the base image and this file.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

VERSION = Path(__file__).with_name("VERSION").read_text(encoding="utf-8").strip()
GREETING = os.environ.get("GREETING", "Hello")
PORT = int(os.environ.get("PORT", "8000"))


def page() -> str:
    """Write the page; of the variables, only what is named PUBLIC_ is for everybody to see."""
    shown = "".join(
        f"<li>{escape(name)}={escape(value)}</li>\n"
        for name, value in sorted(os.environ.items())
        if name.startswith("PUBLIC_")
    )
    head = f"<h1>{escape(GREETING)}</h1>\n<p>version {escape(VERSION)} on {socket.gethostname()}</p>\n"
    return f"{head}<ul>\n{shown}</ul>\n"


class Handler(BaseHTTPRequestHandler):
    """Answers three paths: `/`, `/up`, and `/slow?seconds=N` for trying what happens to long requests."""

    protocol_version = "HTTP/1.1"
    # Seconds after which an idle connection is closed, so that it does not hold up the end.
    timeout = 15
    # Head and body of an answer in one packet; two would wait for each other, 40 ms.
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        if url.path == "/up":
            self.answer(200, "up\n")
        elif url.path == "/slow":
            seconds = min(float(parse_qs(url.query).get("seconds", ["5"])[0]), 60)
            time.sleep(seconds)
            self.answer(200, f"version {VERSION} after {seconds:g} s\n")
        elif url.path == "/":
            self.answer(200, page(), "text/html")
        else:
            self.answer(404, "not here\n")

    def answer(self, status: int, text: str, kind: str = "text/plain") -> None:
        """Send a short text."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log to standard output, but for the probes."""
        if self.path != "/up":
            print(format % args, flush=True)


class Server(ThreadingHTTPServer):
    """Waits at the end for the requests that it has begun."""

    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    """Serve until SIGTERM, then end what was begun."""
    server = Server(("", PORT), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"version {VERSION} serves on port {PORT}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print("bye", flush=True)


if __name__ == "__main__":
    main()
