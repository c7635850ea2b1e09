/** Exits of a process (Node, Deno, Bun), found on globalThis: there is no `node:` import to break elsewhere. */

/** What wants to be told. Held weakly: an exit hook must not keep a forgotten collector alive. */
export interface ExitHooks {
  readonly handleSignals: boolean;
  flush(): Promise<unknown>;
  close(): Promise<unknown>;
}

type Signal = "SIGTERM" | "SIGINT";
// biome-ignore lint/suspicious/noExplicitAny: listeners of any event
type Listener = (...args: any[]) => void;

interface Process {
  readonly pid: number;
  on(event: string, listener: Listener): unknown;
  prependListener?(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
  listeners(event: string): unknown[];
  kill(pid: number, signal: string): unknown;
}

const MARK = Symbol.for("tidegate.exit");
const watched = new Set<WeakRef<ExitHooks>>();
let installed = { exit: false, signals: false };

/** Called at the first event, not at import. Returns what unregisters. */
export function watchExit(hooks: ExitHooks): () => void {
  const entry = new WeakRef(hooks);
  watched.add(entry);
  const host = (globalThis as { process?: Process }).process;
  try {
    if (host !== undefined) install(host, hooks.handleSignals);
  } catch {
    // A process object that takes no listeners: the timer still sends.
  }
  return () => {
    watched.delete(entry);
  };
}

function install(host: Process, signals: boolean): void {
  if (!installed.exit) {
    installed = { ...installed, exit: true };
    let flushed = false;
    host.on("beforeExit", () => {
      // Once: the flush itself makes the loop run, and end, again.
      if (flushed) return;
      flushed = true;
      for (const hooks of alive()) void hooks.flush();
    });
  }
  if (!signals || installed.signals) return;
  installed = { ...installed, signals: true };
  for (const signal of ["SIGTERM", "SIGINT"] as const) listen(host, signal);
}

/** First in line, so that it still sees the `once` listeners of others, which are gone after they ran. */
function listen(host: Process, signal: Signal): void {
  const listener = Object.assign(() => void leave(host, signal, listener), { [MARK]: true });
  if (host.prependListener) host.prependListener(signal, listener);
  else host.on(signal, listener);
}

/** A signal that nobody else listens to would have ended the process: after closing, it does. */
async function leave(host: Process, signal: Signal, listener: Listener): Promise<void> {
  const foreign = host.listeners(signal).some((other) => !(MARK in (other as object)));
  const closing = alive().filter((hooks) => hooks.handleSignals);
  await Promise.all(closing.map((hooks) => hooks.close()));
  host.removeListener(signal, listener);
  if (!foreign && host.listeners(signal).length === 0) host.kill(host.pid, signal);
}

function alive(): ExitHooks[] {
  const found: ExitHooks[] = [];
  for (const entry of watched) {
    const hooks = entry.deref();
    if (hooks === undefined) watched.delete(entry);
    else found.push(hooks);
  }
  return found;
}
