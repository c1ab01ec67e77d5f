/* A turn that was begun joins the page's one queue, once, whatever is drawn anew meanwhile. */
function ticket(trigger, props, watch) {
  let joined = 0;

  function join() {
    if (!props.value?.turn || props.value.turn === joined) return;
    joined = props.value.turn;
    trigger("submit", {});
  }

  watch(["value"], join);
  join();
}

ticket(trigger, unpacked(props), watch);
