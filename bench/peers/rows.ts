// Answers of the peers as rows of a table: the best of all rounds, how far the rounds lie apart, and ratios to the
// ceiling and to ours.

/** What a peer prints; `max_err` and versions where it has them. */
export interface Answer {
  readonly version?: string;
  readonly best_ms: number;
  readonly best_cpu_ms: number;
  readonly gflop: number;
  readonly max_err?: number;
}

/** One peer at one workload. */
export interface Row {
  readonly case: string;
  readonly threads: number;
  readonly peer: string;
  readonly version: string | null;
  /** Best of all rounds: CPU time on one thread, wall time on more; null where it failed. */
  readonly milliseconds: number | null;
  /** Slowest round over the best one. */
  readonly spread: number | null;
  readonly gflops: number | null;
  /** Share of the ceiling of the same run. */
  readonly ofCeiling: number | null;
  /** Its time over ours: how many times faster ours is. */
  readonly ratio: number | null;
  /** Largest difference from the reference in double precision. */
  readonly error: number | null;
  readonly failure: string | null;
}

/**
 * Rows of one workload with one number of threads.
 *
 * @param name the workload
 * @param threads CPU time counts for one, wall time for more
 * @param answers of all peers and rounds; a text is a failure
 */
export function rowsOf(
  name: string,
  threads: number,
  answers: readonly { readonly id: string; readonly answer: Answer | string }[],
): Row[] {
  const time = (answer: Answer) => threads === 1 ? answer.best_cpu_ms : answer.best_ms;
  const found = (id: string) =>
    answers.filter((a) => a.id === id).map(({ answer }) => answer).filter((a) => typeof a !== "string");
  const speed = (id: string) => Math.max(...found(id).map((answer) => answer.gflop / time(answer) * 1e3));
  const [ceiling, ours] = [speed("ceiling"), speed("ours")];
  return [...new Set(answers.map(({ id }) => id))].map((peer): Row => {
    const good = found(peer);
    const times = good.map(time).sort((x, y) => x - y);
    const [best, worst, gflops] = [times[0], times.at(-1), speed(peer)];
    const failure = answers.find((a) => a.id === peer && typeof a.answer === "string")?.answer;
    const finite = (value: number) => Number.isFinite(value) ? value : null;
    return {
      case: name,
      threads,
      peer,
      version: good[0]?.version ?? null,
      milliseconds: peer === "ceiling" ? null : best ?? null,
      spread: best && worst ? worst / best : null,
      gflops: finite(gflops),
      ofCeiling: finite(gflops / ceiling),
      ratio: peer === "ceiling" ? null : finite(ours / gflops),
      error: good.length > 0 ? finite(Math.max(...good.map(({ max_err }) => max_err ?? NaN))) : null,
      failure: typeof failure === "string" ? failure : null,
    };
  });
}
