// Progress of a rollout on standard error: a bar with speed and remaining time on a terminal, a line now and then
// elsewhere.

import process from "node:process";
import cliProgress from "cli-progress";
import type { Context } from "../cli.ts";

/** Progress of something counted in steps. */
export interface Progress extends Disposable {
  /** `done` steps are finished. */
  update(done: number): void;
}

/** A duration in words: `8s`, `3m20s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}m`;
}

/** Speed and remaining time after `done` of `total` steps in `elapsed` seconds. */
export function pace(done: number, total: number, elapsed: number): string {
  if (done === 0) return "starting";
  const rate = done / elapsed;
  const speed = rate >= 1 ? `${rate.toFixed(1)} steps/s` : `${(1 / rate).toFixed(1)} s/step`;
  return done < total
    ? `${speed}, ${duration((total - done) / rate)} left`
    : `${speed}, took ${duration(elapsed)}`;
}

/**
 * Starts to show progress.
 *
 * @param label what is counted
 * @param total steps in all
 * @param context where it is shown
 */
export function startProgress(
  label: string,
  total: number,
  { warn, interactive }: Pick<Context, "warn" | "interactive">,
): Progress {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  if (!interactive) {
    const every = Math.max(1, Math.ceil(total / 5));
    return {
      update(done) {
        if (done % every === 0 || done === total) {
          warn(`${label} ${done}/${total}, ${pace(done, total, elapsed())}`);
        }
      },
      [Symbol.dispose]() {},
    };
  }
  const bar = new cliProgress.SingleBar({
    format: `${label} [{bar}] {value}/{total}  {pace}`,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
    stopOnComplete: false,
    stream: process.stderr,
  });
  bar.start(total, 0, { pace: pace(0, total, 0) });
  return {
    update: (done) => bar.update(done, { pace: pace(done, total, elapsed()) }),
    [Symbol.dispose]: () => bar.stop(),
  };
}
