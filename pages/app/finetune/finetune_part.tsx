// Set-up of a finetuning: how many steps, how large; and the button that begins and ends it.

import type { App } from "../page/app.ts";
import { Bar, Note } from "../page/note.tsx";
import { NumberField } from "../setup/number_field.tsx";
import { PartHead } from "../setup/part_head.tsx";
import { useSelect } from "../use_store.ts";

/** See the head of the file. */
export function FinetunePart({ app }: { readonly app: App }) {
  const state = useSelect(app.store, ({ finetune }) => finetune);
  const { settings, kind } = state;
  const busy = kind === "running" || kind === "stopping";
  return (
    <div class="stack">
      <PartHead title="Training" />
      <div class="pairs two">
        <NumberField
          label="Training steps"
          value={settings.steps}
          least={1}
          most={10_000}
          disabled={busy}
          onNumber={(steps) => app.setFinetune({ steps })}
        />
        <NumberField
          label="Learning rate"
          value={settings.rate}
          least={1e-7}
          most={1}
          step="any"
          disabled={busy}
          onNumber={(rate) => app.setFinetune({ rate })}
        />
      </div>
    </div>
  );
}

/** The button, and how far it is. */
export function FinetuneGo({ app }: { readonly app: App }) {
  const state = useSelect(app.store, ({ finetune }) => finetune);
  const ready = useSelect(app.store, ({ data }) => data.kind === "ready");
  const { settings, kind, phase, asking, losses, message } = state;
  const busy = kind === "running" || kind === "stopping";
  return (
    <div class="stack go">
      <div class="row">
        <button
          type="button"
          class={`begin${busy ? "" : " primary"}`}
          disabled={(!busy && !ready) || kind === "stopping"}
          onClick={() => busy ? app.stopFinetune() : app.startFinetune()}
        >
          {busy ? "Stop" : "Finetune"}
        </button>
        {asking && <button type="button" onClick={() => app.allowFetch()}>Load</button>}
      </div>
      {busy && <Bar share={losses.length > 0 ? losses.length / settings.steps : null} label="Finetuning" />}
      {busy && <p class="run-words">{phase}{/[.!?]$/.test(phase) ? "" : "."}</p>}
      <Note message={message} />
    </div>
  );
}
