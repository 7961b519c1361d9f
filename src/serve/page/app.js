// The page at `/`: speaks OpenAI's API of this server and /page/overview. Nothing is fetched from elsewhere and no text
// of a model or a file is ever put into the page as HTML.

const WORDS = {
  en: {
    skip: "Skip to content", chat: "Chat", jobs: "Jobs", files: "Files", models: "Models", report: "Report",
    key: "This server asks for a key", enter: "Enter", model: "Model", beside: "Beside it", write: "Write a message",
    send: "Send", stop: "Stop", reset: "New conversation", temperature: "Temperature",
    keys: "Enter sends, Shift+Enter begins a new line, Esc stops an answer.", base: "Base model",
    trainingFile: "Training file", suffix: "Name", epochs: "Epochs", auto: "auto", train: "Train", chooseFile: "A .jsonl file of chats",
    upload: "Upload", nothing: "nobody", empty: "Nothing said yet.", noJobs: "No jobs yet.", noFiles: "No files yet.",
    noModels: "No models on this machine: idiolect models pull smollm2-135m-instruct", noReport: "No report yet: idiolect report",
    cancel: "Cancel", pause: "Pause", resume: "Resume", remove: "Delete", sure: "Delete for good?", talk: "Talk", download: "Download",
    name: "Name", size: "Size", made: "Made", purpose: "Purpose", kind: "Kind", persona: "Persona", wrongKey: "That key is not right.",
    away: "The server does not answer.", step: "step", of: "of", loss: "loss", training: "training", validation: "validation",
    tokens: "tokens trained", units: ["bytes", "KB", "MB", "GB"], base_kind: "base", tuned_kind: "trained", alias_kind: "alias",
    collection: "Collection", dataset: "Dataset", style: "Style",
    validating_files: "checking files", queued: "waiting", running: "running", paused: "paused", succeeded: "done",
    failed: "failed", cancelled: "cancelled",
  },
  ru: {
    skip: "К содержанию", chat: "Разговор", jobs: "Обучение", files: "Файлы", models: "Модели", report: "Отчёт",
    key: "Сервер просит ключ", enter: "Войти", model: "Модель", beside: "Рядом с ней", write: "Напишите сообщение",
    send: "Отправить", stop: "Стоп", reset: "Новый разговор", temperature: "Температура",
    keys: "Enter — отправить, Shift+Enter — новая строка, Esc — прервать ответ.", base: "Исходная модель",
    trainingFile: "Файл обучения", suffix: "Имя", epochs: "Эпохи", auto: "авто", train: "Обучить", chooseFile: "Файл .jsonl с диалогами",
    upload: "Загрузить", nothing: "никого", empty: "Пока ничего не сказано.", noJobs: "Заданий пока нет.", noFiles: "Файлов пока нет.",
    noModels: "На этой машине нет моделей: idiolect models pull gemma-3-270m", noReport: "Отчёта пока нет: idiolect report",
    cancel: "Отменить", pause: "Приостановить", resume: "Продолжить", remove: "Удалить", sure: "Удалить насовсем?", talk: "Поговорить",
    download: "Скачать", name: "Имя", size: "Размер", made: "Создан", purpose: "Назначение", kind: "Вид", persona: "Персона",
    wrongKey: "Ключ не подошёл.", away: "Сервер не отвечает.", step: "шаг", of: "из", loss: "потери", training: "обучение",
    validation: "проверка", tokens: "токенов обучено", units: ["байт", "КБ", "МБ", "ГБ"], base_kind: "исходная", tuned_kind: "обученная", alias_kind: "короткое имя",
    collection: "Собрано", dataset: "Датасет", style: "Манера",
    validating_files: "проверка файлов", queued: "ждёт", running: "идёт", paused: "приостановлено", succeeded: "готово",
    failed: "ошибка", cancelled: "отменено",
  },
};

const $ = (id) => document.getElementById(id);
const stored = (area, name) => { try { return area.getItem(name); } catch { return null; } };
const store = (area, name, value) => { try { area.setItem(name, value); } catch { /* a private window */ } };

let language = stored(localStorage, "language") || (navigator.language.startsWith("ru") ? "ru" : "en");
const t = (word) => WORDS[language][word] ?? word;
const decimal = (value, digits) => value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
let overview = { models: [], machine: "" };

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function notice(text) {
  $("notice").textContent = text || "";
  $("notice").hidden = !text;
}

