// Test counts, read from what the test runners print.

/** cargo test and wasm-bindgen-test-runner print one such line for every test binary. */
export function countCargo(output) {
  const lines = [...output.matchAll(/test result: .*?(\d+) passed; (\d+) failed/g)];
  const total = (group) => lines.reduce((sum, line) => sum + Number(line[group]), 0);
  return { passed: total(1), failed: total(2) };
}

/** node --test ends with a summary. */
export function countNode(output) {
  const figure = (name) => Number(output.match(new RegExp(`^. ${name} (\\d+)$`, "m"))?.[1] ?? 0);
  return { passed: figure("pass"), failed: figure("fail") + figure("cancelled") };
}

/** A suite that dies, or that finds no test at all, must not pass unseen. */
export function nothingUnseen({ passed, failed }, ok) {
  const unseen = failed === 0 && (!ok || passed === 0);
  return { passed, failed: unseen ? 1 : failed };
}
