// A sink in a process of its own: takes everything at once, counts it, and answers a GET with the counts.
import { createServer } from "node:http";

let [posts, bytes] = [0, 0];
const server = createServer((request, response) => {
  if (request.method === "GET") return response.end(JSON.stringify({ posts, bytes }));
  posts += 1;
  request.on("data", (chunk) => {
    bytes += chunk.length;
  });
  request.on("end", () => response.end("{}"));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
