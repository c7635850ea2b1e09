// Needs that are Debian packages. Runs on Node 20, without packages.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { capture, which } from "./env.mjs";

/**
 * `packages` as a need, see needs.mjs. On other systems than `systems` a person has to install them: Ubuntu's own
 * chromium, for one, is a snap.
 */
export function debianPackages(packages, { systems = ["debian"], ...need }) {
  const isSystem = systems.includes(systemId());
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages];
  const command = [...sudo(), ...install].join(" ");
  return {
    ...need,
    isSystem,
    place: "the system, by apt-get",
    mayInstall: () => isSystem && mayBeRoot(),
    install: () => aptGet(install),
    command: isSystem ? command : `with your package manager; on Debian ${command}`,
  };
}

let isUpdated = false;

function aptGet(install) {
  const asRoot = (args) => {
    const [program, ...rest] = [...sudo(), "env", "DEBIAN_FRONTEND=noninteractive", ...args];
    spawnSync(program, rest, { stdio: ["ignore", 2, 2] });
  };
  if (!isUpdated) asRoot(["apt-get", "update", "-qq"]);
  isUpdated = true;
  asRoot(install);
}

const isRoot = () => process.getuid?.() === 0;

const sudo = () => (isRoot() ? [] : ["sudo"]);

/** With a password sudo asks at the terminal, if there is one. */
function mayBeRoot() {
  if (isRoot()) return true;
  return which("sudo") !== null && (process.stderr.isTTY || capture("sudo", ["-n", "true"]) !== null);
}

/** As /etc/os-release has it. */
function systemId() {
  const release = "/etc/os-release";
  return existsSync(release) ? readFileSync(release, "utf8").match(/^ID=(.*)$/m)?.[1] : undefined;
}
