// The reference of the manual, from what the types and the engine say of themselves.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./env.mjs";

const types = (name) => readFileSync(join(root, "js", "types", `${name}.ts`), "utf8");

/** The members of an interface: name, type, documentation as one line, default. */
function membersOf(file, name) {
  const text = types(file);
  const start = text.search(new RegExp(`^(?:export )?interface ${name}\\b`, "m"));
  if (start === -1) throw new Error(`${file}.ts has no interface ${name}`);
  const body = text.slice(text.indexOf("{\n", start) + 2, text.indexOf("\n}", start) + 1);
  const member =
    /^(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}(?:readonly )?["\w-]+\??(?:<[^(\n]*>)?[(:]/gm;
  const starts = [...body.matchAll(member)];
  return starts.map((found, at) => {
    const doc = (found[1] ?? "").replace(/^\s*\* ?/gm, "").trim();
    const [text, byDefault] = doc.split("@example")[0].split("@default");
    const whole = body.slice(found.index, starts[at + 1]?.index ?? body.length);
    const declaration = whole.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/\/\/[^\n]*/g, "");
    const line = oneLine(declaration)
      .replace(/;$/, "")
      .replace(/, \)/, ")")
      .replaceAll(/: \| /g, ": ")
      .replaceAll("( ", "(")
      .replaceAll("readonly ", "");
    return {
      name: line.match(/^"?([\w-]+)/)[1],
      line,
      doc: oneLine(text),
      byDefault: byDefault && oneLine(byDefault),
    };
  });
}

const oneLine = (text) => text.replaceAll(/\s+/g, " ").trim();
/** A pipe ends a cell of a table. */
const cell = (text) => text.replaceAll("|", "\\|");
const code = (text) => `\`${cell(text)}\``;
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The range and the code of an option, as the error of a bad value names them. */
function refusal(createCollector, path, value) {
  try {
    createCollector(path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value));
    return {};
  } catch (error) {
    return {
      code: error.code,
      limit: error.message.match(/must be (?:a |an )?(?:whole )?(?:number )?(?:from )?(.+)$/)?.[1],
    };
  }
}

function optionRows(createCollector, members, prefix) {
  return members
    .filter(({ line }) => !/\?: \w+Options$/.test(line))
    .map(({ name, line, doc, byDefault = "" }) => {
      const type = line.replace(/^[\w]+\??: /, "");
      const isNumber = type.startsWith("number");
      const bad = refusal(createCollector, prefix + name, isNumber ? -1e99 : Symbol.iterator);
      return [
        code(prefix + name),
        code(type),
        cell(byDefault),
        isNumber ? (bad.limit ?? "") : "",
        code(bad.code ?? ""),
        cell(doc),
      ];
    });
}

const memberTable = (file, name) =>
  table(
    ["", ""],
    membersOf(file, name).map(({ line, doc }) => [code(line), cell(doc)]),
  );

/** The text of docs/reference.md. It needs the built package. */
export async function reference() {
  const { createCollector } = await import(pathToFileURL(join(root, "pkg", "dist", "inline.js")).href);
  const options = [
    ...optionRows(createCollector, membersOf("options", "CollectorOptions"), ""),
    ...optionRows(createCollector, membersOf("options", "SamplingOptions"), "sampling."),
  ];
  return `# Reference

Written by \`npm run reference\` from the types and from what the engine answers to a bad value. The package's types say the same.

## Options

Bad options throw a \`TidegateError\` with this \`code\` at construction. Options are copied once; unknown ones are refused.

${table(["option", "type", "default", "limit", "code of a bad value", "meaning"], options)}

## Sinks over HTTP

${memberTable("sink-options", "HttpOptions")}

\`otlp\` takes these too:

${memberTable("sink-options", "OtlpOptions")}

## A sink of your own

${memberTable("sink", "SinkBase")}

## Collector

It has every method of a scope but \`route\` and \`set\`, and:

${memberTable("collector", "Collector")}

## Scope

${memberTable("scope", "Scope")}

## Counters

${memberTable("counters", "Counters")}

Of each sink:

${memberTable("counters", "SinkCounters")}

## Statistics

${memberTable("stats", "Stats")}

## Lines of NDJSON

\`tidegate/ndjson.schema.json\` is their JSON Schema. Unknown values are absent, never null.
`;
}
