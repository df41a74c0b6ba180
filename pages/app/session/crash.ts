// A mark that is set before a network is loaded and cleared at the first frame. A mark that is there on arrival means
// that the last visit ended in between: then nothing starts by itself.

const KEY = "walrus.loading";

/** Storage may be denied: then there are no marks. */
function storage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** Name of what the last visit ended while loading; null: it did not. */
export function crashMark(): string | null {
  return storage()?.getItem(KEY) ?? null;
}

/** Sets the mark, or clears it. */
export function setCrashMark(name: string | null): void {
  try {
    if (name === null) storage()?.removeItem(KEY);
    else storage()?.setItem(KEY, name);
  } catch {
    // A full or denied storage keeps no mark.
  }
}

/** What a browser says of the network. */
interface Connection {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
}

/** A forecast starts by itself only if its weights are at most so many bytes. */
const SMALL = 10e6;

/**
 * Whether a forecast may start by itself.
 *
 * @param bytes of weights; null: not known
 * @param connection as the browser says
 * @param mark of the last visit
 */
export function mayStart(
  bytes: number | null,
  connection: Connection | undefined,
  mark: string | null,
): boolean {
  if (bytes === null || bytes > SMALL || mark !== null) return false;
  return !connection?.saveData && !/^(slow-)?[23]g$/.test(connection?.effectiveType ?? "");
}
