import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import { until } from "../../tools/receiver.mjs";
import { byFetch, hostTest } from "./_play.mjs";

hostTest("@fastify/websocket", "fastify-websocket", {
  start: () => ["node", "index.js"],
  send: (base, method, path, headers) =>
    path.startsWith("/rooms/") ? bySocket(base, path, headers) : byFetch(base, method, path, headers),
  requests: [
    ["GET /rooms/7", 101, "/rooms/:room"],
    ["GET /items/7", 200, "/items/:id"],
  ],
  async then({ receiver }) {
    const { events } = receiver.store;
    const heard = () => events.find(({ name }) => name === "heard");
    await until(heard, 10_000, "the event of the session");
    const session = events.find(({ status }) => status === 101);
    assert.deepEqual([session.error, heard().parent_id], [undefined, session.span_id]);
  },
});

/** Says something, hears the echo, and leaves. */
async function bySocket(base, path, headers) {
  const socket = new WebSocket(base.replace("http", "ws") + path, { headers });
  const [[{ statusCode }]] = await Promise.all([once(socket, "upgrade"), once(socket, "open")]);
  socket.send("hello");
  assert.equal(String((await once(socket, "message"))[0]), "hello");
  socket.close();
  await once(socket, "close");
  return statusCode;
}
