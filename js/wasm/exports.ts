/** What a module of ours exports, as src/wasm declares it: plain functions over plain numbers. No code. */

/** The address of an object in wasm memory, told by who made it; 0: none was made. */
export type Handle = number;
/** 0 or 1. */
type Flag = number;

/** The smaller module lacks the metrics, and what only `stats` and `sampling` call: statistics, rules and draws alone. */
export interface Exports {
  readonly memory: WebAssembly.Memory;

  desk_new(): Handle;
  desk_reserve(desk: Handle, bytes: number): number;
  desk_result(desk: Handle): number;
  desk_length(desk: Handle): number;

  options_begin(desk: Handle): void;
  options_set(desk: Handle): Flag;

  core_new(desk: Handle): Handle;
  core_free(core: Handle): void;
  core_seed(desk: Handle, core: Handle): void;
  core_option(desk: Handle, core: Handle): number;
  core_req(
    desk: Handle,
    core: Handle,
    nowMs: number,
    status: number,
    startMs: number,
    durationMs: number,
    isPath: Flag,
  ): number;
  core_stage(core: Handle): number;
  core_texts(core: Handle): number;
  core_staged(core: Handle, count: number, textBytes: number, nowMs: number): number;
  core_event(
    desk: Handle,
    core: Handle,
    what: number,
    nowMs: number,
    request: number,
    startMs: number,
    durationMs: number,
    number: number,
  ): number;
  core_open(desk: Handle, core: Handle, nowMs: number): number;
  core_rate(desk: Handle, core: Handle): number;
  core_draw(core: Handle, draw: number): void;
  core_outgoing(desk: Handle, core: Handle, request: number): void;
  core_refuse(core: Handle): void;
  core_tick(core: Handle, nowMs: number): number;
  core_deadline(core: Handle): number;
  core_poll(desk: Handle, core: Handle, nowMs: number): Flag;
  core_settle(core: Handle, nowMs: number, lease: number, answer: number, value: number): void;
  core_flush(core: Handle, nowMs: number, deadlineMs: number): void;
  core_flushing(core: Handle, nowMs: number): Flag;
  core_close(core: Handle, nowMs: number): void;
  core_finish(core: Handle): void;
  core_depth(core: Handle): number;
  core_totals(desk: Handle, core: Handle): void;
  core_counters(desk: Handle, core: Handle): void;
  core_stats(desk: Handle, core: Handle, nowMs: number): void;
  core_metrics?(desk: Handle, core: Handle, nowMs: number): void;
  core_notice(desk: Handle, core: Handle): Flag;
  core_forget(core: Handle): void;
  core_ledger(core: Handle): number;
  core_ledger_length(core: Handle): number;
  core_restore(desk: Handle, core: Handle): void;

  stats_new(desk: Handle): Handle;
  stats_free(stats: Handle): void;
  stats_record(desk: Handle, stats: Handle, atMs: number, durationMs: number, isError: Flag): Flag;
  stats_snapshot(desk: Handle, stats: Handle, nowMs: number): void;
  stats_bytes(desk: Handle, stats: Handle): void;
  stats_merge(desk: Handle, stats: Handle): number;

  rules_new(desk: Handle): Handle;
  rules_free(rules: Handle): void;
  rules_match(desk: Handle, rules: Handle): Flag;
  overrides_new(desk: Handle): Handle;
  overrides_free(overrides: Handle): void;
  overrides_rate(desk: Handle, overrides: Handle, defaultRate: number): number;
  draws_new(desk: Handle): Handle;
  draws_free(draws: Handle): void;
  draws_next(draws: Handle): number;
}

/** The functions that take an object back. */
export type Freeing = "core_free" | "stats_free" | "rules_free" | "overrides_free" | "draws_free";
