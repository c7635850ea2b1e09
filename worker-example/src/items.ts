import type { Scope } from "tidegate";

interface Item {
  id: number;
  name: string;
}

const schema = "create table if not exists items (id integer primary key autoincrement, name text not null)";

// Plain data may outlive a request; a promise may not.
let schemaIsThere = false;

/** The database, its statements measured as part of the request that asks. */
async function measured(scope: Scope, database: D1Database): Promise<D1Database> {
  const db = scope.d1(database);
  if (!schemaIsThere) {
    await db.exec(schema);
    schemaIsThere = true;
  }
  return db;
}

export async function listItems(scope: Scope, database: D1Database): Promise<Item[]> {
  const db = await measured(scope, database);
  return (await db.prepare("select id, name from items order by id desc limit 20").all<Item>()).results;
}

export async function getItem(scope: Scope, database: D1Database, id: number): Promise<Item | null> {
  scope.set("item.id", id);
  const db = await measured(scope, database);
  const item = await db.prepare("select id, name from items where id = ?").bind(id).first<Item>();
  scope.evt("item.read", { "item.id": id, found: item !== null });
  return item;
}

export async function createItem(scope: Scope, database: D1Database, name: string): Promise<Item | null> {
  const db = await measured(scope, database);
  return db.prepare("insert into items (name) values (?) returning id, name").bind(name).first<Item>();
}
