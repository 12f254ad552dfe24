// A small web app: a page with its version and the public part of its env, and its health on /up.
// Node alone, without packages, so that the image is the base image and two files.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const port = Number(process.env.PORT ?? 8000);

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const escape = (text) => text.replace(/[&<>"']/g, (char) => entities[char]);

// Only what is named PUBLIC_ is for everybody to see.
function page() {
  const shown = Object.entries(process.env)
    .filter(([name]) => name.startsWith("PUBLIC_"))
    .sort()
    .map(([name, value]) => `<li>${escape(name)}=${escape(value)}</li>\n`);
  const greeting = escape(process.env.GREETING ?? "Hello");
  return `<h1>${greeting}</h1>\n<p>version ${escape(version)} on ${hostname()}</p>\n<ul>\n${shown.join("")}</ul>\n`;
}

async function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  const send = (status, text, type = "text/plain") =>
    response.writeHead(status, { "Content-Type": `${type}; charset=utf-8` }).end(text);
  if (url.pathname === "/up") return send(200, "up\n");
  if (url.pathname === "/") return send(200, page(), "text/html");
  if (url.pathname === "/slow") {
    const seconds = Math.min(Number(url.searchParams.get("seconds") ?? 5), 60);
    await sleep(seconds * 1000);
    return send(200, `version ${version} after ${seconds} s\n`);
  }
  return send(404, "not here\n");
}

const server = createServer(answer);
server.listen(port, () => console.log(`version ${version} serves on port ${port}`));

// Requests that have begun are answered; idle connections are closed.
process.on("SIGTERM", () => {
  server.close(() => console.log("bye"));
  server.closeIdleConnections();
});
