// What the wasm module exports to JavaScript, and which tests call it.

const CLASS = /^export class (\w+) \{\n(.*?)^\}/gms;
const MEMBER = /^ {4}(?!private )(?:static |readonly |get |set )*(\w+)\??[(<:]/gm;
/** What wasm-bindgen adds of its own is left out. */
const FUNCTION = /^export function (?!__wbg_|initSync\b)(\w+)/gm;

const TEST = /^#\[wasm_bindgen_test\]\n(?:async )?fn (\w+)\(\) \{\n(.*?)^\}/gms;
const COMMENT = /^\s*\/\/.*$/gm;
const CALLED = /"(\w+\.\w+)"/g;
const CONSTRUCTED = /\bconstruct\(\s*"(\w+)"/g;

/** The methods of generated declarations, as "Class.method"; a function of no class by its name alone. */
export function exportedMethods(declarations) {
  const methods = [...declarations.matchAll(CLASS)].flatMap(([, name, body]) =>
    [...body.matchAll(MEMBER)].map(([, member]) => `${name}.${member}`),
  );
  const functions = [...declarations.matchAll(FUNCTION)].map(([, name]) => name);
  return [...new Set([...methods, ...functions])].sort();
}

/** By method, the tests of a Rust source that call it themselves, not only through a helper. */
export function testsByMethod(file, source) {
  const tests = new Map();
  for (const [, name, body] of source.matchAll(TEST)) {
    const code = body.replace(COMMENT, "");
    const called = [...code.matchAll(CALLED)].map(([, method]) => method);
    const constructed = [...code.matchAll(CONSTRUCTED)].map(([, type]) => `${type}.constructor`);
    for (const method of new Set([...called, ...constructed])) {
      tests.set(method, [...(tests.get(method) ?? []), `${file}::${name}`]);
    }
  }
  return tests;
}
