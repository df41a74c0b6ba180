// The page, in the order in which it is read and focused: header, set-up, viewer, charts, take-away, status.

import { useEffect, useState } from "preact/hooks";
import { FinetuneView } from "../finetune/finetune_view.tsx";
import { linkOf } from "../link/keep_link.ts";
import { takeUpdate } from "../offline/register.ts";
import { codeOf } from "../session/provenance.ts";
import { Setup } from "../setup/setup.tsx";
import { useSelect } from "../use_store.ts";
import type { App } from "./app.ts";
import { EmptyView } from "./empty_view.tsx";
import { KeysDialog } from "./keys.tsx";
import { Charts, TakeAway, Viewer } from "./parts.tsx";
import { StatusLine } from "./status_line.tsx";
import { setTheme, type ThemeChoice } from "./theme.ts";

/** See the head of the file. */
export function Page({ app }: { readonly app: App }) {
  const { store, context } = app;
  const mode = useSelect(store, (state) => state.mode);
  const hasScene = useSelect(store, (state) => state.scene !== null);
  const dropping = useDropping(app);
  const props = { store, announce: context.announce };
  return (
    <div class={`page${dropping ? " dropping" : ""}`}>
      <Header app={app} />
      <Update app={app} />
      <main class="body">
        <div class="setup-column">
          <Setup app={app} />
        </div>
        <div
          class="results"
          onKeyDown={({ key, target }) => {
            const isViewer = target instanceof Element && target.closest(".viewer") &&
              !target.matches("input, select");
            if (key === "?" && isViewer) store.update({ keysOpen: true });
          }}
        >
          {mode === "forecast"
            ? (
              <>
                {hasScene ? <Viewer {...props} /> : <EmptyView app={app} />}
                {hasScene && <Charts {...props} />}
                {hasScene && (
                  <TakeAway
                    {...props}
                    link={() => linkOf(store)}
                    recall={(scene) => app.recall(scene)}
                    code={() => codeOf(store.get())}
                  />
                )}
              </>
            )
            : <FinetuneView app={app} />}
        </div>
      </main>
      <StatusLine app={app} />
      <KeysDialog app={app} />
      <Spoken app={app} />
    </div>
  );
}

function Header({ app }: { readonly app: App }) {
  const { store } = app;
  const mode = useSelect(store, (state) => state.mode);
  const theme = useSelect(store, (state) => state.themeChoice);
  const button = (own: "forecast" | "finetune", label: string) => (
    <button
      type="button"
      aria-pressed={mode === own}
      onClick={() => store.update({ mode: own })}
    >
      {label}
    </button>
  );
  return (
    <header class="head">
      <h1>Walrus</h1>
      <div class="segments" role="group" aria-label="Mode">
        {button("forecast", "Forecast")}
        {button("finetune", "Finetune")}
      </div>
      <div class="end">
        <label class="theme">
          <span>Theme</span>
          <select
            value={theme}
            onChange={({ currentTarget }) => setTheme(store, currentTarget.value as ThemeChoice)}
          >
            <option value="system">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        <button type="button" aria-haspopup="dialog" onClick={() => store.update({ keysOpen: true })}>
          Keys
        </button>
      </div>
    </header>
  );
}

function Update({ app }: { readonly app: App }) {
  const update = useSelect(app.store, (state) => state.update);
  if (!update) return null;
  return (
    <div class="banner" role="status">
      <span>New version ready.</span>
      <button type="button" onClick={() => void takeUpdate()}>Reload</button>
    </div>
  );
}

/** What screen readers are told. */
function Spoken({ app }: { readonly app: App }) {
  const announcement = useSelect(app.store, (state) => state.announcement);
  const alert = useSelect(app.store, (state) => state.alert);
  return (
    <>
      <p class="out-of-sight" role="status">{announcement}</p>
      <p class="out-of-sight" role="alert">{alert}</p>
    </>
  );
}

/** Takes files that are dropped anywhere; whether some hang over the page. */
function useDropping(app: App): boolean {
  const [dropping, set] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      set(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && set(false);
    const drop = (event: DragEvent) => {
      event.preventDefault();
      set(false);
      app.take([...event.dataTransfer?.files ?? []]);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, []);
  return dropping;
}
