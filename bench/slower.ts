// Which workloads became slower than a stored baseline says. Costs are times in units of what the machine could have
// computed meanwhile, so that two machines, or one machine on two days, can be compared.

/** One workload. */
export interface Cost {
  readonly name: string;
  /** Operations in units of 10^9 that the ceiling of the same run would have done in its time. */
  readonly cost: number;
}

/** What changed. */
export interface Comparison {
  /** More than the allowed share slower, the worst first; `ratio` is the cost now over that of the baseline. */
  readonly slower: readonly { readonly name: string; readonly ratio: number }[];
  /** Workloads that the baseline does not know. */
  readonly added: readonly string[];
  /** Workloads that only the baseline knows. */
  readonly missing: readonly string[];
}

/** Slower by more than this share is named. */
export const ALLOWED = 0.1;

/**
 * Compares costs with a baseline.
 *
 * @param baseline as stored
 * @param now as measured
 */
export function compareCosts(baseline: readonly Cost[], now: readonly Cost[]): Comparison {
  const before = new Map(baseline.map(({ name, cost }) => [name, cost]));
  const names = new Set(now.map(({ name }) => name));
  const ratios = now.flatMap(({ name, cost }) => {
    const old = before.get(name);
    return old === undefined ? [] : [{ name, ratio: cost / old }];
  });
  return {
    slower: ratios.filter(({ ratio }) => ratio > 1 + ALLOWED).sort((a, b) => b.ratio - a.ratio),
    added: now.map(({ name }) => name).filter((name) => !before.has(name)),
    missing: [...before.keys()].filter((name) => !names.has(name)),
  };
}