class ApiError extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function api(path, options = {}) {
  const headers = { ...(options.headers || {}) };
  const key = stored(sessionStorage, "key");
  if (key) headers.Authorization = `Bearer ${key}`;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method: options.method || (options.json !== undefined ? "POST" : "GET"), headers,
      body: options.json !== undefined ? JSON.stringify(options.json) : options.body, signal: options.signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, t("away"));
  }
  if (answer.ok) return answer;
  if (answer.status === 401) {
    $("key-form").hidden = false;
    $("key").focus();
    throw new ApiError(401, key ? t("wrongKey") : t("key"));
  }
  const body = await answer.json().catch(() => null);
  throw new ApiError(answer.status, body?.error?.message || `HTTP ${answer.status}`);
}
const apiJson = async (path, options) => (await api(path, options)).json();

// --- chat ---
const sides = { a: { messages: [] }, b: { messages: [] } };
let asking = null;

function bubble(side, kind, text) {
  const made = element("p", { class: `msg ${kind}` });
  made.textContent = text;
  $(`log-${side}`).append(made);
  $(`log-${side}`).scrollTop = $(`log-${side}`).scrollHeight;
  return made;
}

async function* serverEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    pending += value;
    let end;
    while ((end = pending.indexOf("\n\n")) >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 2);
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      yield JSON.parse(line.slice(6));
    }
  }
}

async function answerOn(side, signal) {
  const model = $(`model-${side}`).value;
  if (!model) return;
  const made = bubble(side, "busy", "");
  let text = "";
  try {
    const answer = await api("/v1/chat/completions", { signal, json: { model, stream: true, messages: sides[side].messages,
      temperature: Number($("temperature").value) } });
    for await (const chunk of serverEvents(answer.body)) {
      if (chunk.error) throw new ApiError(500, chunk.error.message);
      text += chunk.choices[0]?.delta?.content ?? "";
      made.textContent = text;
      $(`log-${side}`).scrollTop = $(`log-${side}`).scrollHeight;
    }
  } catch (error) {
    if (error.name !== "AbortError") bubble(side, "error", error.message);
  }
  made.classList.remove("busy");
  if (text) sides[side].messages.push({ role: "assistant", content: text });
  else made.remove();
}

async function say(event) {
  event?.preventDefault();
  const text = $("text").value.trim();
  if (!text || asking) return;
  $("text").value = "";
  asking = new AbortController();
  $("send").hidden = true;
  $("stop").hidden = false;
  const both = ["a", "b"].filter((side) => $(`model-${side}`).value);
  for (const side of both) {
    sides[side].messages.push({ role: "user", content: text });
    bubble(side, "user", text);
  }
  await Promise.all(both.map((side) => answerOn(side, asking.signal)));
  asking = null;
  $("send").hidden = false;
  $("stop").hidden = true;
  $("text").focus();
}

// One model has the whole width.
function showAlone() {
  $("pair").classList.toggle("alone", !$("model-b").value);
}

function resetChat(side) {
  sides[side].messages = [];
  $(`log-${side}`).replaceChildren();
}

function fillModels() {
  const options = (select, models, none) => {
    const before = select.value;
    select.replaceChildren(...(none ? [element("option", { value: "" }, none)] : []),
      ...models.map((model) => element("option", { value: model.id }, model.persona ? `${model.persona} — ${model.id}` : model.id)));
    if ([...select.options].some((option) => option.value === before)) select.value = before;
    return before;
  };
  const tuned = overview.models.filter((model) => model.kind !== "base");
  const bases = overview.models.filter((model) => model.kind === "base");
  const before = options($("model-a"), [...tuned, ...bases]);
  options($("model-b"), [...bases, ...tuned], t("nothing"));
  if (!before && tuned.length) $("model-b").value = tuned[0].base;
  options($("job-model"), bases);
  showAlone();
  for (const side of ["a", "b"]) $(`log-${side}`).dataset.empty = t("empty");
}

