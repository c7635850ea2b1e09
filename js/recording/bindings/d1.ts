/** A D1 binding whose statements are recorded as DB. Results and errors are passed on as they are. */

/** What a result says of its statement. */
export interface StatementFigures {
  readonly rows?: number | undefined;
  readonly rowsRead?: number | undefined;
  readonly rowsWritten?: number | undefined;
  /** How long the database itself took. */
  readonly databaseMs?: number | undefined;
}

/** Runs `work` as the statement `text`. `describe` reads the result. */
export type RunStatement = <T>(
  text: string,
  work: () => T,
  describe: (result: unknown) => StatementFigures,
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

/** A database that is not there stays that: its first use fails as it would without measuring. */
export function measuredD1(database: Database, run: RunStatement): Database {
  if (database === undefined || database === null) return database;
  return {
    ...measuredSession(database, run),
    ...(database.exec && { exec: (text: string) => run(text, () => database.exec?.(text), figuresOfExec) }),
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
      return run([...texts].join("; "), () => session.batch(given), figuresOfAll);
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
        (row) => ({ rows: row === null ? 0 : 1 }),
      ),
    run: () => run(text, () => statement.run(), figuresOf),
    all: () => run(text, () => statement.all(), figuresOf),
    raw: (options) => {
      const header = options?.columnNames === true ? 1 : 0;
      return run(
        text,
        () => statement.raw(options),
        (rows) => ({ rows: (rows as unknown[]).length - header }),
      );
    },
  };
  originals.set(measured, { statement, text });
  return measured;
}

interface Meta {
  readonly changes?: number;
  readonly rows_read?: number;
  readonly rows_written?: number;
  readonly duration?: number;
}

/** Rows returned, or else those changed. */
function figuresOf(result: unknown): StatementFigures {
  const { results, meta = {} } = result as { results?: unknown[]; meta?: Meta };
  return {
    rows: results?.length || meta.changes,
    rowsRead: meta.rows_read,
    rowsWritten: meta.rows_written,
    databaseMs: meta.duration,
  };
}

function figuresOfAll(results: unknown): StatementFigures {
  const all = (results as unknown[]).map(figuresOf);
  const sum = (name: keyof StatementFigures) => {
    const known = all.map((figures) => figures[name]).filter((figure) => figure !== undefined);
    return known.length === 0 ? undefined : known.reduce((total, figure) => total + figure, 0);
  };
  return {
    rows: sum("rows") ?? 0,
    rowsRead: sum("rowsRead"),
    rowsWritten: sum("rowsWritten"),
    databaseMs: sum("databaseMs"),
  };
}

function figuresOfExec(result: unknown): StatementFigures {
  return { databaseMs: (result as Meta).duration };
}
