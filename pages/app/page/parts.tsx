// Viewer, charts and take-away, as the page places them.

export { Viewer } from "../viewer/viewer.tsx";
export { Charts } from "../charts/charts.tsx";
export { TakeAway } from "../take/take_away.tsx";
