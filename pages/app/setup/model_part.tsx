// Set-up, second part: which network, and which one it is compared with.

import { useState } from "preact/hooks";
import type { App } from "../page/app.ts";
import { Note } from "../page/note.tsx";
import { useSelect } from "../use_store.ts";
import { bytes } from "../words.ts";
import { isHubText, type ModelChoice, sameModel } from "./choice.ts";
import { LinkForm } from "./data_part.tsx";

/** See the head of the file. */
export function ModelPart({ app }: { readonly app: App }) {
  const { store } = app;
  const models = useSelect(store, (state) => state.models);
  const chosen = useSelect(store, (state) => state.modelChoice);
  const compared = useSelect(store, (state) => state.compareChoice);
  const model = useSelect(store, (state) => state.model);
  const mode = useSelect(store, (state) => state.mode);
  const [linking, setLinking] = useState(false);
  const indexOf = (choice: ModelChoice | null) =>
    choice ? models.findIndex((own) => sameModel(own.choice, choice)) : -1;
  return (
    <div class="stack">
      <label class="field">
        Network
        <select
          value={indexOf(chosen)}
          onChange={(event) => app.chooseModel(models[Number(event.currentTarget.value)]!.choice)}
        >
          {models.map(({ label }, i) => <option key={label} value={i}>{label}</option>)}
        </select>
      </label>
      <p class="small faint">{modelWords(model)}</p>
      <Note message={model.message} />
      <div class="row">
        <button type="button" onClick={chooseFiles(app)}>Open file</button>
        <button type="button" aria-expanded={linking} onClick={() => setLinking(!linking)}>
          From link or Hub
        </button>
      </div>
      {linking && (
        <LinkForm
          label="Address of a checkpoint, or hf:org/name"
          onLink={(text) => {
            setLinking(false);
            app.chooseModel(isHubText(text) ? { kind: "hub", name: text } : { kind: "link", url: text });
          }}
        />
      )}
      {mode === "forecast" && (
        <label class="field">
          Compare with
          <select
            value={indexOf(compared)}
            onChange={(event) => app.compareWith(models[Number(event.currentTarget.value)]?.choice ?? null)}
          >
            <option value={-1}>No other network</option>
            {models.map(({ label, choice }, i) =>
              sameModel(choice, chosen) ? null : <option key={label} value={i}>{label}</option>
            )}
          </select>
        </label>
      )}
      {mode === "forecast" && models.length < 2 && (
        <p class="small faint">Open or finetune another network to compare.</p>
      )}
    </div>
  );
}

function modelWords({ model, bytes: size }: ReturnType<App["store"]["get"]>["model"]): string {
  const parts = [model?.description, size === null ? null : bytes(size)].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")}.` : "What it knows is read when it is loaded.";
}

/** Opens the browser's window for files of a network. */
function chooseFiles(app: App): () => void {
  return () => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = ".safetensors,.pt,.pth,.yaml,.yml,.json";
    input.addEventListener("change", () => app.take([...input.files ?? []]));
    input.click();
  };
}
