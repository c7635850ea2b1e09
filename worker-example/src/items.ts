import type { Scope } from "tidegate";

interface Item {
  id: number;
  name: string;
}

const schema = "create table if not exists items (id integer primary key autoincrement, name text not null)";

// Plain data may outlive a request; a promise may not.
let schemaIsThere = false;

/** One statement, run and measured: its text without literals becomes the DB event's name. */
async function query<Row>(
  scope: Scope,
  db: D1Database,
  statement: string,
  ...values: unknown[]
): Promise<Row[]> {
  if (!schemaIsThere) {
    await scope.query(schema, () => db.exec(schema));
    schemaIsThere = true;
  }
  const run = () =>
    db
      .prepare(statement)
      .bind(...values)
      .all<Row>();
  const { results } = await scope.query(statement, run);
  return results;
}

export function listItems(scope: Scope, db: D1Database): Promise<Item[]> {
  return query<Item>(scope, db, "select id, name from items order by id desc limit 20");
}

export async function getItem(scope: Scope, db: D1Database, id: number): Promise<Item | undefined> {
  return (await query<Item>(scope, db, "select id, name from items where id = ?", id))[0];
}

export async function createItem(scope: Scope, db: D1Database, name: string): Promise<Item | undefined> {
  return (await query<Item>(scope, db, "insert into items (name) values (?) returning id, name", name))[0];
}
