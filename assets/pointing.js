/* What all views of a tab point at, kept on the tab: a view marks it without being drawn anew. */
function pointing(element, watch, mark) {
  const home = element.closest(".tk-zones");

  function follow() {
    if (!element.isConnected) home.removeEventListener("tk-pointed", follow);
    else if (home.dataset.pointed) mark(JSON.parse(home.dataset.pointed));
  }

  if (!home) return;
  home.addEventListener("tk-pointed", follow);
  watch(["value", "state"], follow);
  follow();
}
