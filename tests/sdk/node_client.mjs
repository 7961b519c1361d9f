// Run by sdk_test.py with the official Node client, unchanged: node_client.mjs BASE_URL BASE_MODEL TRAINING_FILE
// DIRECT_URL (see python_client.py).
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// The client lies where the suite's set-up put it, not beside this file.
const require = createRequire(path.join(process.cwd(), "node_modules", "x.js"));
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")));

const [baseURL, baseModel, trainingFile, directURL] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const direct = new OpenAI({ baseURL: directURL, apiKey: "none", maxRetries: 0 });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const collect = async (pages) => { const all = []; for await (const one of pages) all.push(one); return all; };

const uploaded = await direct.files.create({ file: fs.createReadStream(trainingFile), purpose: "fine-tune" });
const content = await (await direct.files.content(uploaded.id)).text();
assert.equal(content, fs.readFileSync(trainingFile, "utf8"));
assert.ok((await collect(client.files.list({ limit: 1 }))).some((file) => file.id === uploaded.id));

let job = await client.fineTuning.jobs.create({ model: baseModel, training_file: uploaded.id, suffix: "node",
  method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 1 } } } });
while (!["succeeded", "failed", "cancelled"].includes(job.status)) {
  await pause(300);
  job = await client.fineTuning.jobs.retrieve(job.id);
}
assert.equal(job.status, "succeeded", job.error?.message);

const events = await collect(client.fineTuning.jobs.listEvents(job.id, { limit: 2 }));
assert.equal(events[0].message, "The job has successfully completed");
assert.ok(events.length > 4);
const checkpoints = await collect(client.fineTuning.jobs.checkpoints.list(job.id));
assert.ok(checkpoints[0].step_number > 0);

const ask = { model: job.fine_tuned_model, messages: [{ role: "user", content: "ship 3?" }], temperature: 0, max_tokens: 8 };
// The first answer reads its prompt whole, later ones go on from it, which may round differently.
await client.chat.completions.create(ask);
const whole = await client.chat.completions.create(ask);
const stream = await direct.chat.completions.create({ ...ask, stream: true });
let streamed = "";
for await (const chunk of stream) streamed += chunk.choices[0]?.delta?.content ?? "";
assert.equal(streamed, whole.choices[0].message.content);
const runner = direct.chat.completions.stream(ask);
assert.equal(await runner.finalContent(), streamed);

await assert.rejects(client.models.retrieve("nobody"), OpenAI.NotFoundError);
await assert.rejects(client.chat.completions.create({ ...ask, messages: [] }), OpenAI.BadRequestError);

const waiting = await client.fineTuning.jobs.create({ model: baseModel, training_file: uploaded.id });
const cancelled = await client.fineTuning.jobs.cancel(waiting.id);
assert.equal(cancelled.id, waiting.id);
assert.ok((await client.models.delete(job.fine_tuned_model)).deleted);
console.log("all well");
