// Runs before the page is drawn: hides what only readers without scripts need.
document.documentElement.classList.add("js");
