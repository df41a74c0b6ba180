// The document validates, its examples run on the shipped network, and what is answered is what it says.

import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { loadModel, openData } from "walrus";
import { forecastService } from "walrus/serve";
import { datasets, forecastAnswer, models, problem } from "../../lib/serve/openapi/schemas.ts";
import { OPTION_NAMES } from "../../lib/serve/window/option_schemas.ts";
import { stubService } from "./stub_service.ts";

const get = (path: string) => new Request(`http://localhost${path}`);

// deno-lint-ignore no-explicit-any -- Parsed JSON.
type Json = any;

async function documentOf(service: { fetch(request: Request): Promise<Response> }): Promise<Json> {
  const response = await service.fetch(get("/openapi.json"));
  assert.equal(response.status, 200);
  return await response.json();
}

Deno.test("the document is valid OpenAPI 3.1, with tokens and data and without", async () => {
  const sha256 = "0".repeat(64);
  const services = [{}, { tokens: [{ name: "lab", sha256 }] }, { datasets: {} }];
  for (const options of services) {
    const { service } = stubService(options);
    const document = await documentOf(service);
    assert.equal(document.openapi, "3.1.1");
    const { valid, errors } = await new Validator().validate(document);
    assert.ok(valid, JSON.stringify(errors));
    assert.equal("security" in document, "tokens" in options);
    const { examples } = document.paths["/v1/forecast"].post.requestBody.content["application/json"];
    assert.deepEqual(Object.keys(examples), "datasets" in options ? ["window"] : ["window", "data"]);
    await service[Symbol.asyncDispose]();
  }
});

Deno.test("the document has every option, in the body and in the query, each with its words", async () => {
  const { service } = stubService();
  const { paths, components } = await documentOf(service);
  const query = paths["/v1/forecast"].post.parameters;
  for (const name of OPTION_NAMES) {
    const inQuery = query.find((parameter: Json) => parameter.name === name);
    const inBody = components.schemas.ForecastOfData.properties[name];
    assert.ok(inQuery.description.length > 10 && inBody.description.length > 10, name);
  }
  const names = Object.keys(components.schemas.ForecastOfWindow.properties);
  assert.deepEqual(names.sort(), [...OPTION_NAMES, "window"].sort());
  await service[Symbol.asyncDispose]();
});

Deno.test("every path of the document is there, with the methods it says, and no others are", async () => {
  const { service } = stubService();
  const { paths } = await documentOf(service);
  for (const [path, operations] of Object.entries<Json>(paths)) {
    for (const method of ["get", "post", "put", "delete"]) {
      const response = await service.fetch(
        new Request(`http://localhost${path}`, { method: method.toUpperCase() }),
      );
      await response.text();
      assert.equal(response.status !== 405, method in operations, `${method} ${path}`);
    }
  }
  await service[Symbol.asyncDispose]();
});

Deno.test("examples run on the shipped network, and answers are what the document says", async () => {
  const checkpoint = "examples/walrus_small/walrus.safetensors";
  await using service = forecastService({
    models: { small: { load: () => loadModel(checkpoint, { worker: true, backend: "wasm" }) } },
    datasets: { mini: { open: () => openData("examples/data/gray_scott_mini.hdf5") } },
  });
  const post = (body: unknown) =>
    service.fetch(
      new Request("http://localhost/v1/forecast", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  const { paths } = await documentOf(service);
  const { examples } = paths["/v1/forecast"].post.requestBody.content["application/json"];
  for (const [name, { value }] of Object.entries<Json>(examples)) {
    const response = await post(value);
    const answer = await response.json();
    assert.equal(response.status, 200, `${name}: ${JSON.stringify(answer)}`);
    const checked = v.parse(forecastAnswer, answer);
    assert.deepEqual([checked.steps, checked.model], [value.steps, "small"]);
    // What was answered can be asked.
    assert.equal((await (await post({ window: answer.window })).json()).steps, 1);
  }
  v.parse(models, await (await service.fetch(get("/v1/models"))).json());
  v.parse(datasets, await (await service.fetch(get("/v1/datasets"))).json());
  v.parse(problem, await (await post({})).json());
});
