// Runs before the page is drawn: hides what only readers without scripts need, and tells the server the time zone.
"use strict";
document.documentElement.classList.add("js");

// The server formats times, and knows "today", by this cookie. The first page of a browser is loaded again with it.
const root = document.documentElement;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
if (root.dataset.zone && root.dataset.zone !== zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=${root.dataset.base || "/"}; max-age=31536000; samesite=lax`;
  if (document.cookie.split("; ").includes(`zone=${zone}`)) location.reload();
}
