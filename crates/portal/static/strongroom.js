// Keys, times, filters, small comforts. Nothing here is needed: every page works without it.
// It stores one thing on the device: whether single keys are switched off. Never anything about a patient.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // What works only with script becomes visible.
  all(".with-js, .filter, [data-print], [data-copy]").forEach((part) => { part.hidden = false; });

  // On a phone the rooms are a strip at the thumb: the one we are in is in sight.
  $(".rooms a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // "3 min ago" on hover; the absolute time with its zone is what stands on the page.
  const ago = (iso) => {
    const seconds = Math.round((Date.now() - Date.parse(iso)) / 1000);
    if (!Number.isFinite(seconds)) return "";
    const past = seconds >= 0, size = Math.abs(seconds);
    const words = size < 45 ? "a moment" : size < 5400 ? `${Math.max(1, Math.round(size / 60))} min`
      : size < 129600 ? `${Math.round(size / 3600)} h` : `${Math.round(size / 86400)} days`;
    return past ? `${words} ago` : `in ${words}`;
  };
  document.addEventListener("mouseover", (event) => {
    const time = event.target.closest?.("time[datetime]");
    if (time) time.title = ago(time.dateTime);
  });

  // Narrowing what is on this page, while typing.
  all("[data-filter]").forEach((box) => {
    const table = document.getElementById(box.dataset.filter);
    const said = $(".filter-said", box.parentElement);
    if (!table) return;
    const rows = all("tbody tr", table).map((row) => [row, row.textContent.toLowerCase()]);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) left += 1;
      }
      said.textContent = words.length ? `${left} of ${rows.length} on this page` : "";
    });
  });

  // A row is as good as its link, unless somebody is selecting text or uses a control in it.
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("tr[data-row]");
    if (!row || event.defaultPrevented || event.target.closest("a, button, input, select, label, summary")) return;
    if (String(getSelection())) return;
    const link = $("a.open", row);
    if (link) event.ctrlKey || event.metaKey ? window.open(link.href, "_blank", "noopener") : link.click();
  });

  // Keys. Single letters can be switched off (WCAG 2.1.4).
  const off = () => { try { return localStorage.getItem("strongroom.keys") === "off"; } catch { return false; } };
  const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const step = (by) => {
    const links = all("tr[data-row]:not([hidden]) a.open");
    if (!links.length) return;
    const here = links.indexOf(document.activeElement);
    const next = links[Math.min(links.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by))];
    all("tr.at").forEach((row) => row.classList.remove("at"));
    next.closest("tr").classList.add("at");
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const keys = {
    "/": () => ($("#f-q") || $("#quick"))?.focus(),
    j: () => step(1),
    k: () => step(-1),
    u: () => $('.rooms a[href="/upload"]')?.click(),
    p: () => $('.actions a[href$="/print"]')?.click(),
    "?": () => { if ($(".room .top .me")) location.href = "/help"; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]") || off()) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => {
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  const toggle = $("[data-keys-toggle]");
  if (toggle) {
    const show = () => {
      toggle.setAttribute("aria-pressed", String(off()));
      toggle.textContent = off() ? "Switch single keys on again" : "Switch single keys off on this device";
    };
    toggle.addEventListener("click", () => {
      try { off() ? localStorage.removeItem("strongroom.keys") : localStorage.setItem("strongroom.keys", "off"); } catch { /* storage is closed: keys stay on */ }
      show();
    });
    show();
  }

  // Printing, copying a link, going on from a mail's link.
  document.addEventListener("click", async (event) => {
    if (event.target.closest?.("[data-print]")) window.print();
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
      copy.textContent = "Copied";
    }
  });
  $(".print-bar [data-print]")?.focus();
  const go = $("[data-go]");
  if (go) location.replace(go.href);

  // The date boxes hand on: two digits of a month lead to the day, and so on.
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!box.closest?.(".date-boxes") || box.value.length < Number(box.maxLength) || /\D/.test(box.value)) return;
    box.parentElement.nextElementSibling?.querySelector("input")?.focus();
  });
  // What is wrong is said first.
  const summary = $(".error-summary:not([hidden])");
  if (summary && summary.tabIndex === -1) summary.focus();
})();
