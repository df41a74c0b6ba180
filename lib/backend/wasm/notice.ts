// What this runtime lacks that would make the processor faster: said once, in one line.

import { isOldNode } from "./start_worker.ts";

/** What was asked for and what there is. */
export interface Found {
  /** Threads that are wanted and threads there are. */
  readonly threads: readonly [wanted: number, running: number];
  /** Why there are fewer; null where nothing was found out. */
  readonly reason: string | null;
  /** Whether the runtime has no fused multiply-add. */
  readonly lacksRelaxedSimd: boolean;
}

/** Why memory can not be shared between threads here. */
export function whyNoThreads(): string {
  if (isOldNode()) return "threads need Node 22";
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return crossOriginIsolated === false
    ? "the page is not cross-origin isolated (headers Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp)"
    : "this runtime or module has no shared memory";
}

/** The notice; null where nothing is slower than it could be. */
export function noticeOf({ threads: [wanted, running], reason, lacksRelaxedSimd }: Found): string | null {
  const parts: string[] = [];
  if (running < wanted) {
    parts.push(`${wanted} threads were requested, running on ${running}: ${reason ?? whyNoThreads()}`);
  }
  if (lacksRelaxedSimd) parts.push("this runtime has no relaxed SIMD, matrix products are slower");
  return parts.length > 0 ? `wasm(): ${parts.join("; ")}` : null;
}

let told = false;

/** Says once what is slower. */
export function notify(found: Found): void {
  const text = noticeOf(found);
  if (told || text === null) return;
  told = true;
  console.warn(text);
}
