// The worker that measures spectra and writes files: each encoder is loaded when it is first wanted.

import type { Film } from "./film.ts";
import type { Answer, Ask, Tasks } from "./messages.ts";

/** Only those tests and pages import that are inside a worker. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Ask>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
};

type Do = { readonly [K in keyof Tasks]: (ask: Tasks[K]["ask"]) => Promise<Tasks[K]["answer"]> };

const films = new Map<number, Film>();

const tasks: Do = {
  async spectrum({ numbers, shape, periodic, hidden }) {
    const { powerSpectrum } = await import("./spectrum_library.ts");
    return powerSpectrum(numbers, shape, { periodic, hidden }).power;
  },
  hdf5: async (scene) => await (await import("./hdf5.ts")).hdf5File(scene),
  npz: async (scene) => (await import("./npz.ts")).npzFile(scene),
  async filmStart({ film, start }) {
    const { startFilm } = await import("./film.ts");
    films.set(film, await startFilm(start));
    return null;
  },
  async filmFrame({ film, frame }) {
    await films.get(film)!.add(frame);
    return null;
  },
  async filmEnd({ film, keep }) {
    const done = films.get(film);
    films.delete(film);
    return keep && done ? await done.finish() : null;
  },
};

async function answer({ id, name, ask }: Ask): Promise<void> {
  try {
    const result = await (tasks[name] as (ask: unknown) => Promise<unknown>)(ask);
    const bytes = result instanceof Uint8Array ? [result.buffer as ArrayBuffer] : [];
    scope.postMessage({ id, answer: result }, bytes);
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

scope.onmessage = ({ data }) => void answer(data);
