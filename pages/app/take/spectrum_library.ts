// The library's spectrum, a script of its own.

export { powerSpectrum } from "walrus/metrics";
