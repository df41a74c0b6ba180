// The set-up: three parts and a button. Beside the rest on wide screens; above it, folded to summaries, on others.

import type { FunctionComponent } from "preact";
import { useState } from "preact/hooks";
import { FinetuneGo, FinetunePart } from "../finetune/finetune_part.tsx";
import type { App } from "../page/app.ts";
import { useWidth } from "../page/width.ts";
import { useSelect } from "../use_store.ts";
import { count } from "../words.ts";
import { dataName } from "./choice.ts";
import { DataPart } from "./data_part.tsx";
import { GoPart } from "./go_part.tsx";
import { ModelPart } from "./model_part.tsx";
import { RunPart } from "./run_part.tsx";

type PartName = "data" | "model" | "run";

/** See the head of the file. */
export function Setup({ app }: { readonly app: App }) {
  const width = useWidth();
  const mode = useSelect(app.store, (state) => state.mode);
  const [open, setOpen] = useState<PartName | "all" | null>(null);
  const shown = (name: PartName) => width === "wide" || open === "all" || open === name;
  const summaries = useSummaries(app);
  const isForecast = mode === "forecast";
  const parts: readonly (readonly [PartName, string, FunctionComponent<{ readonly app: App }>])[] = [
    ["data", "Data", DataPart],
    ["model", "Model", ModelPart],
    isForecast ? ["run", "Start", RunPart] : ["run", "Training", FinetunePart],
  ];
  // What needs an answer is not folded away.
  const asks = useSelect(
    app.store,
    ({ data, use }) =>
      data.kind === "ask" || data.kind === "failed" || data.kind === "empty" ||
      (use?.refused ?? null) !== null,
  );
  return (
    <section class={`setup card ${width}`} aria-labelledby="setup-title">
      <h2 id="setup-title" class={width === "wide" ? "" : "out-of-sight"}>Set-up</h2>
      {width === "middle" && (
        <div class="summaries">
          {parts.map(([name, title]) => (
            <button
              type="button"
              key={name}
              class="summary"
              aria-expanded={open === name}
              onClick={() => setOpen(open === name ? null : name)}
            >
              <span class="faint">{title}</span>
              <span class="value">{summaries[name]}</span>
            </button>
          ))}
        </div>
      )}
      {width === "narrow" && (
        <div class="one-line">
          <p>{summaries.data} · {summaries.model} · {summaries.run}</p>
          <button
            type="button"
            aria-expanded={open === "all"}
            onClick={() => setOpen(open === "all" ? null : "all")}
          >
            {open === "all" ? "Done" : "Change"}
          </button>
        </div>
      )}
      {parts.filter(([name]) => shown(name) || (name === "data" && asks)).map(([name, title, Part]) => (
        <section key={name} class="part" aria-label={title}>
          <Part app={app} />
        </section>
      ))}
      {isForecast ? <GoPart app={app} /> : <FinetuneGo app={app} />}
    </section>
  );
}

/** Each part in a few words. */
function useSummaries({ store }: App): Readonly<Record<PartName, string>> {
  const choice = useSelect(store, (state) => state.dataChoice);
  const model = useSelect(store, (state) => state.model.name);
  const steps = useSelect(store, (state) => state.settings.steps);
  const learning = useSelect(
    store,
    ({ mode, finetune }) => mode === "finetune" ? finetune.settings.steps : null,
  );
  return {
    data: choice ? dataName(choice) : "No data yet",
    model,
    run: count(learning ?? steps, "step"),
  };
}
