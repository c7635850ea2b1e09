// A PostgreSQL server of its own in a new folder, as Debian's package has it.
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, until } from "./receiver.mjs";

const VERSIONS = "/usr/lib/postgresql";

/** The folder of the server's programs. Undefined: it is not installed. */
export function postgresPrograms() {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  return versions
    .map((version) => join(VERSIONS, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** Starts the server. It takes connections to `url`, without a password, until `stop`. */
export async function startPostgres(bin = postgresPrograms()) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-postgres-"));
  const data = join(folder, "data");
  const user = unprivileged();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, stdio: "ignore" };
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "tide", "-A", "trust", "--no-sync"], options);
  const port = await freePort();
  const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-F"];
  const server = spawn(join(bin, "postgres"), args, options);
  const exited = new Promise((resolve) => server.once("exit", resolve));
  const isReady = () => {
    try {
      execFileSync(join(bin, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], options);
      return true;
    } catch {
      return false;
    }
  };
  await until(isReady, 30_000, "a PostgreSQL server");
  return {
    url: `postgres://tide@127.0.0.1:${port}/postgres`,
    async stop() {
      // It waits for its connections to end: one that it ends itself is an error in its client.
      server.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server refuses to run as root. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const idOf = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
