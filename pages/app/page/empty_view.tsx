// In the place of the viewer while there is nothing to view: what can be done about it.

import { Chooser } from "../setup/data_part.tsx";
import { useSelect } from "../use_store.ts";
import type { App } from "./app.ts";

/** See the head of the file. */
export function EmptyView({ app }: { readonly app: App }) {
  const data = useSelect(app.store, (state) => state.data);
  const run = useSelect(app.store, (state) => state.run);
  const choice = useSelect(app.store, (state) => state.dataChoice);
  // The viewer's place is kept while something is on its way.
  if (data.kind === "loading" || (data.kind === "ready" && run.kind !== "failed")) {
    return <div class="place-viewer" />;
  }
  const waits = data.kind === "ask" && choice?.kind === "missing";
  return (
    <section class="card empty" aria-labelledby="empty-title">
      <h2 id="empty-title">{waits ? data.message.text : "Nothing to show yet"}</h2>
      <p>Drop a simulation: HDF5 in The Well's layout, or npz. Nothing leaves this device.</p>
      <Chooser app={app} choice={choice} />
    </section>
  );
}
