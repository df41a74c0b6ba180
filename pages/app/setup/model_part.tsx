// Set-up, second part: which network, and which one it is compared with.

import { useState } from "preact/hooks";
import type { App } from "../page/app.ts";
import { Note } from "../page/note.tsx";
import { useSelect } from "../use_store.ts";
import { bytes } from "../words.ts";
import { isHubText, type ModelChoice, sameModel } from "./choice.ts";
import { LinkForm } from "./data_part.tsx";
import { access } from "./hub.ts";
import { PartHead } from "./part_head.tsx";

/** See the head of the file. */
export function ModelPart({ app }: { readonly app: App }) {
  const { store } = app;
  const models = useSelect(store, (state) => state.models);
  const chosen = useSelect(store, (state) => state.modelChoice);
  const compared = useSelect(store, (state) => state.compareChoice);
  const model = useSelect(store, (state) => state.model);
  const mode = useSelect(store, (state) => state.mode);
  const [open, setOpen] = useState(false);
  const indexOf = (choice: ModelChoice | null) =>
    choice ? models.findIndex((own) => sameModel(own.choice, choice)) : -1;
  return (
    <div class="stack">
      <PartHead
        title="Model"
        action={open ? "Close" : "Other model"}
        open={open}
        onAction={() => setOpen(!open)}
      />
      {open && (
        <div class="stack">
          <div class="row">
            <button type="button" onClick={chooseFiles(app)}>Open files</button>
          </div>
          <LinkForm
            label="Address of a checkpoint, or hf:org/name"
            onLink={(text) => {
              setOpen(false);
              app.chooseModel(isHubText(text) ? { kind: "hub", name: text } : { kind: "link", url: text });
            }}
          />
          <HubAccess />
        </div>
      )}
      <select
        aria-label="Network"
        value={indexOf(chosen)}
        onChange={(event) => app.chooseModel(models[Number(event.currentTarget.value)]!.choice)}
      >
        {models.map(({ label }, i) => <option key={label} value={i}>{label}</option>)}
      </select>
      <p class="small faint">{modelWords(model)}</p>
      <Note message={model.message} />
      {mode === "forecast" && models.length > 1 && (
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

/** How a Hub is reached, for this visit alone. */
function HubAccess() {
  const set = (key: "endpoint" | "token", value: string) => {
    if (value) access[key] = value;
    else delete access[key];
  };
  return (
    <details class="more">
      <summary>Access to the Hub</summary>
      <div class="stack">
        <label class="field">
          Token, where one is needed
          <input
            type="password"
            autocomplete="off"
            defaultValue={access.token ?? ""}
            onInput={({ currentTarget: { value } }) => set("token", value)}
          />
        </label>
        <label class="field">
          Address of the Hub
          <input
            type="url"
            placeholder="https://huggingface.co"
            defaultValue={access.endpoint ?? ""}
            onInput={({ currentTarget: { value } }) => set("endpoint", value)}
          />
        </label>
      </div>
    </details>
  );
}
