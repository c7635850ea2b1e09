// A server on Deno or Bun whose handler answers with anything, bare and measured. It plays all by itself.
import { withTide } from "../../pkg/dist/fetch.js";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { answers, play } from "../workers/fixtures/_answers.js";

const memory = memorySink();
const tide = createCollector({ handleSignals: false, sinks: [memory] });
const options = { route: ({ url }) => decodeURIComponent(new URL(url).search.slice(1)) };
const measured = withTide(tide, play, options);
const sockets = withTide(tide, (request, server) => {
  if (server.upgrade(request)) return;
  return new Response("no socket", { status: 426 });
});

function handle(request, server) {
  const { pathname } = new URL(request.url);
  if (pathname === "/socket") return sockets(request, server);
  return pathname === "/bare" ? play(request) : measured(request, server);
}

const websocket = { open: (socket) => socket.close(), message() {} };
const port = globalThis.Bun
  ? Bun.serve({ port: 0, fetch: handle, websocket, development: false }).port
  : Deno.serve({ port: 0, onListen() {} }, handle).addr.port;

const statuses = {};
for (const name of Object.keys(answers)) {
  for (const way of ["bare", "measured"]) {
    const response = await fetch(`http://127.0.0.1:${port}/${way}?${encodeURIComponent(name)}`);
    statuses[name] = [...(statuses[name] ?? []), response.status];
    await response.text();
  }
}
if (globalThis.Bun) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await new Promise((resolve) => socket.addEventListener("close", resolve));
  await (await fetch(`http://127.0.0.1:${port}/socket`)).text();
}
await tide.flush();
const events = memory.events.map(({ route, status, error }) => [route, status ?? null, error ?? null]);
console.log(JSON.stringify({ statuses, events }));
(globalThis.Deno ?? process).exit(0);
