// What HTML and htmx alone cannot do: rows that open on a click, a dialog that closes on its backdrop, copying, toasts
// that disappear, and the theme button. The page also works without this file, but less conveniently.
"use strict";

const detail = document.getElementById("detail");
const main = document.getElementById("main");
const messages = document.getElementById("messages"); // part of the dialog while it is open: all else is inert then
const toasts = document.getElementById("toasts");
const offline = document.getElementById("offline");
const base = document.documentElement.dataset.base;
const signInPath = `${base}/sign-in`;
let openerId = null;

// A click on any part of a row is a click on its link, unless it hits a link or a button or ends a text selection.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-opens]");
  if (!row || event.target.closest("a, button, .pick-cell")) return;
  const selection = getSelection();
  if (!selection.isCollapsed && row.contains(selection.anchorNode)) return;
  row.querySelector("a").click();
});

// Filters change the address at once, so that a reload keeps them even if it comes before the server's response. Typing
// is one step of the browser's history. The state is htmx's own, so that Back loads the page of the address.
const filters = document.getElementById("filters");
let isTyping = false;
if (filters) {
  filters.addEventListener("change", () => { isTyping = false; });
  filters.addEventListener("input", (event) => {
    const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value.trim()));
    const update = isTyping ? "replaceState" : "pushState";
    isTyping = event.target.id === "q";
    history.replaceState({ htmx: true }, "", location.href);
    history[update]({ htmx: true }, "", `${base}/${query.size ? `?${query}` : ""}`);
  });
}

// The dialog opens once its content has arrived. Its button, Escape and a click outside close it (the attribute closedby
// does the latter two; the click handler below is for browsers without it). Then the focus returns to the opener.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === detail && event.detail.elt.id && !detail.open) openerId = event.detail.elt.id;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== detail) return;
  if (!detail.open) detail.showModal();
  if (event.detail.requestConfig.elt.matches("a")) detail.scrollTop = 0;
  detail.append(messages);
});
if (detail) {
  detail.addEventListener("click", (event) => {
    const box = detail.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === detail && !isInside) detail.close();
    if (event.target.closest("[data-close]")) detail.close();
  });
  detail.addEventListener("close", () => {
    main.append(messages);
    const opener = openerId && document.getElementById(openerId);
    if (opener) opener.focus({ preventScroll: true });
  });
}

// Keys: "/" goes to the search, "j" and "k" to the next and the previous row, Enter opens the row's link.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !filters || detail.open) return;
  if (event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("q").select();
  } else if (bar && event.key === "x") {
    const row = document.activeElement.closest(".lead, tr[data-opens]");
    if (row) row.querySelector(".pick").click();
  } else if (bar && event.key === "a") {
    const first = bar.querySelector("summary, button");
    if (first) first.focus();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".lead .company a, tr[data-opens] th a")];
    const current = links.findIndex((link) => link.closest("li, tr").contains(document.activeElement));
    const next = links[event.key === "j" ? current + 1 : Math.max(current - 1, 0)];
    if (next) next.focus();
  }
});

// Answers. The bar shows what can be done with the checked rows; a list that was loaded again keeps its checks, and a row
// that is gone is no longer selected.
const bar = document.getElementById("bar");
let picked = new Set();
function updateBar() {
  const before = picked;
  picked = new Set([...document.querySelectorAll(".pick:checked")].map((box) => box.value));
  if (picked.size !== before.size || [...picked].some((id) => !before.has(id))) htmx.trigger(bar, "pick");
}
function checkRows(isChecked) {
  for (const box of document.querySelectorAll(".pick")) box.checked = isChecked(box);
}
if (bar) {
  document.addEventListener("change", ({ target }) => {
    if (!target.matches(".pick")) return;
    checkRows((box) => (box.value === target.value ? target.checked : box.checked));
    updateBar();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "results") return;
    checkRows((box) => picked.has(box.value));
    updateBar();
  });
  bar.addEventListener("click", (event) => {
    if (!event.target.closest("[data-unpick]")) return;
    checkRows(() => false);
    picked.clear();
    htmx.trigger(bar, "pick");
  });
}

