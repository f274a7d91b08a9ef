// What HTML and htmx cannot do alone: whole rows that open, a dialog that closes on its backdrop, copying, messages
// that go by themselves, the theme's button. Everything on the page works without this file, but less conveniently.
"use strict";

const detail = document.getElementById("detail");
const toasts = document.getElementById("toasts");
const offline = document.getElementById("offline");
const sign_in = "/sign-in";
let opener = null;

// A click on any part of a row is a click on its link; links, buttons and marking text stay what they are.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-opens]");
  if (!row || event.target.closest("a, button")) return;
  const marked = getSelection();
  if (!marked.isCollapsed && row.contains(marked.anchorNode)) return;
  row.querySelector("a").click();
});

// The address follows the filters at once: a reload finds what was chosen although its answer has not come yet. One
// word typed is one step of Back; the state is htmx's own, so that Back loads the page that the address names.
const filters = document.getElementById("filters");
let typing = false;
if (filters) {
  filters.addEventListener("change", () => { typing = false; });
  filters.addEventListener("input", (event) => {
    const chosen = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value.trim()));
    const step = typing ? "replaceState" : "pushState";
    typing = event.target.id === "q";
    history.replaceState({ htmx: true }, "", location.href);
    history[step]({ htmx: true }, "", chosen.size ? `/?${chosen}` : "/");
  });
}

// The dialog: opened when its content is there, closed by its button, Escape or a click outside (closedby does the
// latter two; the lines below are for browsers without it), and the focus goes back to where it came from.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === detail) opener = event.detail.elt.id;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== detail || detail.open) return;
  detail.showModal();
  detail.scrollTop = 0;
});
if (detail) {
  detail.addEventListener("click", (event) => {
    const box = detail.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === detail && !inside) detail.close();
    if (event.target.closest("[data-close]")) detail.close();
  });
  detail.addEventListener("close", () => {
    const link = opener && document.getElementById(opener);
    if (link) link.focus({ preventScroll: true });
  });
}

// Copying
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = await copy(button.dataset.copy, button);
  if (!done) return say("not-copied");
  button.classList.add("copied");
  announce(button.querySelector(".done").textContent);
  setTimeout(() => button.classList.remove("copied"), 2000);
});

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text, button);
  }
}

// Without https, or where the browser asks first and is refused. In a dialog the field must be in it: all else is inert.
function copyTheOldWay(text, button) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  (button.closest("dialog") || document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  return done;
}

function announce(text) {
  const region = (detail && detail.open && detail.querySelector("[data-announce]")) || document.getElementById("announcement");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

// Messages: each goes after its own number of seconds, unless somebody is reading it; failures stay until dismissed.
function say(name) {
  toasts.append(document.getElementById(`toast-${name}`).content.cloneNode(true));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(".toast").remove();
});
if (toasts) {
  new MutationObserver((changes) => {
    for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
      if (toast.dataset && toast.dataset.seconds) leave(toast, Number(toast.dataset.seconds) * 1000);
    }
  }).observe(toasts, { childList: true });
}
function leave(toast, wait) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? leave(toast, 2000) : toast.remove()), wait);
}

// The server: out of reach, or no longer knowing who we are.
document.addEventListener("htmx:sendError", (event) => {
  offline.hidden = false;
  if (event.detail.requestConfig.verb === "post" || event.detail.target === detail) say("offline");
});
document.addEventListener("htmx:beforeSwap", (event) => {
  offline.hidden = true;
  if (new URL(event.detail.xhr.responseURL || location.href).pathname === sign_in) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload();
  else if (event.detail.target === detail) say("not-loaded");
  else offline.hidden = event.detail.xhr.status < 500;
});

// Light or dark: what was chosen is kept in a cookie, so that the server draws the page in it at once.
const theme = document.getElementById("theme");
if (theme) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", (event) => {
    event.preventDefault();
    const chosen = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    document.cookie = `theme=${chosen}; path=/; max-age=31536000; samesite=lax`;
    show();
  });
  system.addEventListener("change", show);
  show();
}
