/** A D1 binding whose statements are recorded as DB. Results and errors are passed on as they are. */

/** Runs `work` as the statement `text`. `rowsOf` reads the number of rows from the result. */
export type RunStatement = <T>(
  text: string,
  work: () => T,
  rowsOf: (result: unknown) => number | undefined,
) => T;

interface Statement {
  bind(...values: unknown[]): Statement;
  first(...column: unknown[]): unknown;
  run(): unknown;
  all(): unknown;
  raw(options?: { columnNames?: boolean }): unknown;
}

interface Session {
  prepare(text: string): Statement;
  batch(statements: Statement[]): unknown;
  getBookmark?(): unknown;
}

interface Database extends Session {
  exec?(text: string): unknown;
  dump?(): unknown;
  withSession?(...constraint: unknown[]): Session;
}

/** By measured statement: the binding's own statement, which a batch needs, and its text. */
const originals = new WeakMap<object, { readonly statement: Statement; readonly text: string }>();

export function measuredD1(database: Database, run: RunStatement): Database {
  return {
    ...measuredSession(database, run),
    ...(database.exec && { exec: (text: string) => run(text, () => database.exec?.(text), nothing) }),
    ...(database.dump && { dump: () => database.dump?.() }),
    ...(database.withSession && {
      withSession: (...constraint: unknown[]) =>
        measuredSession((database.withSession as NonNullable<Database["withSession"]>)(...constraint), run),
    }),
  };
}

function measuredSession(session: Session, run: RunStatement): Session {
  return {
    prepare: (text) => measuredStatement(session.prepare(text), text, run),
    batch: (statements) => {
      const known = statements.map((statement) => originals.get(statement) ?? { statement, text: "" });
      const texts = new Set(known.map(({ text }) => text).filter((text) => text !== ""));
      const given = known.map(({ statement }) => statement);
      return run([...texts].join("; "), () => session.batch(given), rowsOfAll);
    },
    ...(session.getBookmark && { getBookmark: () => session.getBookmark?.() }),
  };
}

function measuredStatement(statement: Statement, text: string, run: RunStatement): Statement {
  const measured: Statement = {
    bind: (...values) => measuredStatement(statement.bind(...values), text, run),
    first: (...column) =>
      run(
        text,
        () => statement.first(...column),
        (row) => (row === null ? 0 : 1),
      ),
    run: () => run(text, () => statement.run(), rowsOf),
    all: () => run(text, () => statement.all(), rowsOf),
    raw: (options) => {
      const header = options?.columnNames === true ? 1 : 0;
      return run(
        text,
        () => statement.raw(options),
        (rows) => (rows as unknown[]).length - header,
      );
    },
  };
  originals.set(measured, { statement, text });
  return measured;
}

const nothing = () => undefined;

/** Rows returned, or else those changed. */
function rowsOf(result: unknown): number | undefined {
  const { results, meta } = result as { results?: unknown[]; meta?: { changes?: number } };
  return results?.length || meta?.changes;
}

function rowsOfAll(results: unknown): number {
  return (results as unknown[]).reduce((sum: number, result) => sum + (rowsOf(result) ?? 0), 0);
}
