// Light or dark: as the system has it, or as the user chose, which is remembered.

import type { AppStore } from "../app_state.ts";

/** What can be chosen. */
export type ThemeChoice = "system" | "light" | "dark";

const KEY = "walrus.theme";
const CHOICES: readonly ThemeChoice[] = ["system", "light", "dark"];

function remembered(): ThemeChoice {
  try {
    return CHOICES.find((own) => own === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system";
  }
}

/** Follows the system from now on. */
export function startTheme(store: AppStore): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => apply(store, store.get().themeChoice));
  apply(store, remembered());
}

/** Sets it, and remembers it. */
export function setTheme(store: AppStore, choice: ThemeChoice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Storage may be denied: then it holds for this visit.
  }
  apply(store, choice);
}

function apply(store: AppStore, choice: ThemeChoice): void {
  const isDark = choice === "dark" ||
    (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  const { dataset } = document.documentElement;
  if (choice === "system") delete dataset.theme;
  else dataset.theme = choice;
  store.update({ themeChoice: choice, theme: isDark ? "dark" : "light" });
}
