// A sink in a process of its own: takes everything at once, and answers a GET with how many posts came by each path's head.
import { createServer } from "node:http";

const posts = {};
const server = createServer((request, response) => {
  if (request.method === "GET") return response.end(JSON.stringify(posts));
  const [, head] = request.url.split("/");
  posts[head] = (posts[head] ?? 0) + 1;
  request.on("data", () => {});
  request.on("end", () => response.end("{}"));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
