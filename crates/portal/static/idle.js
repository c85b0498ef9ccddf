// The lock. A minute before the session falls idle it warns; then, or at once on F9, it covers the page.
// What was on the page, drafts included, stays in this tab's memory only: nothing is written to the device.
// One touch of the same person's passkey brings it back; anybody else gets a fresh session and the draft is dropped.
"use strict";
(() => {
  const body = document.body, idle = Number(body.dataset.idleSecs || 0) * 1000;
  if (!idle) return;
  const talk = "BroadcastChannel" in window ? new BroadcastChannel("strongroom") : null;
  let last = Date.now(), told = Date.now(), covered = null, warned = false;

  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "idle-title");
  const title = Object.assign(document.createElement("h2"), { id: "idle-title", textContent: "Are you still there?" });
  const left = Object.assign(document.createElement("p"), { textContent: "" });
  const stay = Object.assign(document.createElement("button"), { type: "button", className: "primary", textContent: "Yes, I am here" });
  const leave = Object.assign(document.createElement("button"), { type: "button", textContent: "Lock now" });
  const row = Object.assign(document.createElement("div"), { className: "button-row" });
  row.append(stay, leave); dialog.append(title, left, row); body.append(dialog);

  const send = (path) => fetch(path, {
    method: "POST", credentials: "same-origin", cache: "no-store", redirect: "manual", keepalive: true, body: "",
    headers: { "content-type": "application/x-www-form-urlencoded", "x-csrf": body.dataset.csrf || "" },
  });
  const alive = () => {
    if (covered || !body.dataset.alive || Date.now() - told < Math.min(240000, idle / 3)) return;
    told = Date.now();
    send(body.dataset.alive).then((answer) => { if (answer.status === 401) cover(false); }).catch(() => {});
  };
  const seen = (fromHere = true) => {
    if (covered) return;
    last = Date.now(); warned = false;
    if (dialog.open) dialog.close();
    if (fromHere) { alive(); talk?.postMessage("here"); }
  };

  const build = () => {
    const card = document.createElement("main");
    card.className = "card"; card.id = "main";
    const head = Object.assign(document.createElement("h1"), { textContent: "Locked" });
    const who = Object.assign(document.createElement("p"), { textContent: `This is the session of ${body.dataset.name || "somebody"}. One touch brings the page back as it was.` });
    const problem = Object.assign(document.createElement("p"), { className: "error-summary", hidden: true });
    problem.setAttribute("role", "alert");
    const back = Object.assign(document.createElement("button"), { type: "button", className: "primary wide", textContent: "It is me: unlock" });
    const other = Object.assign(document.createElement("button"), { type: "button", className: "wide after", textContent: "I am somebody else: switch person" });
    card.append(head, who, problem, back, other);
    const brand = Object.assign(document.createElement("header"), { className: "porch-top" });
    const help = Object.assign(document.createElement("footer"), { className: "porch-foot" });
    for (const [place, selector] of [[brand, ".brand"], [help, ".help-line"]]) {
      const found = covered.nodes.map((node) => node.querySelector?.(selector)).find(Boolean);
      if (found) place.append(...[...found.childNodes].map((node) => node.cloneNode(true)));
    }
    const mark = Object.assign(document.createElement("span"), { className: "brand" });
    mark.append(...brand.childNodes); brand.append(mark);
    back.addEventListener("click", () => unlock(back, problem));
    other.addEventListener("click", async () => {
      covered = []; back.disabled = other.disabled = true;
      await send("/sign-out").catch(() => {});
      // The next person touches at once; whoever does not is at the page for signing in.
      const passkey = window.strongroomPasskey;
      try { location.replace(passkey.onSite((await passkey.run("sign-in", { next: "/", shared: idle <= 300000 ? "yes" : "" })).next)); } catch { location.replace("/sign-in"); }
    });
    return [[brand, card, help], back];
  };

  function cover(tell = true) {
    if (covered) return;
    if (dialog.open) dialog.close();
    const focus = document.activeElement;
    covered = { nodes: [...body.childNodes], title: document.title, classes: body.className, focus, scroll: window.scrollY };
    body.replaceChildren(); body.className = "porch"; document.title = "Locked";
    const [parts, back] = build();
    body.append(...parts); back.focus();
    if (tell) { send("/lock").catch(() => {}); talk?.postMessage("lock"); }
  }

  async function unlock(button, problem) {
    const passkey = window.strongroomPasskey;
    button.disabled = true; problem.hidden = true;
    try {
      let said;
      try { said = await passkey.run("step-up"); } catch (error) {
        if (!(error instanceof passkey.Refused) || error.status !== 401) throw error;
        said = await passkey.run("sign-in", { next: location.pathname }); // The session itself is over: sign in anew, keep the page.
      }
      if (said.person && said.person !== body.dataset.person) { covered = []; location.assign("/"); return; }
      const page = covered;
      covered = null;
      body.replaceChildren(...page.nodes); body.className = page.classes; document.title = page.title;
      if (said.csrf) { body.dataset.csrf = said.csrf; document.querySelectorAll("input[name=csrf]").forEach((input) => { input.value = said.csrf; }); }
      last = told = Date.now(); warned = false;
      window.scrollTo(0, page.scroll); page.focus?.focus?.();
      talk?.postMessage("here");
    } catch (error) { button.disabled = false; problem.textContent = passkey.words(error); problem.hidden = false; button.focus(); }
  }

  ["pointerdown", "keydown", "wheel", "touchstart"].forEach((kind) => document.addEventListener(kind, (event) => {
    if (kind === "keydown" && event.key === "F9") { event.preventDefault(); cover(); return; }
    if (!dialog.contains(event.target)) seen();
  }, { passive: kind !== "keydown", capture: true }));
  stay.addEventListener("click", () => { told = 0; seen(); });
  leave.addEventListener("click", () => cover());
  document.addEventListener("submit", (event) => { if ("lock" in event.target.dataset) { event.preventDefault(); cover(); } });
  talk?.addEventListener("message", (event) => { if (event.data === "lock") cover(false); else if (event.data === "here") seen(false); });
  // A page that the browser kept from before must not come back with somebody's records on it.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  setInterval(() => {
    if (covered) return;
    const rest = idle - (Date.now() - last);
    if (rest <= 0) { cover(); return; }
    if (rest <= 60000) {
      left.textContent = `This page locks in ${Math.ceil(rest / 1000)} seconds. What you have written stays.`;
      if (!warned) { warned = true; dialog.showModal(); }
    }
  }, 1000);
})();
