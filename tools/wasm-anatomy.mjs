// What fills a wasm module: its functions by size, read from the code and name sections.
// https://webassembly.github.io/spec/core/binary/modules.html

/** Every function's name, owner, bytes and own code; and the bytes of each section. */
export function anatomy(bytes) {
  const sections = new Map();
  const found = { imported: 0, exports: new Set(), bodies: [], names: new Map() };
  const module = reader(bytes, 8);
  while (!module.done()) {
    const id = module.byte();
    const section = module.take(module.number());
    const name = id === 0 ? reader(section).text() : (SECTIONS[id] ?? `section ${id}`);
    sections.set(name, section.length);
    READ[name]?.(reader(section), found);
  }
  const functions = found.bodies.map((code, at) => {
    const index = found.imported + at;
    const name = plain(found.names.get(index) ?? `function ${at}`);
    // What wasm-bindgen exports calls the function that has the name of the export.
    const isExported = found.exports.has(index) || found.exports.has(name);
    return { name, owner: ownerOf(name, isExported), bytes: code.length, code };
  });
  return { sections, functions };
}

const SECTIONS = {
  ...{ 1: "type", 2: "import", 3: "function", 4: "table", 5: "memory", 6: "global", 7: "export" },
  ...{ 8: "start", 9: "element", 10: "code", 11: "data", 12: "data count" },
};

const READ = {
  import(section, found) {
    for (let left = section.number(); left > 0; left -= 1) {
      section.text();
      section.text();
      const kind = section.byte();
      if (kind === 0) found.imported += 1;
      skipDescription(section, kind);
    }
  },
  export(section, found) {
    for (let left = section.number(); left > 0; left -= 1) {
      const name = section.text();
      const kind = section.byte();
      const index = section.number();
      if (kind === 0) found.exports.add(index).add(name);
    }
  },
  code(section, found) {
    for (let left = section.number(); left > 0; left -= 1) found.bodies.push(section.take(section.number()));
  },
  name(section, found) {
    section.text();
    while (!section.done()) {
      const kind = section.byte();
      const names = reader(section.take(section.number()));
      if (kind !== 1) continue;
      for (let left = names.number(); left > 0; left -= 1) found.names.set(names.number(), names.text());
    }
  },
};

/** A function's type; a table's, or a memory's, with its limits; a global's, with its mutability. */
function skipDescription(section, kind) {
  if (kind !== 2) section.byte();
  if (kind === 3) section.byte();
  if (kind === 1 || kind === 2) {
    const limited = section.byte() & 1;
    for (let left = 1 + limited; left > 0; left -= 1) section.number();
  }
}

/** Names without the compiler's hashes. */
const plain = (name) => name.replace(/\[[0-9a-f]{6,}\]|::h[0-9a-f]{16}/g, "");

/** The crate, and of our own the module, by the first path in a name; of the standard library formatting stands apart. */
export function ownerOf(name, isExported) {
  const own = /tidegate::(?:(?:engine|encode)::)?\w+/.exec(name);
  if (own) return own[0];
  const [, crate, module] = /(\w+)::(\w*)/.exec(name) ?? [];
  if (STANDARD.includes(crate) || (crate === undefined && name.startsWith("<"))) {
    return module === "fmt" ? "std: fmt" : "std";
  }
  if (crate !== undefined) return crate;
  if (/__wbindgen|externref/i.test(name.replace(/ (multivalue|externref) shim$/, ""))) return "wasm_bindgen";
  return isExported ? "tidegate::wasm, exported" : "compiler";
}

const STANDARD = ["core", "alloc", "std", "__rustc"];

function reader(bytes, start = 0) {
  let at = start;
  const take = (length) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const text = () => new TextDecoder().decode(take(number()));
  return { take, number, text, byte: () => bytes[at++], done: () => at >= bytes.length };
}
