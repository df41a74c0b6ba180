// What keeps a page's own thread busy, by Chromium's trace: the longest task, in time of the processor, which other
// programs do not lengthen as they lengthen the time of the clock.

import type { CDPSession } from "playwright-core";

/** A task of the page's own thread. */
export interface Task {
  /** Milliseconds of the processor, and of the clock. */
  readonly cpu: number;
  readonly wall: number;
  /** What took longest in it. */
  readonly parts: readonly string[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string; readonly data?: Readonly<Record<string, unknown>> };
}

const CATEGORIES = [
  "toplevel",
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "v8",
  "loading",
];

/** Events while something is done. */
async function trace(devtools: CDPSession, work: () => Promise<unknown>): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: unknown[] }) => void events.push(...value as TraceEvent[]);
  devtools.on("Tracing.dataCollected", collect);
  await devtools.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES, recordMode: "recordAsMuchAsPossible" },
  });
  await work();
  const complete = new Promise((resolve) => devtools.once("Tracing.tracingComplete", resolve));
  await devtools.send("Tracing.end");
  await complete;
  devtools.off("Tracing.dataCollected", collect);
  return events;
}

function partsOf(events: readonly TraceEvent[], task: TraceEvent): string[] {
  const end = task.ts + task.dur!;
  return events.filter((own) =>
    own !== task && own.pid === task.pid && own.tid === task.tid && own.ph === "X" && own.ts >= task.ts &&
    own.ts < end && (own.tdur ?? 0) > 2000
  ).sort((a, b) => b.tdur! - a.tdur!).slice(0, 8)
    .map(({ name, tdur, args }) =>
      `${name} ${(tdur! / 1000).toFixed(1)} ms ${JSON.stringify(args.data ?? {}).slice(0, 160)}`
    );
}

/**
 * The longest tasks of the page's own thread while something is done, longest first.
 *
 * @param devtools to the page
 * @param work what is done
 */
export async function longestTasks(devtools: CDPSession, work: () => Promise<unknown>): Promise<Task[]> {
  const events = await trace(devtools, work);
  const threads = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const pages = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  return events
    .filter(({ name, ph, pid, tid, tdur }) =>
      name.endsWith("RunTask") && ph === "X" && tdur !== undefined && pages.has(`${pid} ${tid}`)
    )
    .sort((a, b) => b.tdur! - a.tdur!).slice(0, 5)
    .map((task) => ({ cpu: task.tdur! / 1000, wall: task.dur! / 1000, parts: partsOf(events, task) }));
}