// News of earlier answers neither replace a form that is being filled in nor open the dialog again. Otherwise they are
// read out, and rows that were answered are no longer selected.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  const isNews = requestConfig.verb === "get" && !requestConfig.elt.matches("a, #bar");
  const isFormOpen = target.matches(".answers, #detail") && target.querySelector(".forms details[open]");
  if (isNews && (isFormOpen || (target === detail && !detail.open))) event.detail.shouldSwap = false;
  else if (event.detail.shouldSwap && target === detail) main.append(messages);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const { target, requestConfig, xhr } = event.detail;
  if (!target.matches(".answers")) return;
  if (target === bar && requestConfig.verb === "post" && xhr.status === 200) {
    checkRows(() => false);
    picked.clear();
  }
  const news = target.querySelector(".given p") || target.querySelector(".count");
  if (news) announce(news.textContent);
});

// Paper has room for more leads than the screen. They are part of the page, and shown while it is printed.
addEventListener("beforeprint", () => {
  const further = document.getElementById("further-leads");
  if (further) document.getElementById("lead-rows").append(further.content.cloneNode(true));
});
addEventListener("afterprint", () => {
  const further = document.getElementById("further-leads");
  if (further) for (const _ of further.content.children) document.getElementById("lead-rows").lastElementChild.remove();
});

// Copy buttons
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const isCopied = await copy(button.dataset.copy, button);
  if (!isCopied) return showToast("not-copied");
  button.classList.add("copied");
  announce(button.querySelector(".done").textContent);
  setTimeout(() => button.classList.remove("copied"), 2000);
});

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, button);
  }
}

// For pages without https and for readers who deny access to the clipboard. Within an open dialog the field must be part
// of it, because everything else is inert.
function copyBySelection(text, button) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  (button.closest("dialog") || document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  button.focus();
  return isCopied;
}

function announce(text) {
  const region = (detail && detail.open && detail.querySelector("[data-announce]")) || document.getElementById("announcement");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

// Toasts disappear after their data-seconds, unless the reader hovers over or focuses them; errors stay until dismissed.
function showToast(name) {
  toasts.append(document.getElementById(`toast-${name}`).content.cloneNode(true));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(".toast").remove();
});
if (toasts) {
  new MutationObserver((changes) => {
    for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
      if (toast.dataset && toast.dataset.seconds) removeAfter(toast, Number(toast.dataset.seconds) * 1000);
    }
  }).observe(toasts, { childList: true });
}
function removeAfter(toast, milliseconds) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? removeAfter(toast, 2000) : toast.remove()), milliseconds);
}

// Errors: the server cannot be reached, fails, or asks for a new sign-in.
document.addEventListener("htmx:sendError", (event) => {
  offline.hidden = false;
  if (event.detail.requestConfig.verb === "post" || event.detail.target === detail) showToast("offline");
});
document.addEventListener("htmx:beforeSwap", (event) => {
  offline.hidden = true;
  if (new URL(event.detail.xhr.responseURL || location.href).pathname === signInPath) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
  else if (event.detail.target === detail) showToast("not-loaded");
  else offline.hidden = event.detail.xhr.status < 500;
});

// The theme button stores the choice in a cookie, so that the server renders the next page in this theme.
const themeButton = document.getElementById("theme");
if (themeButton) {
  const systemTheme = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (systemTheme.matches ? "dark" : "light")) === "dark";
  const updateButton = () => themeButton.setAttribute("aria-pressed", String(isDark()));
  themeButton.addEventListener("click", (event) => {
    event.preventDefault();
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=${base || "/"}; max-age=31536000; samesite=lax`;
    updateButton();
  });
  systemTheme.addEventListener("change", updateButton);
  updateButton();
}
