//! SQL text without literals, and its summary.

#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use tidegate::engine::event::statement::{Dialect, normalize, summary};

fn normalized_as(system: &str, sql: &str) -> String {
    let mut out = String::new();
    normalize(sql, Dialect::of(Some(system)), &mut out);
    out
}

fn normalized(sql: &str) -> String {
    normalized_as("", sql)
}

fn summarized_as(system: &str, sql: &str) -> String {
    let mut out = String::new();
    summary(sql, Dialect::of(Some(system)), &mut out);
    out
}

fn summarized(sql: &str) -> String {
    summarized_as("", sql)
}

fn check(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        let once = normalized(sql);
        assert_eq!(once, *expected, "{sql}");
        assert_eq!(normalized(&once), once, "{sql}");
    }
}

#[test]
fn literals_become_question_marks() {
    check(&[
        ("SELECT * FROM users WHERE name = 'bob'", "SELECT * FROM users WHERE name = ?"),
        ("select 'it''s', ''", "select ?, ?"),
        (r"select E'it\'s', e'\\', N'x', x'FF', B'01'", "select ?, ?, ?, ?, ?"),
        ("select 1, 0xFF, 1e10, .5, 1.5E-3, 1_000, -7", "select ?, ?, ?, ?, ?, ?, -?"),
        ("select $$secret$$, $tag$se$$cret$tag$", "select ?, ?"),
        ("select a1, t2.c3 from t_4", "select a1, t2.c3 from t_4"),
        ("select a::int, '1'::text", "select a::int, ?::text"),
        ("select tags[1:2], x[i - 1], ARRAY[1, 'a']", "select tags[?:?], x[i - ?], ARRAY[?, ?]"),
        ("LIMIT 10 OFFSET 20", "LIMIT ? OFFSET ?"),
        ("where x='a' and y=1", "where x=? and y=?"),
        ("where a > $42017.50 and b = -£5 and c < €3.14", "where a > ? and b = -? and c < ?"),
        ("where id = 550e8400-e29b-41d4-a716-446655440000", "where id = ?"),
        ("where id in (a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,1)", "where id in (?)"),
        ("where id = a0eebc999c0b4ef8bb6d6bb9bd380a11", "where id = ?"),
        ("select 1$$se cret$$", "select ??"),
        ("a[1.:1], 1e-:1, 1.[x 1]", "a[?.:1], ?-:1, ?.[x 1]"),
    ]);
}

