// The suite as a program of its own: prints the answers as its last line.
import vectors from "../vectors/rng.json" with { type: "json" };
import { run } from "./_suite.js";

console.log(JSON.stringify(await run(vectors)));
