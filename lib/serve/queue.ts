// Whose turn it is: at most so many forecasts run at the same time, at most so many requests wait. Clients take turns,
// whoever has the least running comes first, and of equals whoever was served longest ago; those of one client in the
// order in which they came.

import { Refusal } from "./refusal.ts";

/** Most seconds that a client is told to wait. */
const LONGEST_RETRY = 60;
/** How much the newest duration counts in the mean. */
const NEWEST = 0.2;

/** How a queue is bounded. */
export interface QueueOptions {
  /** Forecasts that run at the same time. */
  readonly running: number;
  /** Requests that wait. */
  readonly waiting: number;
  /** Milliseconds since some moment. */
  readonly now?: () => number;
}

interface Waiter {
  readonly admit: () => void;
}

/** Requests of one client. */
interface Client {
  running: number;
  readonly waiting: Set<Waiter>;
  /** Number of the turn it was served last. */
  served: number;
}

/** See the head of the file. */
export class FairQueue {
  readonly #options: QueueOptions;
  readonly #now: () => number;
  readonly #clients = new Map<string | null, Client>();
  #running = 0;
  #waiting = 0;
  #turns = 0;
  /** Mean seconds that a place is held, of the newest; null before the first. */
  #seconds: number | null = null;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Requests that have their turn. */
  get running(): number {
    return this.#running;
  }

  /** Requests that wait for it. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Seconds after which some of those before have probably ended. */
  #retryAfter(ahead: number): number {
    const seconds = (this.#seconds ?? 1) * ahead / this.#options.running;
    return Math.min(LONGEST_RETRY, Math.max(1, Math.ceil(seconds)));
  }

  /**
   * Refuses a request that would find no room, before its body is read.
   *
   * @param client name of its token, null where there are none
   * @param most requests of this client that may run or wait
   * @throws Refusal `too_many` or `busy`
   */
  check(client: string | null, most: number): void {
    const own = this.#clients.get(client);
    const held = own ? own.running + own.waiting.size : 0;
    if (held >= most) {
      const who = client === null ? "All clients together have" : `"${client}" has`;
      throw new Refusal(
        "too_many",
        `${who} ${held} requests that run or wait, at most ${most} may`,
        this.#retryAfter(1),
      );
    }
    const { running, waiting } = this.#options;
    if (this.#running >= running && this.#waiting >= waiting) {
      throw new Refusal(
        "busy",
        `${this.#running} requests run and ${this.#waiting} wait, at most ${waiting} may`,
        this.#retryAfter(this.#waiting + 1),
      );
    }
  }

  /**
   * Waits for a turn.
   *
   * @param client name of its token
   * @param most requests of this client that may run or wait
   * @param signal gives up waiting
   * @returns the place, which has to be given back
   * @throws Refusal where there is no room, the signal's reason
   */
  async take(client: string | null, most: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    this.check(client, most);
    const own = this.#clients.get(client) ?? { running: 0, waiting: new Set(), served: 0 };
    this.#clients.set(client, own);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { admit: resolve };
    own.waiting.add(waiter);
    this.#waiting++;
    const leave = () => {
      if (!own.waiting.delete(waiter)) return;
      this.#waiting--;
      this.#forget(client, own);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave);
    this.#serve();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
    return this.#place(client, own);
  }

  #place(client: string | null, own: Client): Disposable {
    const since = this.#now();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#running--;
        own.running--;
        const seconds = (this.#now() - since) / 1000;
        this.#seconds = this.#seconds === null ? seconds : this.#seconds + NEWEST * (seconds - this.#seconds);
        this.#forget(client, own);
        this.#serve();
      },
    };
  }

  #forget(client: string | null, own: Client): void {
    if (own.running === 0 && own.waiting.size === 0) this.#clients.delete(client);
  }

  /** The client whose turn it is; null where nobody waits. */
  #next(): Client | null {
    let next: Client | null = null;
    for (const client of this.#clients.values()) {
      if (client.waiting.size === 0) continue;
      const isBefore = !next || client.running < next.running ||
        (client.running === next.running && client.served < next.served);
      if (isBefore) next = client;
    }
    return next;
  }

  #serve(): void {
    while (this.#running < this.#options.running) {
      const client = this.#next();
      if (!client) return;
      const [waiter] = client.waiting;
      client.waiting.delete(waiter!);
      this.#waiting--;
      this.#running++;
      client.running++;
      client.served = ++this.#turns;
      waiter!.admit();
    }
  }
}
