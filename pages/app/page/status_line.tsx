// What computes, how fast, how much memory, what is kept: one quiet line at the end of the page.

import { useSelect } from "../use_store.ts";
import { bytes, duration } from "../words.ts";
import type { App } from "./app.ts";

/** See the head of the file. */
export function StatusLine({ app }: { readonly app: App }) {
  const { store } = app;
  const device = useSelect(store, (state) => state.device);
  const perStep = useSelect(store, ({ run }) => run.kind === "running" ? run.perStep : null);
  const memory = useSelect(store, (state) => state.memory);
  const saved = useSelect(store, (state) => state.saved);
  const offline = useSelect(store, (state) => state.offline);
  const version = app.context.facts.release;
  return (
    <footer class="status" aria-label="Status">
      <DeviceWords app={app} />
      {perStep !== null && <span>{duration(perStep)} a step</span>}
      {memory && device && <span>{bytes(memory.weights + memory.working)} of memory</span>}
      {saved !== null && saved > 0 && <span>{bytes(saved)} kept on this device</span>}
      {offline && <span>Offline. Saved here: small model, Gray-Scott, Euler.</span>}
      {!crossOriginIsolated && <NoThreads />}
      <span>Walrus {version}. Nothing leaves this device.</span>
    </footer>
  );
}

function DeviceWords({ app }: { readonly app: App }) {
  const device = useSelect(app.store, (state) => state.device);
  if (!device) return null;
  const { name, choice } = device;
  const isSoftware = /adapter is software/.test(choice);
  if (isSoftware) {
    return (
      <span>
        {name}. The graphics adapter is software; the processor is faster.
        <button
          type="button"
          onClick={() => {
            app.set({ backend: "webgpu" });
            app.start();
          }}
        >
          Use it anyway
        </button>
      </span>
    );
  }
  if (/not on WebGPU/.test(choice)) return <span>Processor (WASM); no WebGPU here. {name}</span>;
  return <span>{name}</span>;
}

function NoThreads() {
  return (
    <details class="more">
      <summary>One thread, hence slower: this page is not cross-origin isolated.</summary>
      <p>
        Its server has to send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy:
        require-corp. Document-Isolation-Policy: isolate-and-require-corp helps Chrome and Edge from 137 only.
      </p>
    </details>
  );
}