// --- jobs ---
const SVG = "http://www.w3.org/2000/svg";
function svg(tag, properties, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function curve(train, valid, total) {
  // Drawn at the size it is shown, so that its letters are as large as the page's.
  const width = Math.max(260, Math.min(704, document.documentElement.clientWidth - 70)), height = 190, left = 44, bottom = 24;
  const losses = [...train, ...valid].map((point) => point[1]);
  const top = Math.max(...losses) * 1.05, low = Math.min(...losses) * 0.95;
  const steps = Math.max(total, ...train.map((p) => p[0]), 1);
  const x = (step) => left + (width - left - 8) * (step / steps);
  const y = (loss) => 8 + (height - bottom - 8) * (1 - (loss - low) / Math.max(top - low, 1e-9));
  const path = (points) => points.map((p, i) => `${i ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join("");
  const made = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${t("loss")}: ${train.length ? decimal(train.at(-1)[1], 3) : ""}` });
  made.append(svg("path", { class: "axis", d: `M${left} 8V${height - bottom}H${width - 8}` }));
  for (const loss of [low + (top - low) * 0.1, (low + top) / 2, low + (top - low) * 0.9]) {
    made.append(svg("text", { x: 4, y: y(loss) + 4 }, decimal(loss, 2)));
  }
  made.append(svg("text", { x: left, y: height - 6 }, "0"), svg("text", { x: width - 8, y: height - 6, "text-anchor": "end" }, String(steps)));
  made.append(svg("text", { x: width - 8, y: 18, "text-anchor": "end" }, `— ${t("training")}   ┄ ${t("validation")}`));
  if (train.length) made.append(svg("path", { class: "train", d: path(train) }));
  if (valid.length > 1) made.append(svg("path", { class: "valid", d: path(valid) }));
  for (const point of valid) made.append(svg("circle", { class: "dot", cx: x(point[0]), cy: y(point[1]), r: 2.5 }));
  return made;
}

const histories = new Map();  // job id → events, oldest first

const ended = (job) => ["succeeded", "failed", "cancelled"].includes(job.status);
const complete = new Set();  // jobs whose last event is known

async function eventsOf(job) {
  const known = histories.get(job.id) || [];
  if (complete.has(job.id)) return known;
  const last = known.at(-1)?.id;
  const fresh = [];
  let after = "";
  for (;;) {
    const page = await apiJson(`/v1/fine_tuning/jobs/${job.id}/events?limit=500${after}`);
    const meets = page.data.findIndex((event) => event.id === last);
    fresh.push(...(meets < 0 ? page.data : page.data.slice(0, meets)));
    if (meets >= 0 || !page.has_more) break;
    after = `&after=${page.data.at(-1).id}`;
  }
  const all = [...known, ...fresh.reverse()];
  histories.set(job.id, all);
  if (ended(job)) complete.add(job.id);
  return all;
}

const act = (path, done) => async () => {
  try { await apiJson(path, { json: {} }); notice(""); } catch (error) { notice(error.message); }
  done();
};

async function showJobs() {
  const list = (await apiJson("/v1/fine_tuning/jobs?limit=20")).data;
  if (list.some((job) => job.fine_tuned_model && !complete.has(job.id))) await loadModels();
  const cards = [];
  for (const job of list) {
    const events = await eventsOf(job);
    const by = new Map();
    let total = 0;
    const valid = [];
    for (const { data } of events) {
      if (data.train_loss !== undefined && data.train_loss !== null) by.set(data.step, data.train_loss);
      if (data.full_valid_loss !== undefined && data.full_valid_loss !== null) valid.push([data.step, data.full_valid_loss]);
      total = data.total_steps || total;
    }
    const train = [...by].sort((one, other) => one[0] - other[0]);
    const buttons = element("div", { class: "row" });
    const button = (word, path) => buttons.append(element("button", { type: "button", onclick: act(path, refresh) }, t(word)));
    if (["validating_files", "queued", "running"].includes(job.status)) button("pause", `/v1/fine_tuning/jobs/${job.id}/pause`);
    if (job.status === "paused") button("resume", `/v1/fine_tuning/jobs/${job.id}/resume`);
    if (!ended(job)) button("cancel", `/v1/fine_tuning/jobs/${job.id}/cancel`);
    if (overview.models.some((model) => model.id === job.fine_tuned_model)) {
      buttons.append(element("button", { type: "button", onclick: () => talk(job.fine_tuned_model) }, t("talk")));
    }
    cards.push(element("article", { class: "job" },
      element("h2", {}, job.fine_tuned_model || `${job.model} · ${job.user_provided_suffix || job.id.slice(-8)}`),
      element("p", {}, element("span", { class: `status ${job.status}` }, t(job.status)), " ",
        train.length ? `${t("step")} ${train.at(-1)[0]} ${t("of")} ${total || "…"}, ${t("loss")} ${decimal(train.at(-1)[1], 3)}` : "",
        job.trained_tokens ? `, ${job.trained_tokens.toLocaleString(language)} ${t("tokens")}` : ""),
      job.error ? element("p", { class: "small" }, job.error.message)
        : !train.length && !ended(job) && events.length ? element("p", { class: "small" }, events.at(-1).message) : null,
      train.length ? curve(train, valid, total) : null, buttons));
  }
  replaceIfChanged($("job-list"), cards, t("noJobs"));
  const files = (await apiJson("/v1/files?purpose=fine-tune&limit=100")).data;
  const before = $("job-file").value;
  $("job-file").replaceChildren(...files.map((file) => element("option", { value: file.id }, file.filename)));
  if (files.some((file) => file.id === before)) $("job-file").value = before;
}

