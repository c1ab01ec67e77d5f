/* Comes after sentences.js: what a status does beyond telling. Of a turn that waits in the page's one queue, it tells how
   many are before it there. Gradio tells that in a progress text, which is hidden here: "queue: 3/7 |". Where that text
   is another one, the sentence stays as it came. */
function status(element, props, watch) {
  const root = element.querySelector(".tk-view");
  const tracker = element.closest(".block")?.querySelector("[data-testid=status-tracker]");

  function follow() {
    const sentence = root.querySelector(".tk-running");
    const found = /^\D*(\d+)\/\d+\s*\|/.exec(tracker?.textContent.trim() || "");
    if (!found || !sentence || !props.value?.waiting) return;
    const before = Number(found[1]); /* with the one whose turn it is */
    const words = before > 1 ? `Waiting: ${before} before you` : "Waiting: you are next";
    if (sentence.textContent !== words) sentence.textContent = words;
  }

  if (tracker) new MutationObserver(follow).observe(tracker, { childList: true, subtree: true, characterData: true });
  watch(["value", "state"], follow);
}

status(element, unpacked(props), watch);
