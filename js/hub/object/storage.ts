/**
 * What outlives the object: the state at the last checkpoint, and the pushes since.
 *
 * | table | rows | bytes |
 * |---|---|---|
 * | `tidegate_state` | parts of the state | 1 MiB each |
 * | `tidegate_journal` | pushes since the checkpoint, at most 512; older rows are written over | at most 8 MiB, and 64 KiB for each older row |
 *
 * A push costs one row written, a checkpoint one for each part.
 */
import { concatenated, joined, split } from "../figures/frames.ts";

type Value = number | string | ArrayBuffer | Uint8Array | null;

/** The part of a Durable Object's storage that is used. */
export interface HubStorage {
  readonly sql: {
    exec(
      query: string,
      ...values: Value[]
    ): { toArray(): Record<string, unknown>[]; readonly rowsWritten: number };
  };
  transactionSync<T>(work: () => T): T;
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

/** A push that was taken, and when. */
export interface Entry {
  readonly number: number;
  readonly atMs: number;
  readonly batchId: string;
  readonly bytes: Uint8Array;
}

export class Journal {
  readonly #storage: HubStorage;
  /** The number of the last push, and of the last one that the checkpoint covers. */
  #last = 0;
  #covered = 0;
  #bytes = 0;
  #rowsWritten = 0;

  constructor(storage: HubStorage) {
    this.#storage = storage;
  }

  /** Rows written since this object was made, as the platform bills them. */
  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  alarmMs(): Promise<number | null> {
    return this.#storage.getAlarm();
  }

  /** It is stored with what else this turn wrote; the answer waits for both. */
  setAlarm(atMs: number): void {
    this.#rowsWritten += 1;
    void this.#storage.setAlarm(atMs);
  }

  /** Whether the next push needs a checkpoint first. */
  get isFull(): boolean {
    return this.#last - this.#covered >= SLOTS || this.#bytes >= JOURNAL_BYTES;
  }

  get isEmpty(): boolean {
    return this.#last === this.#covered;
  }

  /** The state of the last checkpoint, if there is one, and the pushes since. */
  load(): { state: Uint8Array | undefined; entries: Entry[] } {
    this.#exec("create table if not exists tidegate_state (part integer primary key, bytes blob not null)");
    this.#exec(
      "create table if not exists tidegate_journal (slot integer primary key, number integer not null, at real not null, batch text not null, bytes blob not null)",
    );
    const parts = this.#exec("select bytes from tidegate_state order by part").map(({ bytes }) =>
      blob(bytes),
    );
    const [head, state] = parts.length > 0 ? (split(concatenated(parts), 1) as [Uint8Array, Uint8Array]) : [];
    this.#covered = head === undefined ? 0 : new DataView(head.buffer, head.byteOffset).getFloat64(0);
    const rows = this.#exec(
      "select number, at, batch, bytes from tidegate_journal where number > ? order by number",
      this.#covered,
    );
    const entries = rows.map(({ number, at, batch, bytes }) => ({
      number: number as number,
      atMs: at as number,
      batchId: batch as string,
      bytes: blob(bytes),
    }));
    this.#last = entries.at(-1)?.number ?? this.#covered;
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return { state, entries };
  }

  add(batchId: string, bytes: Uint8Array, atMs: number): void {
    const number = this.#last + 1;
    const slot = number - this.#covered - 1;
    this.#exec(
      "insert or replace into tidegate_journal values (?, ?, ?, ?, ?)",
      slot,
      number,
      atMs,
      batchId,
      bytes,
    );
    this.#last = number;
    this.#bytes += bytes.length;
  }

  /** Saves the state, which covers every push so far. All of it or nothing. */
  checkpoint(state: Uint8Array): void {
    const head = new Uint8Array(8);
    new DataView(head.buffer).setFloat64(0, this.#last);
    const bytes = joined([head, state]);
    this.#storage.transactionSync(() => {
      let part = 0;
      for (let at = 0; at < bytes.length; at += PART_BYTES) {
        const slice = bytes.slice(at, at + PART_BYTES);
        this.#exec("insert or replace into tidegate_state values (?, ?)", part, slice);
        part += 1;
      }
      this.#exec("delete from tidegate_state where part >= ?", part);
      this.#exec("delete from tidegate_journal where length(bytes) > ?", KEPT_BYTES);
    });
    this.#covered = this.#last;
    this.#bytes = 0;
  }

  #exec(query: string, ...values: Value[]): Record<string, unknown>[] {
    const cursor = this.#storage.sql.exec(query, ...values);
    const rows = cursor.toArray();
    this.#rowsWritten += cursor.rowsWritten;
    return rows;
  }
}

const blob = (value: unknown): Uint8Array => new Uint8Array(value as ArrayBuffer);

const SLOTS = 512;
const JOURNAL_BYTES = 8 * 1024 * 1024;
/** A row of an old push that has more is removed, so that rows written over stay small. */
const KEPT_BYTES = 64 * 1024;
/** A value takes at most 2 MB. */
const PART_BYTES = 1024 * 1024;
