"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const changes = all(".change").map((element) => ({ element, fold: element.querySelector("details"), text: null }));
  const form = document.querySelector(".toolbar");
  const search = byId("search");

  // -- theme: as the system, light or dark; kept where the browser lets a file keep something ---------------

  const themes = ["as the system", "light", "dark"];
  const kept = (store) => { try { return store(); } catch { return null; } };
  const theme = byId("theme");
  const setTheme = (name) => {
    if (name === themes[0]) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
  };
  const stored = kept(() => localStorage.getItem("reconciler-theme"));
  setTheme(themes.includes(stored) ? stored : themes[0]);
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? themes[0];
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    setTheme(next);
    kept(() => localStorage.setItem("reconciler-theme", next));
  });

  // -- copying ----------------------------------------------------------------------------------------------

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  for (const button of all("[data-copy]")) {
    const source = byId(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        select(source);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // -- search and filter ------------------------------------------------------------------------------------

  const highlights = globalThis.CSS?.highlights;
  const MOST_HIGHLIGHTED = 2000;
  const UNFOLDED_AT_MOST = 12;
  const unfolded = new Set();

  const textOf = (change) => (change.text ??= change.element.textContent.toLowerCase());
  const wordsOf = (query) => query.toLowerCase().split(/\s+/).filter(Boolean);

  const chosen = () => {
    const values = { action: new Set(), kind: new Set(), reason: new Set() };
    for (const box of all(".chip input:checked", form)) values[box.name].add(box.value);
    return values;
  };

  const passes = (change, values, except) => Object.entries(values).every(
    ([name, wanted]) => name === except || wanted.size === 0 || wanted.has(change.element.dataset[name])
  );

  const count = (values, found) => {
    for (const box of all(".chip input", form)) {
      const number = found.filter(
        (change) => change.element.dataset[box.name] === box.value && passes(change, values, box.name)
      ).length;
      box.parentElement.querySelector(".n").textContent = number;
    }
  };

  const highlight = (shown, words) => {
    if (!highlights) return;
    highlights.delete("found");
    if (!words.length) return;
    const ranges = [];
    for (const { element } of shown) {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node && ranges.length < MOST_HIGHLIGHTED; node = walker.nextNode()) {
        const text = node.data.toLowerCase();
        if (text.length !== node.data.length) continue;
        for (const word of words) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    highlights.set("found", new Highlight(...ranges));
  };

  // Few matches are unfolded, so that what was found can be seen, and folded again with the next search.
  const unfold = (shown, words) => {
    const wanted = words.length && shown.length <= UNFOLDED_AT_MOST ? shown.map(({ fold }) => fold) : [];
    for (const fold of unfolded) if (!wanted.includes(fold)) { fold.open = false; unfolded.delete(fold); }
    for (const fold of wanted) if (!fold.open) { fold.open = true; unfolded.add(fold); }
  };

  const narrow = () => {
    const words = wordsOf(search.value);
    const values = chosen();
    const found = words.length
      ? changes.filter((change) => words.every((word) => textOf(change).includes(word)))
      : changes;
    const shown = found.filter((change) => passes(change, values));
    const visible = new Set(shown);
    for (const change of changes) change.element.hidden = !visible.has(change);
    for (const group of all(".group")) {
      const number = all(".change:not([hidden])", group).length;
      const label = group.querySelector("[data-of]");
      group.hidden = number === 0;
      label.textContent = number < Number(label.dataset.of) ? `${number} of ${label.dataset.of}` : label.dataset.of;
    }
    const isNarrowed = Boolean(words.length || all(".chip input:checked", form).length);
    form.classList.toggle("narrowed", isNarrowed);
    byId("clear").hidden = !isNarrowed;
    byId("no-match").hidden = shown.length > 0;
    byId("matches").textContent = isNarrowed
      ? `${shown.length} of ${changes.length} changes`
      : `${changes.length} change${changes.length === 1 ? "" : "s"}`;
    count(values, found);
    unfold(shown, words);
    highlight(shown, words);
  };

  const clear = () => {
    search.value = "";
    for (const box of all(".chip input", form)) box.checked = false;
    narrow();
  };

  if (form) {
    const keys = byId("keys");
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("clear").addEventListener("click", () => { clear(); search.focus(); });
    search.addEventListener("input", narrow);
    for (const box of all(".chip input", form)) box.addEventListener("change", narrow);
    const foldAll = (open) => changes.forEach(({ element, fold }) => { if (!element.hidden) fold.open = open; });
    byId("expand").addEventListener("click", () => foldAll(true));
    byId("collapse").addEventListener("click", () => foldAll(false));
    narrow();

    // -- keys -----------------------------------------------------------------------------------------------

    const step = (by) => {
      const heads = changes.filter(({ element }) => !element.hidden).map(({ fold }) => fold.firstElementChild);
      const at = heads.findIndex((head) => head.parentElement.contains(document.activeElement));
      const next = at < 0 ? (by > 0 ? 0 : heads.length - 1) : at + by;
      heads[Math.min(Math.max(next, 0), heads.length - 1)]?.focus();
    };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target === search) { event.preventDefault(); clear(); return; }
      const isTyping = event.target.matches("input:not([type=checkbox]), textarea, select");
      if (!keys.checked || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
      else if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
    });
  }

  // -- links to a change ------------------------------------------------------------------------------------

  const follow = () => {
    const id = location.hash.slice(1);
    const target = byId(id) ?? byId((() => { try { return decodeURIComponent(id); } catch { return id; } })());
    if (!target?.classList.contains("change")) return;
    if (target.hidden) clear();
    target.querySelector("details").open = true;
    target.scrollIntoView({ block: "start" });
    target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  follow();

  // -- printing: everything unfolded, and folded again afterwards -------------------------------------------

  let printed = [];
  addEventListener("beforeprint", () => {
    printed = all("details:not([open])");
    for (const fold of printed) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of printed) fold.open = false;
    printed = [];
  });
})();
