/** Flushes and closes collectors when a process (Node, Deno, Bun) exits. It imports no `node:` module: see globalThis. */

/** What runs at an exit. A weak reference points to it, so that a forgotten collector can be collected. */
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

/** Marks listeners of ours, also those of another copy of this package. */
const OURS = Symbol.for("tidegate.exit");
const watched = new Set<WeakRef<ExitHooks>>();
let hasExitListener = false;
let hasSignalListeners = false;

/** Called at the first event, not at import. Returns a function that unregisters. */
export function watchExit(hooks: ExitHooks): () => void {
  const entry = new WeakRef(hooks);
  watched.add(entry);
  const { process } = globalThis as { process?: Process };
  try {
    if (process !== undefined) install(process, hooks.handleSignals);
  } catch {
    // A process object without listeners: the timer still sends.
  }
  return () => {
    watched.delete(entry);
  };
}

function install(process: Process, handleSignals: boolean): void {
  if (!hasExitListener) {
    hasExitListener = true;
    let hasFlushed = false;
    process.on("beforeExit", () => {
      // Only once: the flush makes the event loop run, and end, again.
      if (hasFlushed) return;
      hasFlushed = true;
      for (const hooks of alive()) void hooks.flush();
    });
  }
  if (!handleSignals || hasSignalListeners) return;
  hasSignalListeners = true;
  for (const signal of ["SIGTERM", "SIGINT"] as const) listen(process, signal);
}

/** First in line, so that it sees the `once` listeners of others: after they ran they are gone. */
function listen(process: Process, signal: Signal): void {
  const listener = Object.assign(() => void close(process, signal, listener), { [OURS]: true });
  if (process.prependListener) process.prependListener(signal, listener);
  else process.on(signal, listener);
}

/** Closes. A signal that nobody else listens to would have ended the process, so it is then sent again. */
async function close(process: Process, signal: Signal, listener: Listener): Promise<void> {
  const isForeign = (other: unknown) => !(OURS in (other as object));
  const hasOthers = process.listeners(signal).some(isForeign);
  const closing = alive().filter((hooks) => hooks.handleSignals);
  await Promise.all(closing.map((hooks) => hooks.close()));
  process.removeListener(signal, listener);
  if (!hasOthers && process.listeners(signal).length === 0) process.kill(process.pid, signal);
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
