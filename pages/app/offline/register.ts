// Registers the service worker once the page is busy with nothing else, and tells when a newer version waits.

import type { AppStore } from "../app_state.ts";

/** Follows whether there is a network, and what is kept. */
export function watchNetwork(store: AppStore): void {
  const online = () => store.update({ offline: !navigator.onLine });
  addEventListener("online", online);
  addEventListener("offline", online);
  online();
  void measureKept(store);
}

/** Registers it. Where there are no service workers, or a page is private, nothing is kept. */
export async function registerOffline(store: AppStore): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register("service_worker.js");
    const look = (worker: ServiceWorker | null) =>
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed" && navigator.serviceWorker.controller) {
          store.update({ update: true });
        }
        if (worker.state === "activated") void measureKept(store);
      });
    if (registration.waiting && navigator.serviceWorker.controller) store.update({ update: true });
    look(registration.installing);
    registration.addEventListener("updatefound", () => look(registration.installing));
  } catch {
    // The app works without.
  }
}

/** The newer version takes over, and the page is loaded from it. */
export async function takeUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration?.waiting?.postMessage("take over");
}

async function measureKept(store: AppStore): Promise<void> {
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  if (estimate?.usage !== undefined) store.update({ saved: estimate.usage });
}
