// Installs what is missing, after it has said what, how large, how long and where. Runs on Node 20, without packages.

/** Something is missing that setup could not install: the message has the command that does it. */
export class Missing extends Error {}

/**
 * Installs those of `needs` that are missing, in this order. Throws Missing, before anything is installed, if one is
 * missing that may not be installed here; and if an installation fails.
 * @param {string} task what they are for, as it is typed: "npm test"
 * @param {object[]} needs as tools/needs.mjs has them
 */
export function prepare(task, needs, say) {
  const missing = needs.filter((need) => need.isMissing());
  const refused = missing.filter((need) => !need.mayInstall());
  if (refused.length > 0) throw new Missing(refusal(task, refused));
  if (missing.length > 0) say(plan(task, missing));
  for (const need of missing) install(need, say);
}

function install(need, say) {
  // One may have come with another: clippy comes with Debian's Rust.
  if (!need.isMissing()) return;
  say(`installing ${need.name}`);
  need.install();
  if (need.isMissing()) throw new Missing(`${need.name} could not be installed. Run:\n  ${need.command}`);
}

function plan(task, missing) {
  const rows = missing.map(({ name, cost, place }) => [name, cost, place]);
  return [`${task} needs what this machine lacks; to be installed now:`, ...columns(rows)].join("\n");
}

function refusal(task, refused) {
  const rows = refused.map(({ name, command }) => [name, command]);
  const head = `${task} needs what cannot be installed for you here. Nothing was installed. Run:`;
  return [head, ...columns(rows)].join("\n");
}

function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`.trimEnd(),
  );
}
