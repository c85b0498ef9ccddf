// Passkeys: sign in, enrol, step up. Talks JSON with the server in WebAuthn's own words (base64url strings).
//   POST /<flow>/start  -> {"publicKey", "ceremony"}, or {"touch": true}: touch first, then begin again, or what finish answers
//   POST /<flow>/finish <- {"ceremony", "credential", …} -> {"next": "/...", "csrf", "person", "codes"?}
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const csrf = () => document.body.dataset.csrf || "";

  class Refused extends Error {
    constructor(status, words) { super(words); this.status = status; }
  }
  const post = async (path, body) => {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST", credentials: "same-origin", redirect: "error", cache: "no-store",
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf": csrf() }, body: JSON.stringify(body),
      });
    } catch { throw new Refused(0, "The portal could not be reached. Look at the network and try again."); }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, said.fields?.[0]?.sentence || said.detail || said.title || "That was not accepted. Try again, or call the number below.");
    return said;
  };

  const list = (some) => (some || []).map((one) => ({ ...one, id: bytes(one.id) }));
  // Somebody pressed a button, so the browser's own dialog opens, whatever mediation the server's library proposes:
  // "conditional" would wait for ever for a field to be filled in.
  const askFor = async ({ publicKey }) => {
    const wish = { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: list(publicKey.allowCredentials) };
    const found = await navigator.credentials.get({ publicKey: wish });
    const { authenticatorData, clientDataJSON, signature, userHandle } = found.response;
    return {
      id: found.id, rawId: text(found.rawId), type: found.type, extensions: found.getClientExtensionResults(),
      response: { authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature), userHandle: userHandle ? text(userHandle) : null },
    };
  };
  const make = async ({ publicKey }) => {
    const wish = {
      ...publicKey, challenge: bytes(publicKey.challenge), excludeCredentials: list(publicKey.excludeCredentials),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
    };
    const made = await navigator.credentials.create({ publicKey: wish });
    const { attestationObject, clientDataJSON } = made.response;
    return {
      id: made.id, rawId: text(made.rawId), type: made.type, extensions: made.getClientExtensionResults(),
      response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON), transports: made.response.getTransports?.() || [] },
    };
  };

  const run = async (flow, fields = {}) => {
    if (!window.PublicKeyCredential) throw new Refused(0, "This browser knows no passkeys. Use a newer one, or your phone.");
    // A touch of just now counts: then `start` answers as `finish` would.
    let start = await post(`/${flow}/start`, fields);
    if (start.next) return start;
    if (start.touch) { await run("step-up"); start = await post(`/${flow}/start`, fields); }
    if (!start.publicKey) throw new Refused(0, "That was not accepted. Reload the page and try again.");
    const credential = await (start.publicKey.user ? make(start) : askFor(start));
    return post(`/${flow}/finish`, { ...fields, ceremony: start.ceremony, credential });
  };
  const words = (error) => {
    if (error instanceof Refused) return error.message;
    if (error.name === "NotAllowedError" || error.name === "AbortError") return "It was cancelled or took too long. Nothing has happened; try again when you are ready.";
    if (error.name === "InvalidStateError") return "This device holds one of your passkeys already. Use another device for the next one.";
    if (error.name === "SecurityError") return "The address in the browser is not the one this portal was set up for. Check the address.";
    return "The passkey did not work. Try again, or call the number below.";
  };
  const say = (message, near) => {
    let place = document.getElementById("passkey-problem");
    if (!place) {
      place = document.createElement("p");
      place.id = "passkey-problem"; place.className = "error-summary"; place.setAttribute("role", "alert");
      near.before(place);
    }
    place.textContent = message; place.hidden = !message;
  };
  // Recovery codes are shown this once, in this tab's memory only.
  const showCodes = (codes, next) => {
    const part = (tag, props, ...inside) => { const made = Object.assign(document.createElement(tag), props); made.append(...inside); return made; };
    const on = part("button", { type: "button", className: "primary wide", textContent: "I have kept them, go on" });
    const print = part("button", { type: "button", className: "secondary", textContent: "Print them" });
    on.addEventListener("click", () => location.assign(onSite(next)));
    print.dataset.print = "";
    const head = part("h1", { textContent: "Keep these codes", tabIndex: -1 });
    const main = document.getElementById("main");
    main.replaceChildren(head,
      part("p", { textContent: "They are shown this once. Each works once, and opens nothing but a new enrolment when you have lost your passkey." }),
      part("ol", { className: "codes" }, ...codes.map((code) => part("li", {}, part("code", { textContent: code })))),
      part("p", {}, print),
      part("p", { className: "hint", textContent: "On paper, in a drawer with a lock: good. A photo on the phone that holds the passkey: bad, both would be lost together." }), on);
    main.querySelector("ol").setAttribute("aria-label", "Recovery codes");
    document.title = "Recovery codes"; head.focus();
  };
  const onSite = (path) => (typeof path === "string" && /^\/(?![\/\\])/.test(path) ? path : "/");
  const busy = (form, on) => form.querySelectorAll("button").forEach((button) => { button.disabled = on; });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const flow = form.dataset.passkey;
    if (!flow && !("touch" in form.dataset)) return;
    event.preventDefault();
    const sent = event.submitter;
    say("", form); busy(form, true);
    try {
      if (flow) {
        const { csrf: own, ...fields } = Object.fromEntries(new FormData(form));
        const said = await run(flow, fields);
        if (said.codes) { showCodes(said.codes, said.next); return; }
        location.assign(onSite(said.next));
        return;
      }
      const said = await run("step-up");
      if (said.csrf) { document.body.dataset.csrf = said.csrf; document.querySelectorAll("input[name=csrf]").forEach((input) => { input.value = said.csrf; }); }
      busy(form, false);
      if (sent?.name) { const extra = document.createElement("input"); extra.type = "hidden"; extra.name = sent.name; extra.value = sent.value; form.append(extra); }
      form.submit();
    } catch (error) { busy(form, false); say(words(error), form); }
  });

  window.strongroomPasskey = Object.freeze({ run, words, onSite, Refused });
})();
