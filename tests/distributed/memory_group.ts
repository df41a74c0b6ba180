// Several processes of one job within one: ranks meet at each call, numbers are combined in the order of the ranks. A rank
// that leaves, or that calls something else than the others, fails the calls of all.

import type { ProcessGroup } from "../../lib/distributed/process_group.ts";

/** What a rank brings to a meeting. */
interface Arrival {
  /** Call and sizes: all ranks have to agree in it. */
  readonly call: string;
  readonly values: Float32Array;
}

/** Where ranks wait for each other, one call after the other. */
class Meeting {
  readonly size: number;
  #arrived: (Arrival | undefined)[] = [];
  #count = 0;
  #next = Promise.withResolvers<readonly Arrival[]>();
  #fault: Error | null = null;

  constructor(size: number) {
    this.size = size;
  }

  /** What all ranks brought, in their order. */
  meet(rank: number, call: string, values: Float32Array): Promise<readonly Arrival[]> {
    if (this.#fault) return Promise.reject(this.#fault);
    // What a rank brings is its numbers at this moment: it may change them when the others come.
    this.#arrived[rank] = { call, values: values.slice() };
    const { promise, resolve } = this.#next;
    if (++this.#count === this.size) {
      const all = this.#arrived as Arrival[];
      const other = all.find((arrival) => arrival.call !== all[0]!.call);
      if (other) this.fail(new TypeError(`Ranks call "${all[0]!.call}" and "${other.call}" at once`));
      [this.#arrived, this.#count, this.#next] = [[], 0, Promise.withResolvers()];
      resolve(all);
    }
    return promise;
  }

  /** Fails this call and all later ones, on all ranks. */
  fail(reason: Error): void {
    this.#fault ??= reason;
    this.#next.promise.catch(() => {});
    this.#next.reject(this.#fault);
  }
}

function member(meeting: Meeting, rank: number): ProcessGroup {
  const { size } = meeting;
  const meet = async (call: string, values: Float32Array = new Float32Array(0)) =>
    (await meeting.meet(rank, call, values)).map((arrival) => arrival.values);
  const sums = (all: readonly Float32Array[]) =>
    all.slice(1).reduce((total, own) => total.map((v, i) => v + own[i]!), all[0]!);
  const start = (counts: readonly number[]) => counts.slice(0, rank).reduce((n, count) => n + count, 0);
  return {
    rank,
    size,
    async split(color) {
      const colors = (await meet("split", Float32Array.of(color))).map((own) => own[0]!);
      const same = [...colors.keys()].filter((other) => colors[other] === color);
      // The first of a colour makes the meeting of all of them.
      const made = meetings.get(meeting) ?? new Map<number, Meeting>();
      meetings.set(meeting, made);
      const own = made.get(color) ?? new Meeting(same.length);
      made.set(color, own);
      return member(own, same.indexOf(rank));
    },
    async barrier() {
      await meet("barrier");
    },
    async broadcast(values, root) {
      values.set((await meet(`broadcast ${values.length} of ${root}`, values))[root]!);
    },
    async allReduce(values, op) {
      const all = await meet(`allReduce ${op} ${values.length}`, values);
      if (op === "sum") values.set(sums(all));
      else values.forEach((_, i) => values[i] = Math.max(...all.map((own) => own[i]!)));
    },
    async reduceScatter(values, counts) {
      const all = sums(await meet(`reduceScatter ${counts}`, values));
      return all.slice(start(counts), start(counts) + counts[rank]!);
    },
    async allGather(values, counts) {
      return Float32Array.from((await meet(`allGather ${counts}`, values)).flatMap((own) => [...own]));
    },
    [Symbol.dispose]: () => meeting.fail(new Error(`Rank ${rank} of ${size} left the group`)),
  };
}

/** Meetings that splitting made, by that of the group that was split. */
const meetings = new WeakMap<Meeting, Map<number, Meeting>>();

/** The ranks of a group. */
export function memoryGroup(size: number): ProcessGroup[] {
  const meeting = new Meeting(size);
  return Array.from({ length: size }, (_, rank) => member(meeting, rank));
}