// A redraw must not take the keyboard's place away while nothing changed.
function replaceIfChanged(box, children, none) {
  const fresh = element("div", {}, ...(children.length ? children : [element("p", { class: "empty" }, none)]));
  if (box.dataset.drawn === fresh.innerHTML) return;
  box.dataset.drawn = fresh.innerHTML;
  box.replaceChildren(...fresh.childNodes);
}

function talk(model) {
  $("model-a").value = model;
  const entry = overview.models.find((one) => one.id === model);
  $("model-b").value = entry && entry.kind !== "base" ? entry.base : "";
  showAlone();
  resetChat("a");
  resetChat("b");
  open("chat");
}

// --- files, models, report ---
const date = (seconds) => new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
function size(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < 3) { bytes /= 1000; ++unit; }
  const digits = unit && bytes < 10 ? 1 : 0;
  return `${bytes.toLocaleString(language, { maximumFractionDigits: digits })} ${t("units")[unit]}`;
}
// `numbers`: which columns stand to the right. The head is repeated in each cell for narrow screens.
const table = (heads, rows, numbers = []) => element("table", {},
  element("thead", {}, element("tr", {}, ...heads.map((head, at) =>
    element("th", { scope: "col", class: numbers[at] ? "number" : "" }, ...[head].flat())))),
  element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, at) =>
    element("td", { class: numbers[at] ? "number" : "", "data-head": typeof heads[at] === "string" && at ? heads[at] : "" },
      ...[cell].flat()))))));

async function remove(path) {
  if (!window.confirm(t("sure"))) return;
  try { await apiJson(path, { method: "DELETE" }); notice(""); } catch (error) { notice(error.message); }
  await load();
}

async function download(file) {
  const blob = await (await api(`/v1/files/${file.id}/content`)).blob();
  const link = element("a", { href: URL.createObjectURL(blob), download: file.filename.split(/[\\/]/).pop() });
  link.click();
  URL.revokeObjectURL(link.href);
}

async function showFiles() {
  const list = (await apiJson("/v1/files?limit=200")).data;
  replaceIfChanged($("file-list"), list.length ? [table([t("name"), t("purpose"), t("size"), t("made"), ""], list.map((file) => [
    file.filename, file.purpose, size(file.bytes), date(file.created_at),
    element("span", { class: "doings" },
      element("button", { type: "button", onclick: () => download(file) }, t("download")),
      element("button", { type: "button", onclick: () => remove(`/v1/files/${file.id}`) }, t("remove")))]))] : [], t("noFiles"));
}

async function showModels() {
  await loadModels();
  replaceIfChanged($("model-list"), overview.models.length ? [table([t("name"), t("kind"), t("persona"), ""], overview.models.map((model) => [
    model.id, t(`${model.kind}_kind`), model.persona || "–",
    element("span", { class: "doings" },
      element("button", { type: "button", onclick: () => talk(model.id) }, t("talk")),
      model.kind === "base" ? null
        : element("button", { type: "button", onclick: () => remove(`/v1/models/${encodeURIComponent(model.id)}`) }, t("remove")))]))] : [],
  t("noModels"));
  $("machine").textContent = overview.machine;
}

let reportPage = "style";

async function showReport() {
  const { pages } = await apiJson("/page/report");
  const page = pages.find((one) => one.name === reportPage) || pages[0];
  $("report-pages").replaceChildren(...(pages.length > 1 ? pages : []).map((one) => element("button", { type: "button",
    "aria-pressed": String(one === page), onclick: () => { reportPage = one.name; refresh(); } }, t(one.name))));
  $("report-body").replaceChildren(...(page ? markdown(page.text) : [element("p", { class: "empty" }, t("noReport"))]));
}

// A line's bold and plain pieces; what the report's writer escaped is itself again.
function inline(line) {
  const out = [];
  let text = "", bold = false;
  const flush = () => {
    if (text) out.push(bold ? element("strong", {}, text) : text);
    text = "";
  };
  for (let at = 0; at < line.length; ++at) {
    if (line[at] === "\\" && at + 1 < line.length) text += line[++at];
    else if (line.startsWith("**", at)) { flush(); bold = !bold; ++at; }
    else if (line[at] !== "`") text += line[at];
  }
  flush();
  return out;
}

