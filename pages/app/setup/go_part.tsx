// The button that begins a forecast, which becomes the one that ends it, in place; and how far it is.

import type { App } from "../page/app.ts";
import { Bar, Note } from "../page/note.tsx";
import { isBusy, type RunState, runWords } from "../session/run_state.ts";
import { useSelect } from "../use_store.ts";
import { bytes } from "../words.ts";

/** See the head of the file. */
export function GoPart({ app }: { readonly app: App }) {
  const run = useSelect(app.store, (state) => state.run);
  const ready = useSelect(app.store, (state) => state.scene !== null && state.data.kind === "ready");
  const blocked = useSelect(app.store, (state) => state.use?.refused != null);
  const load = useSelect(
    app.store,
    (state) => state.model.here ? null : state.model.bytes,
  );
  const busy = isBusy(run);
  const share = shareOf(run);
  return (
    <div class="stack go">
      <div class="row">
        <button
          type="button"
          class={`begin${busy ? "" : " primary"}`}
          disabled={!busy && (!ready || blocked)}
          onClick={() => busy ? app.cancel() : app.start()}
        >
          {busy ? "Cancel" : load ? `Forecast: loads ${bytes(load)} once` : "Forecast"}
        </button>
        {run.kind === "running" && <button type="button" onClick={() => app.pause()}>Pause computing</button>}
        {run.kind === "paused" && <button type="button" onClick={() => app.goOn()}>Go on</button>}
        {run.kind === "cancelled" && run.step > 0 && (
          <button
            type="button"
            onClick={() => app.goOn()}
          >
            Go on from {run.step}
          </button>
        )}
      </div>
      {share !== undefined && <Bar share={share} label="Forecast" />}
      {run.kind === "failed"
        ? <Note message={run.message} />
        : runWords(run) && <p class="run-words">{runWords(run)}</p>}
    </div>
  );
}

/** Share of what is under way that is done; null: not known; undefined: nothing is. */
function shareOf(run: RunState): number | null | undefined {
  if (run.kind === "loading") return run.share;
  if (run.kind === "running" || run.kind === "paused") return run.step / run.planned;
  return undefined;
}
