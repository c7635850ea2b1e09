/** What a process has used so far, as Linux counts it. NaN elsewhere. */
import { readdirSync, readFileSync } from "node:fs";

/** The CPU time of all its threads, in ms. */
export function cpuMs(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((id) =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]),
    );
    return ns.reduce((sum, value) => sum + value, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** The memory that it holds, in MiB. */
export function memoryMib(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
