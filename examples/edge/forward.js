// A Cloudflare Worker in front of a machine with a GPU: forecasts are passed on to the endpoint there, with its token.
import { forecastService } from "@walrus/walrus/serve";

let service;
const serviceOf = ({ UPSTREAM: url, TOKEN: token }) =>
  forecastService({ models: {}, upstream: { url, ...(token ? { token } : {}) } });

export default {
  fetch: (request, env) => (service ??= serviceOf(env)).fetch(request),
};
