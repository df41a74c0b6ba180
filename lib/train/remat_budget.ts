// What a step computes again so that it fits into some memory: as little as does. Choices are the beginnings of one list
// of parts, cheapest first, and every n-th region whole; of those that fit the one with the least arithmetic, so a larger
// budget never recomputes more. Each that is tried is planned as it would run.

import { isBackward } from "../autodiff/remat.ts";
import { rematerializeParts, type RematPart } from "../autodiff/remat_parts.ts";
import { slotBytes } from "../compile/memory_plan.ts";
import { type Plan, plan, type PlanTarget } from "../compile/pipeline.ts";
import type { Program } from "../compile/program.ts";
import { launchEstimate, launchWork, workOf } from "../compile/work.ts";
import type { Graph } from "../ir/trace.ts";
import { recomputedScopes } from "./step.ts";

/** A plan, and what the backward pass computes again in it. */
export interface RematPlan {
  readonly plan: Plan;
  readonly parts: readonly RematPart[];
  /** The step that recomputes nothing. */
  readonly plain: Plan;
}

/** The region that a scope lies in, else its outermost part. */
function regionOf(scope: string, regions: readonly string[]): string {
  return regions.find((region) => scope === region || scope.startsWith(`${region}/`)) ?? scope.split("/")[0]!;
}

/** A scope one part deeper than its region, where it is that deep. */
function within(scope: string, region: string): string {
  return scope === region ? scope : `${region}/${scope.slice(region.length + 1).split("/")[0]}`;
}

/** What products of a scope cost, and the bytes of their results that are kept for the backward pass. */
interface Products {
  readonly scope: string;
  cost: number;
  kept: number;
}

/**
 * Parts of a step in the order in which they are recomputed: maps and norms of every region up to the last, first to
 * last; then products, those first that free most for their cost; at the end what lies so near the backward pass that
 * nothing is gained until all else is recomputed.
 *
 * @param program of the step that recomputes nothing
 * @param regions of the network, in the order of the forward pass
 */
export function rematOrder({ launches, slots }: Program, regions: readonly string[]): RematPart[] {
  const turn = launches.findIndex(({ scope }) => isBackward(scope));
  const found = new Map<string, Map<string, Products>>();
  for (const launch of launches.slice(0, Math.max(turn, 0))) {
    const { scope: path } = launch;
    if (path === "") continue;
    const region = regionOf(path, regions);
    const scope = within(path, region);
    const own = found.get(region) ?? new Map<string, Products>();
    found.set(region, own);
    if (launchWork(launch) === 0) continue;
    const sums = own.get(scope) ?? { scope, cost: 0, kept: 0 };
    own.set(scope, sums);
    sums.cost += launchEstimate(launch);
    for (const { slot } of launch.outputs) {
      if (slots[slot]!.lifetime[1] >= turn) sums.kept += slotBytes(slots[slot]!);
    }
  }
  const names = [...found.keys()];
  const last = regions.length > 0 ? names.indexOf(regions.at(-1)!) : names.length - 1;
  const maps = (some: readonly string[]) => some.map((scope): RematPart => ({ scope, products: false }));
  const products = (some: readonly string[]) =>
    some.flatMap((name) => [...found.get(name)!.values()])
      .sort((a, b) => b.kept / b.cost - a.kept / a.cost)
      .map(({ scope }): RematPart => ({ scope, products: true }));
  const [early, late] = [names.slice(0, last), names.slice(Math.max(last, 0))];
  return [
    ...maps(names.slice(0, last + 1)),
    ...products(early),
    ...maps(names.slice(last + 1)),
    ...products(late),
  ];
}

/** Regions are tried whole up to every so-manieth. */
const MOST_APART = 4;

/** The parts that are all of every n-th region. */
function everyRegion(regions: readonly string[], every: number): RematPart[] {
  const some = recomputedScopes({ regions }, { rematEvery: every });
  return [false, true].flatMap((products) => some.map((scope): RematPart => ({ scope, products })));
}

/**
 * Plans a step with the least recomputation that fits.
 *
 * @param graph with forward and backward pass, as traced
 * @param target whose kernels are used
 * @param regions of the network, in the order of the forward pass
 * @param fits whether a program's memory does
 * @returns the plan; where none fits the one that recomputes everything
 */
export function planWithin(
  graph: Graph,
  target: PlanTarget,
  regions: readonly string[],
  fits: (program: Program) => boolean,
): RematPlan {
  const plain = plan(graph, target);
  if (fits(plain.main.program)) return { plan: plain, parts: [], plain };
  const order = rematOrder(plain.main.program, regions);
  const planned = (count: number) => plan(rematerializeParts(graph, order.slice(0, count)), target);
  let [least, most] = [1, order.length];
  let chosen = most > 0 ? planned(most) : plain;
  if (fits(chosen.main.program)) {
    // The memory of a plan need not fall with every part; halving still never takes more parts for more memory.
    while (least < most) {
      const middle = Math.floor((least + most) / 2);
      const tried = planned(middle);
      if (fits(tried.main.program)) [most, chosen] = [middle, tried];
      else least = middle + 1;
    }
  }
  const listed: RematPlan = { plan: chosen, parts: order.slice(0, most), plain };
  if (!fits(chosen.main.program)) return listed;
  // The fewer, the less arithmetic: the first that fits is the best of them.
  for (let every = Math.min(MOST_APART, regions.length); every >= 1; every--) {
    const parts = everyRegion(regions, every);
    const tried = plan(rematerializeParts(graph, parts), target);
    if (!fits(tried.main.program)) continue;
    return workOf(tried.main.program, launchEstimate) < workOf(chosen.main.program, launchEstimate)
      ? { plan: tried, parts, plain }
      : listed;
  }
  return listed;
}
