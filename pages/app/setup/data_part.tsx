// Set-up, first part: which data, what is in them, what the network makes of each field.

import { useRef, useState } from "preact/hooks";
import type { App } from "../page/app.ts";
import { say } from "../message.ts";
import { Bar, Note } from "../page/note.tsx";
import { useSelect } from "../use_store.ts";
import { progress } from "../words.ts";
import { boundaryWords } from "./boundaries.ts";
import { type DataChoice, isHubText } from "./choice.ts";
import { dataSentences, gridWarning, type Use } from "./describe.ts";
import { FieldList } from "./field_list.tsx";
import { PartHead } from "./part_head.tsx";

/** See the head of the file. */
export function DataPart({ app }: { readonly app: App }) {
  const data = useSelect(app.store, (state) => state.data);
  const choice = useSelect(app.store, (state) => state.dataChoice);
  const [open, setOpen] = useState(false);
  return (
    <div class="stack">
      <PartHead
        title="Data"
        action={open ? "Close" : "Other data"}
        open={open}
        onAction={() => setOpen(!open)}
      />
      {open && <Chooser app={app} choice={choice} done={() => setOpen(false)} />}
      {data.kind === "empty" && (
        <p>Drop a simulation: HDF5 in The Well's layout, or npz. Nothing leaves this device.</p>
      )}
      {data.kind === "loading" && (
        <div class="stack" data-state="loading">
          <p>
            {data.done > 0
              ? `Reading ${data.name}: ${progress(data.done, data.total)}.`
              : `Reading ${data.name}.`}
          </p>
          <Bar share={data.total ? data.done / data.total : null} label={`Reading ${data.name}`} />
          <div class="row">
            <button type="button" onClick={() => app.cancelData()}>Cancel</button>
          </div>
        </div>
      )}
      {(data.kind === "ask" || data.kind === "failed") && <Note message={data.message} />}
      {data.kind === "ready" && <Understood app={app} />}
    </div>
  );
}

/** What was understood of open data. */
function Understood({ app }: { readonly app: App }) {
  const data = useSelect(app.store, (state) => state.data);
  const settings = useSelect(app.store, (state) => state.settings);
  const use = useSelect(app.store, (state) => state.use);
  if (data.kind !== "ready") return null;
  const { name, trajectory, times, split, splits, warnings } = data.opened;
  const [first, ...more] = dataSentences(
    name,
    trajectory,
    times,
    split.trajectories,
    use?.frames ?? 6,
    settings,
  );
  const treated = boundaryWords(settings.boundaries);
  const trajectories = splits.length > 1 ? ` Split ${split.name}.` : "";
  return (
    <div class="stack" data-state="understood">
      <p class="understood">{first}{trajectories} {more.join(" ")}</p>
      {treated && (
        <Note
          message={say("info", treated, [{ label: "Change boundary", run: () => app.askBoundaries() }])}
        />
      )}
      {use && <FieldList app={app} use={use} />}
      {use && <GridNote app={app} use={use} shape={trajectory.info.grid.shape} />}
      {use && use.grid.length > 0 && (
        <details class="more">
          <summary class="small">How the grid is cut</summary>
          {use.grid.map((line) => <p key={line} class="small faint">{sentence(line)}</p>)}
        </details>
      )}
      {warnings.map((line) => <p key={line} class="small note warn">{sentence(line)}</p>)}
      {use?.refused && !use.rows.some(({ known, used }) => known === "unknown" && used) && (
        <p class="note bad">{sentence(use.refused)}</p>
      )}
    </div>
  );
}

/** A grid that the network has not learnt: what to do about it. */
function GridNote(
  { app, use, shape }: { readonly app: App; readonly use: Use; readonly shape: readonly number[] },
) {
  const grid = useSelect(app.store, (state) => state.settings.grid);
  const text = use.refused === null ? gridWarning(use, shape) : null;
  if (!text) return null;
  const resample = { label: "Resample", run: () => app.setWindow({ grid: "resample" }) };
  const keep = { label: "Keep its points", run: () => app.setWindow({ grid: "auto" }) };
  return <Note message={say("warn", text, [grid === "resample" ? keep : resample])} />;
}

/** A line of the library as a sentence. */
function sentence(line: string): string {
  const text = line.charAt(0).toUpperCase() + line.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

interface ChooserProps {
  readonly app: App;
  readonly choice: DataChoice | null;
  readonly id?: string;
  done?(): void;
}

/** Where data come from. */
export function Chooser({ app, choice, id, done = () => {} }: ChooserProps) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [linking, setLinking] = useState(false);
  const take = (input: HTMLInputElement) => {
    app.take([...input.files ?? []]);
    // The same file may be chosen again.
    input.value = "";
    done();
  };
  const example = (name: "gray_scott" | "euler", label: string) => (
    <button
      type="button"
      aria-pressed={choice?.kind === "example" && choice.name === name}
      onClick={() => {
        void app.chooseData({ kind: "example", name });
        done();
      }}
    >
      {label}
    </button>
  );
  return (
    <div {...id ? { id } : {}} class="stack chooser">
      <div class="row">
        {example("gray_scott", "Gray-Scott")}
        {example("euler", "Euler")}
        <button type="button" onClick={() => files.current?.click()}>Choose file</button>
        <button type="button" onClick={() => folder.current?.click()}>Choose folder</button>
        <button type="button" aria-expanded={linking} onClick={() => setLinking(!linking)}>Paste link</button>
      </div>
      <input
        ref={files}
        class="file-input"
        type="file"
        multiple
        hidden
        aria-label="Files of a simulation"
        accept=".hdf5,.h5,.nc,.npy,.npz,.zip,.yaml,.yml,.json,.safetensors,.pt,.pth"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        aria-label="Folder of a simulation"
        {...{ webkitdirectory: true }}
        onChange={(event) => take(event.currentTarget)}
      />
      {linking && (
        <LinkForm
          label="Address of a file, or hf:datasets/org/name"
          onLink={(text) => {
            void app.chooseData(isHubText(text) ? { kind: "hub", name: text } : { kind: "link", url: text });
            done();
          }}
        />
      )}
    </div>
  );
}

interface LinkFormProps {
  readonly label: string;
  onLink(text: string): void;
}

/** An address, or a name on a Hub. */
export function LinkForm({ label, onLink }: LinkFormProps) {
  const [wrong, setWrong] = useState(false);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get("address")?.toString().trim() ?? "";
        const fits = /^(?:https?:\/\/|hf:)\S+$/.test(text);
        setWrong(!fits);
        if (fits) onLink(text);
      }}
    >
      <label class="field">
        {label}
        <input
          name="address"
          type="text"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          required
          aria-invalid={wrong}
        />
      </label>
      {wrong && (
        <p class="note bad">Wanted an address that begins with https:// or a name that begins with hf:</p>
      )}
      <div class="row">
        <button type="submit">Open</button>
      </div>
    </form>
  );
}
