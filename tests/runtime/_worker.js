// The suite as a Worker: answers with the answers.
import vectors from "../vectors/rng.json";
import { run } from "./_suite.js";

export default {
  async fetch() {
    return Response.json(await run(vectors));
  },
};
