//! stub
#![allow(missing_docs)]
use super::Error;
#[derive(Debug)]
pub struct StatsStore;
pub enum SeriesKind {
    Req,
    Fn,
    Db,
}
pub struct Sample {
    pub at: f64,
    pub duration: Option<f64>,
    pub is_error: bool,
}
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub count: u64,
    pub errors: u64,
    pub rps: f64,
    pub error_pct: f64,
    pub p50_ms: Option<f64>,
    pub p90_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub p999_ms: Option<f64>,
    pub max_ms: Option<f64>,
    pub mean_ms: Option<f64>,
}
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub total: Figures,
    pub seconds: [u32; 60],
    pub slots: [u32; 60],
    pub series: Vec<SeriesSnapshot>,
}
#[derive(Debug, Clone)]
pub struct SeriesSnapshot {
    pub kind: &'static str,
    pub name: String,
    pub figures: Figures,
    pub slots: [u32; 60],
    pub coarse: bool,
}
impl StatsStore {
    pub fn new(_w: f64, _s: usize) -> Result<Self, Error> {
        Ok(Self)
    }
    pub fn record(&mut self, _s: Sample, _now: f64, _x: Option<(SeriesKind, &str)>) -> bool {
        true
    }
    pub fn advance(&mut self, _now: f64) {}
    pub fn p99(&self, _k: SeriesKind, _n: &str) -> Option<f64> {
        None
    }
    pub fn snapshot(&mut self, _now: f64) -> Snapshot {
        Snapshot { total: Figures::default(), seconds: [0; 60], slots: [0; 60], series: vec![] }
    }
    pub fn to_bytes(&mut self, _out: &mut Vec<u8>) {}
    pub fn merge(&mut self, _b: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    pub fn shift(&mut self, _d: f64) {}
}