#[test]
fn names_and_parameters_stay() {
    check(&[
        (r#"SELECT "id", `na``me`, [My Col] FROM "s"."t""#, r#"SELECT "id", ?, [My Col] FROM "s"."t""#),
        (
            "a = ? and b = ?2 and c = $1 and d = :name and e = @p and f = $who",
            "a = ? and b = ?2 and c = $1 and d = :name and e = @p and f = $who",
        ),
        ("select @@version, @x := 1, :1", "select @@version, @x := ?, :1"),
        (
            "select * from #temp where a #> b and data->>'k' ? 'x'",
            "select * from #temp where a #> b and data->>? ? ?",
        ),
        (
            r#"ON "a"."id" = "b"."a_id" WHERE x = EXCLUDED."x""#,
            r#"ON "a"."id" = "b"."a_id" WHERE x = EXCLUDED."x""#,
        ),
        (r#"select "userName" from "Users" where id = 5"#, r#"select "userName" from "Users" where id = ?"#),
        (r#"select distinct "a", b as "c" from "t""#, r#"select distinct "a", b as "c" from "t""#),
        (r#"select a from t join "u" on "x" = 1"#, r#"select a from t join "u" on "x" = ?"#),
        (
            r#"update "t" set "a" = 1, "b" = 2 where "c" is null"#,
            r#"update "t" set "a" = ?, "b" = ? where "c" is null"#,
        ),
        (r#"delete from "t" where "a" in (1)"#, r#"delete from "t" where "a" in (?)"#),
        (
            "select [it is] from [My Table] where tags['x'] = ARRAY['a', 'b']",
            "select [it is] from [My Table] where tags[?] = ARRAY[?, ?]",
        ),
        (
            "select password, secret from t where password = $1",
            "select password, secret from t where password = $1",
        ),
    ]);
}

#[test]
fn double_quoted_values_are_hidden() {
    check(&[
        (r#"where name = "bob" and "n" like "b%""#, r#"where name = ? and "n" like ?"#),
        (r#"insert into t values ("bob", NOW(), "x")"#, "insert into t values (?, NOW(), ?)"),
        (r#"where name in ("a", "b") and "c" = 1"#, r#"where name in (?) and "c" = ?"#),
        (r#"where id in (select "id" from t)"#, r#"where id in (select "id" from t)"#),
        (r#"insert into t values (new."a", "b".c)"#, r#"insert into t values (new."a", "b".c)"#),
        (r#"select "bob@example.com", "it's""#, "select ?, ?"),
    ]);
}

#[test]
fn comments_and_blanks_leave_one_space() {
    check(&[
        ("  select\n\t1 ; ", "select ? ;"),
        ("a/* x /* nested */ y */b -- 'tail\nc", "a b c"),
        ("select 1 # mysql comment\n, 2", "select ? , ?"),
        ("select 1 # the 'quoted' comment\n, 2", "select ? , ?"),
        ("select 1 --comment\n, 2", "select ? , ?"),
        ("select 1 -- don't\n, 2", "select ? , ?"),
        ("select\u{a0}a\0b", "select a b"),
        ("-- only", ""),
        ("a #", "a #"),
        ("", ""),
    ]);
}

#[test]
fn in_lists_are_folded() {
    check(&[
        ("id IN (1, 2, 3)", "id IN (?)"),
        ("id in(?,?,$3,:a,@b,'x',-1,NULL)", "id in (?)"),
        ("(a, b) IN ((1, 2), (3, 4)) AND c", "(a, b) IN (?) AND c"),
        ("id IN /* c */ (\n1\n)", "id IN (?)"),
        ("id IN (SELECT 1)", "id IN (SELECT ?)"),
        ("id IN (1, f(2), x)", "id IN (?, f(?), x)"),
        ("id IN ()", "id IN ()"),
        ("id IN (1, 2", "id IN (?, ?"),
        ("VALUES (1, 2)", "VALUES (?, ?)"),
    ]);
}

#[test]
fn backslashes_are_read_as_the_rest_allows() {
    check(&[
        (r"a = 'C:\\dir', b = 'x'", "a = ?, b = ?"),
        (r"a = E'it\'s', b = 'x'", "a = ?, b = ?"),
        (r"a LIKE ? ESCAPE '\' AND b = 'x'", r"a LIKE ? ESCAPE ? AND b = ?"),
        (r"a = 'it\'s', b = 'x'", "a = ?"),
        (r"a = 'C:\', b = 'secret'", "a = ?"),
        // Either reading is possible: from here on all is hidden.
        (r"a = 'x\' secret'", "a = ?"),
        (r"a = 'x\', ' secret'", "a = ?"),
        (r"a = 'x\' secret", "a = ?"),
    ]);
}

#[test]
fn what_is_not_closed_is_hidden() {
    for open in ["'", "E'", "N'", "\"", "`", "$$", "$t$", "'\\", "'''", "x'"] {
        let sql = format!("select a, {open}secret $ and 1");
        assert_eq!(normalized(&sql), "select a, ?", "{sql}");
        assert!(!summarized(&format!("select * from {open}secret and 1")).contains("secret"));
    }
    for open in ["/*", "--", "/* /* */", "# "] {
        assert_eq!(normalized(&format!("select a {open}secret")), "select a");
    }
    assert_eq!(normalized("select [secret"), "select [secret", "a bare word, not a literal");
}

#[test]
fn at_most_1000_characters_on_a_token() {
    let long = format!("select {}", "é, ".repeat(2_000));
    let out = normalized(&long);
    assert_eq!(out.chars().count(), 999, "a space and nothing does not fit");
    assert_eq!(normalized(&out), out);
    assert_eq!(normalized(&"é".repeat(1001)), "é".repeat(1000));
    // Neither a half quoted name nor one without the dot that makes it a name.
    let padded = |n: usize, rest: &str| normalized_as("oracle", &format!("{} {rest}", "a".repeat(n)));
    assert_eq!(padded(995, "\"name\"").len(), 995);
    for n in 980..1000 {
        let out = padded(n, "= \"n\".\"m\" in (1, 2, 3) and [x y] $tag and b#");
        assert_eq!(normalized_as("oracle", &out), out);
    }
}

#[test]
fn output_is_appended() {
    let mut out = String::from("x");
    normalize("select 1", Dialect::Unknown, &mut out);
    summary("select 1 from t", Dialect::Unknown, &mut out);
    assert_eq!(out, "xselect ?SELECT t");
}

#[test]
fn long_hostile_texts_take_linear_time() {
    let n = 20_000;
    for piece in [
        "'",
        "\\'",
        "' '\\' ",
        "\"",
        "[a ",
        "[",
        "(",
        "IN (1,",
        "IN (",
        "IN ((1),",
        "/*",
        "$a",
        "$a$",
        "$",
        "#",
        "@",
        ":1",
        "1e",
        "--",
        "a.",
        "x in (1) ",
    ] {
        let sql = piece.repeat(n);
        assert!(normalized(&sql).chars().count() <= 1000);
        // No FROM: the summary reads to the end.
        assert!(summarized(&format!("select {sql}")).chars().count() <= 255);
        assert!(summarized(&format!("with {sql}")).chars().count() <= 255);
        assert!(summarized(&format!("update {sql}")).chars().count() <= 255);
    }
}

#[test]
fn summaries() {
    for (sql, expected) in [
        ("select * from users where id = 1", "SELECT users"),
        ("SELECT a, EXTRACT(year FROM ts) FROM orders o JOIN users u ON true", "SELECT orders"),
        ("select a is distinct from b from t", "SELECT t"),
        ("select (select max(x) from inner_t) from outer_t", "SELECT outer_t"),
        ("select * from (select * from (select * from deep) a) b", "SELECT deep"),
        ("select * from (values (1)) v", "SELECT"),
        ("(select * from a) union (select * from b)", "SELECT a"),
        ("select 1", "SELECT"),
        ("select * from only \"my schema\".\"users\"", "SELECT \"my schema\".users"),
        ("select * from `db`.`users` as u", "SELECT db.users"),
        ("select * from [dbo].[Users]", "SELECT dbo.Users"),
        ("select * from public.users", "SELECT public.users"),
        ("select * from /* c */ #temp", "SELECT #temp"),
        ("select * from ?", "SELECT"),
        ("select * from 'secret'", "SELECT"),
        (
            "with a as (select * from x), b (c) as materialized (select 1) select * from real_t",
            "SELECT real_t",
        ),
        ("WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t) SELECT sum(n) FROM t", "SELECT"),
        ("with c as (select * from orders) select * from c", "SELECT"),
        ("with a as (select 1), \"B\" as (select 2) select * from b join a on true", "SELECT"),
        ("with c as (select 1) select * from other.c", "SELECT other.c"),
        ("with c as (select 1) delete from c", "DELETE"),
        (
            "with c as (select 1), d as (select 2) select * from c join d on 1 join users u on 2",
            "SELECT users",
        ),
        ("select * from (with c as (select 1) select * from c) x", "SELECT"),
        ("DECLARE @x int = 5; SELECT * FROM t WHERE a = @x", "SELECT t"),
        ("declare @x int = 5 update t set a = @x", "UPDATE t"),
        ("DECLARE n NUMBER; BEGIN DELETE FROM t; END;", "DELETE t"),
        ("set nocount on; select * from t", "SELECT t"),
        ("use shop; insert into orders values (1)", "INSERT orders"),
        ("begin; update t set a = 1; commit", "UPDATE t"),
        ("SET x = 1; WITH c AS (SELECT 1) SELECT * FROM c, t", "SELECT"),
        ("set a = 1", "SET"),
        ("declare @x int", "DECLARE"),
        ("CREATE USER johndoe", "CREATE USER"),
        ("create user if not exists johndoe", "CREATE USER"),
        ("drop role johndoe", "DROP ROLE"),
        ("ALTER LOGIN johndoe WITH PASSWORD = 'x'", "ALTER LOGIN"),
        ("create group johndoe", "CREATE GROUP"),
        ("drop user 'johndoe'@'localhost'", "DROP USER"),
        ("with x as (select 1) insert into log select * from x", "INSERT log"),
        ("with broken as (select 1", "WITH"),
        ("INSERT INTO orders (a) VALUES (1)", "INSERT orders"),
        ("insert or replace into t values (1)", "INSERT t"),
        ("REPLACE INTO t VALUES (1)", "REPLACE t"),
        ("update only t set a = 1", "UPDATE t"),
        ("UPDATE t SET a = 1", "UPDATE t"),
        ("delete from t where a = 1", "DELETE t"),
        ("merge into t using s on true", "MERGE t"),
        ("truncate table t", "TRUNCATE t"),
        ("create table if not exists t (id int)", "CREATE TABLE t"),
        ("CREATE TABLE t", "CREATE TABLE t"),
        ("create unique index concurrently idx on t (a)", "CREATE INDEX idx"),
        ("create index on t (a)", "CREATE INDEX"),
        ("create or replace temp view v as select 1", "CREATE VIEW v"),
        ("drop table if exists s.t", "DROP TABLE s.t"),
        ("alter table t add column c int", "ALTER TABLE t"),
        ("call proc(1)", "CALL proc"),
        ("PRAGMA table_info(users)", "PRAGMA table_info"),
        ("begin", "BEGIN"),
        ("-- hi\n/* there */ ; commit;", "COMMIT"),
        ("'secret'", ""),
        ("42", ""),
        ("hünter2", ""),
        ("", ""),
    ] {
        assert_eq!(summarized(sql), expected, "{sql}");
    }
}

#[test]
fn a_summary_has_at_most_255_characters() {
    assert_eq!(summarized(&format!("select * from {}", "é".repeat(248))).chars().count(), 255);
    assert_eq!(summarized(&format!("select * from {}", "é".repeat(249))), "SELECT");
    assert_eq!(summarized(&format!("create table {}", "t".repeat(300))), "CREATE TABLE");
    assert_eq!(summarized(&"x".repeat(40)), "");
}

/// SQL-like noise: pieces that open, close, escape and separate.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "'", "''", "\"", "`", "[", "]", "\\", "\\'", "$", "$$", "$a$", "$1", ":", "::", ":a", "@", "@@",
            "?", "#", "# ", "--", "-", "\n", " ", "/*", "*/", "/", "*", "(", ")", ",", ".", "=", "IN",
            "in (", "VALUES", "LIKE", "NULL", "ESCAPE", "E'", "N'", "x", "a1", "1", "0xF", "1e", "1e-", ".5",
            "+", "é", "\u{a0}", "\0", "SELECT", "FROM", "b",
        ])
        .prop_map(str::to_owned),
        ".{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A literal in one of its spellings, its content being `secret` and what needs escaping.
fn literal() -> impl Strategy<Value = String> {
    let content = "[a-z ,;()=?$#@:/*-]{0,6}(''|\\\\n|é|\"|`|--|/\\*)?[a-z ]{0,4}";
    prop_oneof![
        content.prop_map(|c| format!("'q7{c}q7'")),
        content.prop_map(|c| format!("E'q7{c}\\'q7'")),
        content.prop_map(|c| format!("N'q7{c}q7'")),
        content.prop_map(|c| format!("$t$q7{}'q7$t$", c.replace('$', " "))),
        content.prop_map(|c| format!("$$q7{}'q7$$", c.replace('$', " "))),
        "7[0-9]{1,8}(\\.7)?(e-?7)?".prop_map(|n| n),
        "0x7[0-9a-f]{0,8}".prop_map(|n| n),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_safe_and_stable(sql in noise()) {
        let once = normalized(&sql);
        prop_assert_eq!(normalized(&once), once.clone());
        prop_assert!(once.chars().count() <= 1000);
        prop_assert!(summarized(&sql).chars().count() <= 255);
    }

    #[test]
    fn long_texts_are_stable(parts in prop::collection::vec(noise(), 10), lead in 0_usize..1000) {
        // A cut may take away the FROM or the comparison that makes `"…"` a name: Oracle needs neither.
        let once = normalized_as("oracle", &format!("{} {}", "a".repeat(lead), parts.concat()));
        prop_assert_eq!(normalized_as("oracle", &once), once);
    }

    #[test]
    fn no_literal_survives(literals in prop::collection::vec(literal(), 1..6), shape in 0..5) {
        let list = literals.join(", ");
        let (sql, expected) = match shape {
            0 => (format!("select {list} from t"), None),
            1 => (format!("select a from t where a in ({list}) limit ?"), Some("select a from t where a in (?) limit ?")),
            2 => (format!("insert into t values ({list})"), None),
            3 => (format!("update t set a = {} where b", literals[0]), Some("update t set a = ? where b")),
            _ => (format!("call p({list}) -- {list}"), None),
        };
        let out = normalized(&sql);
        prop_assert!(!out.contains("q7") && !out.contains('7'), "{} -> {}", sql, out);
        if let Some(expected) = expected {
            prop_assert_eq!(out, expected);
        } else {
            prop_assert_eq!(out.matches('?').count(), literals.len());
        }
        prop_assert!(!summarized(&sql).contains('7'));
    }

    #[test]
    fn an_open_string_hides_the_rest(open in "['\"`]|E'|\\$\\$|\\$a\\$|/\\*", rest in "[a-z ,.()=]{0,30}") {
        let out = normalized(&format!("select x, {open}q7{rest}q7"));
        prop_assert!(!out.contains("q7"), "{}", out);
    }
}
