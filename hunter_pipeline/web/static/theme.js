// Before anything is drawn: the page has a script, so what only works without one goes.
document.documentElement.classList.add("js");