// As much of Markdown as the report uses: headings, tables, lists, quotes, code, plain text.
function markdown(text) {
  const out = [];
  let rows = [], items = [], quote = [], code = null, numbers = [];
  const flush = () => {
    if (rows.length) out.push(element("div", { class: "scroll" }, table(rows[0], rows.slice(1), numbers)));
    if (items.length) out.push(element("ul", {}, ...items.map((item) => element("li", {}, ...inline(item)))));
    if (quote.length) out.push(element("blockquote", {}, ...quote.map((line) => element("p", {}, ...inline(line)))));
    rows = [];
    items = [];
    quote = [];
    numbers = [];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      flush();
      if (code === null) { code = []; continue; }
      out.push(element("pre", {}, code.join("\n")));
      code = null;
    } else if (code !== null) {
      code.push(line);
    } else if (/^\|[\s:|-]+\|$/.test(line) && line.includes("---")) {
      numbers = line.slice(1, -1).split("|").map((rule) => rule.trim().endsWith(":"));
    } else if (line.startsWith("|")) {
      if (items.length || quote.length) flush();
      rows.push(line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => inline(cell.trim())));
    } else if (/^[-*] /.test(line)) {
      if (rows.length || quote.length) flush();
      items.push(line.slice(2));
    } else if (line.startsWith(">")) {
      if (rows.length || items.length) flush();
      if (line.length > 2) quote.push(line.slice(2));
    } else {
      flush();
      const head = /^(#+) (.*)/.exec(line);
      if (head) out.push(element(`h${Math.min(head[1].length + 1, 4)}`, {}, ...inline(head[2])));
      else if (line.trim()) out.push(element("p", {}, ...inline(line)));
    }
  }
  flush();
  return out;
}

// --- the frame ---
const SHOW = { chat: async () => {}, jobs: showJobs, files: showFiles, models: showModels, report: showReport };
let current = "chat";

function open(name) {
  current = name;
  for (const tab of Object.keys(SHOW)) {
    $(tab).hidden = tab !== name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(tab === name));
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
  history.replaceState(null, "", `#${name}`);
  refresh();
}

async function refresh() {
  try { await SHOW[current](); } catch (error) { notice(error.message); }
}

async function loadModels() {
  overview = await apiJson("/page/overview");
  fillModels();
}

async function load() {
  try {
    await loadModels();
    $("key-form").hidden = true;
    notice("");
  } catch (error) {
    return notice(error.message);
  }
  return refresh();
}

function speak() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  $("language").textContent = language === "ru" ? "EN" : "RU";
  $("language").lang = language === "ru" ? "en" : "ru";
  for (const box of ["job-list", "file-list", "model-list"]) delete $(box).dataset.drawn;
}

$("say").addEventListener("submit", say);
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) say(event); });
$("stop").addEventListener("click", () => asking?.abort());
document.addEventListener("keydown", (event) => { if (event.key === "Escape") asking?.abort(); });
$("reset").addEventListener("click", () => { asking?.abort(); resetChat("a"); resetChat("b"); $("text").focus(); });
for (const side of ["a", "b"]) {
  $(`model-${side}`).addEventListener("change", () => {
    // The answer of the model that was left must not come into the new conversation.
    asking?.abort();
    resetChat(side);
    showAlone();
  });
}
for (const tab of Object.keys(SHOW)) $(`tab-${tab}`).addEventListener("click", () => open(tab));
document.querySelector("nav").addEventListener("keydown", (event) => {
  const tabs = Object.keys(SHOW), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  open(tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length]);
  $(`tab-${current}`).focus();
});
$("language").addEventListener("click", () => {
  language = language === "ru" ? "en" : "ru";
  store(localStorage, "language", language);
  speak();
  load();
});
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  store(sessionStorage, "key", $("key").value);
  load();
});
$("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData();
  body.append("purpose", "fine-tune");
  body.append("file", $("file").files[0]);
  try { await apiJson("/v1/files", { method: "POST", body }); $("upload").reset(); notice(""); } catch (error) { return notice(error.message); }
  return refresh();
});
$("new-job").addEventListener("submit", async (event) => {
  event.preventDefault();
  const epochs = $("job-epochs").value;
  const job = { model: $("job-model").value, training_file: $("job-file").value,
    method: { type: "supervised", supervised: { hyperparameters: { n_epochs: epochs ? Number(epochs) : "auto" } } } };
  if ($("job-suffix").value) job.suffix = $("job-suffix").value;
  try { await apiJson("/v1/fine_tuning/jobs", { json: job }); notice(""); } catch (error) { return notice(error.message); }
  return refresh();
});
setInterval(() => { if (current === "jobs" && !document.hidden) refresh(); }, 1500);

speak();
open(SHOW[location.hash.slice(1)] ? location.hash.slice(1) : "chat");
load();
