//! The database system, as far as the tokenizer asks for it.

/// How a database system reads what others read in another way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `"…"` is a name: PostgreSQL, Oracle, Db2.
    Names,
    /// `"…"` is a name, and `$42` an amount of money: SQL Server.
    SqlServer,
    /// `"…"` is a string, and `#` begins a comment: MySQL, MariaDB, BigQuery.
    Strings,
    /// Unknown, or SQLite, where `"…"` may be either: the reading that shows less.
    #[default]
    Unknown,
}

impl Dialect {
    /// The dialect of a system by its name, as in OpenTelemetry's `db.system` and `db.system.name`, in any case. Other
    /// names are [`Unknown`](Self::Unknown).
    #[must_use]
    pub fn of(system: Option<&str>) -> Self {
        let system = system.unwrap_or_default();
        let is_one_of = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(system));
        if is_one_of(&["postgresql", "postgres", "oracle", "oracle.db", "db2", "ibm.db2"]) {
            Self::Names
        } else if is_one_of(&["mssql", "sqlserver", "microsoft.sql_server"]) {
            Self::SqlServer
        } else if is_one_of(&["mysql", "mariadb", "bigquery", "gcp.bigquery"]) {
            Self::Strings
        } else {
            Self::Unknown
        }
    }
}
