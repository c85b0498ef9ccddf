// Many files, a row each: who, when and of whom is read from the file's name, and can be corrected before sending.
//   POST /upload/file?customer=..&kind=..&author=..   body: the file   headers: x-csrf, x-file-name, x-fields
// Ids go into the query. What is about a patient goes into the header x-fields, never into an address.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const input = document.getElementById("f-files"), drop = document.getElementById("drop"), room = document.getElementById("upload-rows");
  const go = document.getElementById("upload-go"), said = document.getElementById("upload-said"), template = document.getElementById("f-template");
  const author = document.getElementById("f-author"), most = Number(form.dataset.maxBytes) || Infinity, AT_ONCE = 3;
  const items = [];
  let running = 0;

  const make = (name, props = {}, ...children) => { const one = Object.assign(document.createElement(name), props); one.append(...children); return one; };
  const size = (n) => (n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`);
  const span = (s) => (!Number.isFinite(s) ? "" : s < 60 ? `${Math.ceil(s)} s left` : `${Math.ceil(s / 60)} min left`);

  // "{author}_{last}_{first}_{date}" as a pattern: each part takes what stands between the fixed pieces.
  const reader = (text) => {
    const names = [];
    const pattern = text.split(/(\{\w+\})/).map((piece) => {
      const part = /^\{(\w+)\}$/.exec(piece);
      if (!part) return piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      names.push(part[1]);
      return part[1] === "date" ? "(\\d{4}-?\\d{2}-?\\d{2}|\\d{1,2}[-.]\\d{1,2}[-.]\\d{4})" : "([^_]*?)";
    }).join("");
    const regex = new RegExp(`^${pattern}$`, "i");
    return (name) => {
      const hit = regex.exec(name.replace(/\.[^.]+$/, ""));
      return hit ? Object.fromEntries(names.map((key, place) => [key, hit[place + 1].trim()])) : {};
    };
  };
  const day = (text) => {
    const a = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text || ""), b = /^(\d{1,2})[-./](\d{1,2})[-./](\d{4})$/.exec(text || "");
    return a ? `${a[2]}/${a[3]}/${a[1]}` : b ? `${b[1].padStart(2, "0")}/${b[2].padStart(2, "0")}/${b[3]}` : "";
  };

  const table = make("table", { className: "rows uploads" });
  const heads = make("tr");
  ["File", "Author", "Family name", "Given name", "Record no.", "Visit", "Progress"].forEach((name) => { const th = make("th", { textContent: name }); th.scope = "col"; heads.append(th); });
  const tbody = make("tbody");
  table.append(make("caption", { className: "vh", textContent: "Files to upload" }), make("thead", {}, heads), tbody);
  // The rows hold names: the tag stands over them and follows the customer.
  const tag = make("span", { className: "tag tag-phi" }), customer = form.elements.customer;
  const mark = () => { tag.textContent = `PHI – ${customer.selectedOptions[0]?.text || "nobody yet"}`; };
  customer.addEventListener("change", mark); mark();
  room.append(make("p", { className: "tags" }, tag), table);

  const field = (item, key, label, value, width) => {
    const box = make("input", { value: value || "", autocomplete: "off", spellcheck: false });
    if (width) box.size = width;
    box.placeholder = label;
    box.setAttribute("aria-label", `${label} of ${item.file.name}`);
    box.addEventListener("input", () => { item.touched.add(key); });
    item.boxes[key] = box;
    return make("td", {}, box);
  };
  const read = (item) => {
    const found = reader(template.value)(item.file.name);
    const values = { last: found.last, first: found.first, mrn: found.mrn, date: day(found.date) };
    for (const [key, value] of Object.entries(values)) if (!item.touched.has(key)) item.boxes[key].value = value || "";
    if (!item.touched.has("author") && found.author) {
      const wanted = found.author.toLowerCase();
      const fits = [...item.boxes.author.options].find((option) => option.value && option.text.toLowerCase().includes(wanted));
      item.boxes.author.value = fits ? fits.value : author.value;
    }
  };
  const add = (files) => {
    for (const file of files) {
      if (items.some((one) => one.file.name === file.name && one.file.size === file.size && one.state !== "gone")) continue;
      const item = { file, boxes: {}, touched: new Set(), state: "waiting" };
      const who = make("select");
      who.setAttribute("aria-label", `Author of ${file.name}`);
      who.append(...[...author.options].map((option) => new Option(option.text, option.value)));
      who.value = author.value; who.addEventListener("change", () => item.touched.add("author"));
      item.boxes.author = who;
      item.progress = make("progress", { max: 1, value: 0, hidden: true });
      item.progress.setAttribute("aria-label", `Progress of ${file.name}`);
      item.word = make("span", { className: "word", textContent: size(file.size) });
      item.cancel = make("button", { type: "button", textContent: "Leave out" });
      item.cancel.setAttribute("aria-label", `Leave out ${file.name}`);
      item.cancel.addEventListener("click", () => { item.request?.abort(); item.state = "gone"; item.row.remove(); tell(); pump(); });
      const name = make("th", { className: "c-who", textContent: file.name }); name.scope = "row";
      item.row = make("tr", {}, name, make("td", {}, who), field(item, "last", "Family name", "", 12), field(item, "first", "Given name", "", 10),
        field(item, "mrn", "Record number", "", 8), field(item, "date", "Visit date", "", 10),
        make("td", {}, make("div", { className: "up-bar" }, item.progress, item.word, item.cancel)));
      items.push(item); tbody.append(item.row);
      read(item);
      if (file.size > most) fail(item, "Larger than what is taken here.");
      else if (!file.size) fail(item, "The file is empty.");
    }
    room.hidden = !items.some((one) => one.state !== "gone");
    tell();
  };
  const fail = (item, words) => { item.state = "failed"; item.word.className = "word danger"; item.word.textContent = words.charAt(0).toUpperCase() + words.slice(1); item.progress.hidden = true; item.cancel.textContent = "Leave out"; item.cancel.setAttribute("aria-label", `Leave out ${item.file.name}`); };
  // The same bytes came in before: nothing was kept, and one of three answers goes on from here.
  const ask = (item, answer) => {
    item.state = "same"; item.progress.hidden = true; item.word.className = "word due"; item.word.textContent = answer.detail;
    const again = (words, keep, of) => {
      const button = make("button", { type: "button", textContent: words });
      button.setAttribute("aria-label", `${words}: ${item.file.name}`);
      button.addEventListener("click", () => { item.keep = keep; item.versionOf = of; choice.remove(); item.word.className = "word"; item.word.textContent = size(item.file.size); item.cancel.hidden = false; item.state = "waiting"; going = true; pump(); });
      return button;
    };
    const choice = make("span", { className: "actions" });
    if (answer.same.may_be_version && typeof answer.same.document === "string") choice.append(again("New version of it", "keep", answer.same.document));
    choice.append(again("Keep both", "keep", ""));
    item.cancel.textContent = "Skip"; item.cancel.setAttribute("aria-label", `Skip ${item.file.name}`);
    item.word.after(choice);
  };
  const tell = () => {
    const count = (state) => items.filter((one) => one.state === state).length;
    const waiting = count("waiting") + count("broken"), done = count("done"), failed = count("failed") + count("same"), sending = count("sending");
    go.textContent = waiting ? `Upload ${waiting} file${waiting === 1 ? "" : "s"}` : "Upload";
    go.disabled = !waiting && Boolean(items.length);
    said.textContent = sending ? `${sending} on the way, ${done} done` : done || failed ? `${done} done${failed ? `, ${failed} not taken` : ""}` : "";
  };

  const send = (item) => {
    item.state = "sending"; running += 1;
    const query = new URLSearchParams({ customer: form.elements.customer.value, kind: form.elements.kind.value, author: item.boxes.author.value });
    // A file that came in before is kept only when somebody said so: in the form, or in this row.
    query.set("same", item.keep || form.elements.same?.value || "");
    const of = item.versionOf || form.elements.version_of?.value;
    if (of) query.set("version_of", of);
    const about = new URLSearchParams({ family: item.boxes.last.value, given: item.boxes.first.value, record_number: item.boxes.mrn.value, visit_date: item.boxes.date.value });
    const request = item.request = new XMLHttpRequest();
    const began = Date.now();
    request.open("POST", `/upload/file?${query}`);
    request.setRequestHeader("x-csrf", document.body.dataset.csrf || "");
    request.setRequestHeader("x-file-name", encodeURIComponent(item.file.name));
    request.setRequestHeader("x-fields", about.toString());
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("accept", "application/json");
    Object.values(item.boxes).forEach((box) => { box.disabled = true; });
    item.progress.hidden = false; item.cancel.textContent = "Cancel"; item.cancel.setAttribute("aria-label", `Cancel ${item.file.name}`);
    request.upload.addEventListener("progress", (event) => {
      const seconds = (Date.now() - began) / 1000, rate = event.loaded / Math.max(seconds, 0.001);
      item.progress.value = event.total ? event.loaded / event.total : 0;
      if (seconds > 1) item.word.textContent = `${size(event.loaded)} of ${size(event.total)} · ${size(Math.round(rate))}/s · ${span((event.total - event.loaded) / rate)}`;
    });
    const end = () => { running -= 1; Object.values(item.boxes).forEach((box) => { box.disabled = item.state === "done"; }); tell(); pump(); };
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a page instead of JSON: the status says enough */ }
      if (request.status >= 200 && request.status < 300) {
        item.state = "done"; item.progress.hidden = true; item.cancel.remove();
        item.word.className = answer.tone === "due" ? "word due" : "word good";
        item.word.textContent = answer.outcome || "Kept";
        if (typeof answer.href === "string" && /^\/(?![\/\\])/.test(answer.href)) item.word.append(" ", make("a", { href: answer.href, textContent: "open" }));
      } else if (request.status === 409 && answer.same) ask(item, answer);
      else fail(item, answer.fields?.[0]?.sentence || answer.detail || (request.status === 401 ? "You are signed out. Sign in and send it again." : request.status === 413 ? "Larger than what is taken here." : "Not taken. Nothing was kept; send it again."));
      end();
    });
    request.addEventListener("error", () => { fail(item, "The connection broke and nothing was kept. Press Upload to send it again."); item.state = "broken"; going = false; end(); });
    request.addEventListener("abort", end);
    request.send(item.file);
    tell();
  };
  let going = false;
  const pump = () => {
    while (going && running < AT_ONCE) {
      const next = items.find((one) => one.state === "waiting");
      if (!next) { going = false; break; }
      send(next);
    }
    tell();
  };

  input.addEventListener("change", () => { add(input.files); input.value = ""; });
  template.addEventListener("input", () => { try { items.filter((one) => one.state === "waiting").forEach(read); } catch { /* half-typed template */ } });
  author.addEventListener("change", () => items.filter((one) => one.state === "waiting" && !one.touched.has("author")).forEach((one) => { one.boxes.author.value = author.value; }));
  for (const kind of ["dragover", "dragenter"]) form.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  form.addEventListener("drop", (event) => add(event.dataTransfer.files));
  // A file dropped beside the form must not replace the page.
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => event.preventDefault());
  form.addEventListener("submit", (event) => { event.preventDefault(); if (!items.length) { input.click(); return; } items.forEach((one) => { if (one.state === "broken") one.state = "waiting"; });
    going = true; pump(); });
  window.addEventListener("beforeunload", (event) => { if (items.some((one) => ["sending", "waiting", "broken", "same"].includes(one.state))) event.preventDefault(); });
})();
