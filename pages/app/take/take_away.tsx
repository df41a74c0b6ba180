// Data, figure, films, scores, link and code of what is shown.

import { useRef, useState } from "preact/hooks";
import { save } from "../charts/export.ts";
import type { Scene, View } from "../scene.ts";
import type { TakeProps } from "../state.ts";
import { useSelect } from "../use_store.ts";
import { CodeDialog } from "./code_dialog.tsx";
import type { Work } from "./work.ts";
import { work as pageWork } from "./work.ts";

/** A file that can be taken. */
interface FileKind {
  readonly name: string;
  readonly extension: string;
  readonly title: string;
  make(scene: Scene, view: View, tools: Tools): Promise<Blob>;
}

interface Tools {
  readonly work: Work;
  readonly signal: AbortSignal;
  tell(step: number): void;
}

/** Arrays of a scene, written by the worker. */
async function arrays(name: "hdf5" | "npz", scene: Scene, { work }: Tools): Promise<Blob> {
  const { fileScene, transferable } = await import("./contents.ts");
  const contents = fileScene(scene);
  const bytes = await work.run(name, contents, transferable(contents));
  return new Blob([bytes], { type: name === "hdf5" ? "application/x-hdf5" : "application/zip" });
}

async function film(
  kind: "gif" | "webm",
  scene: Scene,
  view: View,
  { work, tell, signal }: Tools,
): Promise<Blob> {
  const { makeFilm } = await import("./make_film.ts");
  return await makeFilm(kind, scene, view, work, tell, signal);
}

const FILES: readonly FileKind[] = [
  {
    name: "HDF5",
    extension: "hdf5",
    title: "All frames in The Well's layout, with provenance",
    make: (scene, _, tools) => arrays("hdf5", scene, tools),
  },
  {
    name: "npz",
    extension: "npz",
    title: "All frames as NumPy arrays, with provenance",
    make: (scene, _, tools) => arrays("npz", scene, tools),
  },
  {
    name: "PNG",
    extension: "png",
    title: "Every field at up to four steps, transparent ground",
    make: async (scene, view, { work }) => await (await import("./picture.ts")).picturePng(scene, view, work),
  },
  {
    name: "GIF",
    extension: "gif",
    title: "Film of the field shown, a picture a step",
    make: (scene, view, tools) => film("gif", scene, view, tools),
  },
  ...typeof VideoEncoder === "undefined" ? [] : [{
    name: "WebM",
    extension: "webm",
    title: "Film of the field shown, a picture a step",
    make: (scene: Scene, view: View, tools: Tools) => film("webm", scene, view, tools),
  }],
  {
    name: "CSV",
    extension: "csv",
    title: "Scores of every step",
    make: async (scene) => new Blob([(await import("./scores.ts")).scoresCsv(scene)], { type: "text/csv" }),
  },
];

/** What is under way, or went wrong. */
type Doing =
  | { readonly kind: "idle"; readonly text: string }
  | { readonly kind: "busy"; readonly text: string; cancel(): void }
  | { readonly kind: "failed"; readonly text: string };

/** Making files, one at a time. */
function useFiles(props: TakeProps, work: Work) {
  const [doing, setDoing] = useState<Doing>({ kind: "idle", text: "" });
  const run = async (file: FileKind) => {
    const { scene, view } = props.store.get();
    if (!scene || scene.computed === 0 || doing.kind === "busy") return;
    const stop = new AbortController();
    const cancel = () => stop.abort();
    const tell = (step: number) =>
      setDoing({ kind: "busy", text: `${file.name}: step ${step} of ${scene.computed}`, cancel });
    setDoing({ kind: "busy", text: `Writing ${file.name}`, cancel });
    try {
      const whole = await props.recall?.(scene) ?? scene;
      const blob = await file.make(whole, view, { work, tell, signal: stop.signal });
      stop.signal.throwIfAborted();
      const name = `${scene.name}_forecast.${file.extension}`;
      save(blob, name);
      const text = `${name} is saved, ${sizeText(blob.size)}.`;
      setDoing({ kind: "idle", text });
      props.announce(text);
    } catch (error) {
      if (stop.signal.aborted) return setDoing({ kind: "idle", text: `${file.name} cancelled.` });
      const why = error instanceof Error ? error.message : String(error);
      setDoing({ kind: "failed", text: `${file.name} could not be written: ${why}` });
    }
  };
  return { doing, setDoing, run };
}

function sizeText(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** The row of what can be taken. `work`: where files are written; the page's worker unless given. */
export function TakeAway(props: TakeProps & { readonly work?: Work }) {
  const { store, announce, link, code, work = pageWork } = props;
  const scene = useSelect(store, (state) => state.scene);
  const { doing, setDoing, run } = useFiles(props, work);
  const dialog = useRef<HTMLDialogElement>(null);
  const [snippet, setSnippet] = useState("");
  if (!scene) return null;
  const off = scene.computed === 0 || doing.kind === "busy";
  const copyLink = async () => {
    const address = await link();
    try {
      await navigator.clipboard.writeText(address);
      setDoing({ kind: "idle", text: "The link is copied." });
      announce("The link is copied.");
    } catch {
      // No right to the clipboard: it can be marked and copied by hand.
      setDoing({ kind: "idle", text: address });
    }
  };
  return (
    <section class="take card" aria-label="Take away">
      <div class="take-row">
        {FILES.map((file) => (
          <button
            key={file.name}
            type="button"
            title={file.title}
            aria-disabled={off}
            onClick={() => !off && run(file)}
          >
            {file.name}
          </button>
        ))}
        <span class="take-gap" />
        <button type="button" onClick={copyLink}>Copy link</button>
        <button
          type="button"
          onClick={() => {
            setSnippet(code());
            dialog.current!.showModal();
          }}
        >
          Code
        </button>
        <p
          class={doing.kind === "failed" ? "take-said failed" : "take-said"}
          role={doing.kind === "failed" ? "alert" : undefined}
        >
          {doing.text || (scene.computed === 0 ? "Files come with the first step." : "")}
          {doing.kind === "busy" && <button type="button" onClick={() => doing.cancel()}>Cancel</button>}
        </p>
      </div>
      <CodeDialog dialog={dialog} code={snippet} />
    </section>
  );
}
