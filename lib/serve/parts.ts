// What the routes of a service share.

import type { WriteAnswer } from "./answer/whole.ts";
import type { DatasetPool, ServedDataset } from "./datasets.ts";
import type { Upstream } from "./forward.ts";
import type { HeldBytes } from "./held.ts";
import type { Limits } from "./limits.ts";
import type { ModelPool, ServedModel } from "./models.ts";
import type { FairQueue } from "./queue.ts";
import type { Ending } from "./signals.ts";
import type { ServiceState, Telemetry } from "./telemetry.ts";
import type { tokenFinder } from "./tokens.ts";
import type { ForecastRequest } from "./window/read_window.ts";

/**
 * Reads the body of a request, which it may take away.
 *
 * @param body decompressed
 * @param mediaType of the header `content-type`; empty where there is none
 * @param query with its question mark, or empty
 * @param limits of the request
 * @param signal gives it up
 * @throws Refusal that says what is wrong
 */
export type ReadForecast = (
  body: Uint8Array,
  mediaType: string,
  query: string,
  limits: Limits,
  signal: AbortSignal,
) => Promise<ForecastRequest>;

/** What routes have of a service. */
export interface Parts {
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly upstream: Upstream | null;
  /** What was configured, by name. */
  readonly served: {
    readonly models: Readonly<Record<string, ServedModel>>;
    readonly datasets: Readonly<Record<string, ServedDataset>>;
  };
  readonly models: ModelPool;
  readonly datasets: DatasetPool;
  readonly queue: FairQueue;
  /** Requests that another endpoint answers: none of them waits here. */
  readonly passages: FairQueue;
  readonly readForecast: ReadForecast;
  /** Null: on this thread. */
  readonly writeAnswer: WriteAnswer | null;
  readonly held: HeldBytes;
  /** Whether requests want a token. */
  readonly wantsToken: boolean;
  readonly who: ReturnType<typeof tokenFinder>;
  /** Fires when the service ends. */
  readonly ending: Ending;
  readonly isDraining: () => boolean;
  readonly state: () => ServiceState;
  /** A forecast begins; gives what is called when it is over. */
  readonly enter: () => () => void;
}
